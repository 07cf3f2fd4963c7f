package dev.waterspout.kernels.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;

/**
 * Compiles OpenCL C to a binary of the first device of the first platform, which that driver loads again: as aoc and
 * v++ do.
 */
public final class DriverBinary {
    private static final long ALL_DEVICES = 0xFFFFFFFFL;
    private static final int BUILD_LOG = 0x1183;
    private static final int BINARY_SIZES = 0x1165;
    private static final int BINARIES = 0x1166;

    private final SymbolLookup symbols;

    private DriverBinary(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /**
     * Compiles.
     *
     * @param source OpenCL C
     * @return the binary
     */
    @SuppressWarnings("restricted")
    public static byte[] compile(String source) {
        try (Arena arena = Arena.ofConfined()) {
            return new DriverBinary(SymbolLookup.libraryLookup("libOpenCL.so.1", Arena.global()))
                    .compile(source, arena);
        } catch (Throwable failure) {
            throw new IllegalStateException("no binary: " + failure.getMessage(), failure);
        }
    }

    private byte[] compile(String source, Arena arena) throws Throwable {
        MemorySegment platform = arena.allocate(ADDRESS);
        check("clGetPlatformIDs", call("clGetPlatformIDs", JAVA_INT, 1, platform, MemorySegment.NULL));
        MemorySegment device = arena.allocate(ADDRESS);
        check(
                "clGetDeviceIDs",
                call("clGetDeviceIDs", JAVA_INT, platform.get(ADDRESS, 0), ALL_DEVICES, 1, device, MemorySegment.NULL));
        MemorySegment error = arena.allocate(JAVA_INT);
        MemorySegment none = MemorySegment.NULL;
        Object context = call("clCreateContext", ADDRESS, none, 1, device, none, none, error);
        check("clCreateContext", error.get(JAVA_INT, 0));
        MemorySegment text = arena.allocateFrom(ADDRESS, arena.allocateFrom(source));
        Object program = call("clCreateProgramWithSource", ADDRESS, context, 1, text, none, error);
        check("clCreateProgramWithSource", error.get(JAVA_INT, 0));
        Object built = call("clBuildProgram", JAVA_INT, program, 1, device, arena.allocateFrom("-w"), none, none);
        if ((int) built != 0) {
            MemorySegment log = arena.allocate(1 << 16);
            call(
                    "clGetProgramBuildInfo",
                    JAVA_INT,
                    program,
                    device.get(ADDRESS, 0),
                    BUILD_LOG,
                    log.byteSize(),
                    log,
                    none);
            throw new IllegalStateException("error " + built + "\n" + log.getString(0));
        }
        MemorySegment size = arena.allocate(JAVA_LONG);
        check("clGetProgramInfo", call("clGetProgramInfo", JAVA_INT, program, BINARY_SIZES, 8L, size, none));
        MemorySegment binary = arena.allocate(size.get(JAVA_LONG, 0));
        MemorySegment pointer = arena.allocateFrom(ADDRESS, binary);
        check("clGetProgramInfo", call("clGetProgramInfo", JAVA_INT, program, BINARIES, 8L, pointer, none));
        return binary.toArray(JAVA_BYTE);
    }

    @SuppressWarnings("restricted")
    private Object call(String name, MemoryLayout result, Object... arguments) throws Throwable {
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = switch (arguments[i]) {
                case Integer number -> JAVA_INT;
                case Long number -> JAVA_LONG;
                default -> ADDRESS;
            };
        }
        return Linker.nativeLinker()
                .downcallHandle(symbols.find(name).orElseThrow(), FunctionDescriptor.of(result, layouts))
                .invokeWithArguments(arguments);
    }

    private static void check(String function, Object error) {
        if ((int) error != 0) {
            throw new IllegalStateException(function + " failed with OpenCL error " + error);
        }
    }
}

package dev.waterspout.kernels.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;

/**
 * The stand-in for the CUDA driver in {@code src/test/cuda}, if this process runs on it: {@code src/test/cuda/run}
 * starts such processes. The stand-in counts TornadoVM's calls of the driver.
 */
public final class CudaStandIn {
    private static final long MOST_TEXT = 1 << 16;

    private final SymbolLookup symbols;

    private CudaStandIn(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /** Returns the driver of this process, if it is the stand-in. */
    @SuppressWarnings("restricted")
    public static Optional<CudaStandIn> find() {
        try {
            SymbolLookup symbols = SymbolLookup.libraryLookup("libcuda.so.1", Arena.global());
            return symbols.find("standin_count").map(_ -> new CudaStandIn(symbols));
        } catch (IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    /**
     * Calls a function of the driver or of NVRTC.
     *
     * @param name of a function that returns an int
     * @param arguments integers, longs and segments
     * @return its result
     */
    public int call(String name, Object... arguments) {
        return (int) call(JAVA_INT, name, arguments);
    }

    /**
     * Returns a count since the start of the process.
     *
     * @param what name of the count, such as {@code launches}, {@code graph launches}, {@code host to device},
     *     {@code waits}
     */
    public long count(String what) {
        try (Arena arena = Arena.ofConfined()) {
            long counted = (long) call(JAVA_LONG, "standin_count", arena.allocateFrom(what));
            if (counted < 0) {
                throw new IllegalArgumentException("the stand-in does not count '" + what + "'");
            }
            return counted;
        }
    }

    /** Says whether errors are expected from now on. Others make {@code src/test/cuda/run} fail. */
    public void expectErrors(boolean expected) {
        call("standin_expect_errors", expected ? 1 : 0);
    }

    /** Returns the last error that the stand-in has found, or an empty text. */
    @SuppressWarnings("restricted")
    public String lastError() {
        MemorySegment text = (MemorySegment) call(ADDRESS, "standin_last_error");
        return text.reinterpret(MOST_TEXT).getString(0);
    }

    /**
     * Returns what a compiler for GPUs said about a source that was compiled: registers and spills. Empty where none is
     * set, which {@code CUDA_STANDIN_SM90=1} does.
     */
    @SuppressWarnings("restricted")
    public String judgement(String source) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = (MemorySegment) call(ADDRESS, "standin_judgement", arena.allocateFrom(source));
            return text.reinterpret(MOST_TEXT).getString(0);
        }
    }

    @SuppressWarnings("restricted")
    private Object call(MemoryLayout result, String name, Object... arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = switch (arguments[i]) {
                case Integer _ -> JAVA_INT;
                case Long _ -> JAVA_LONG;
                default -> ADDRESS;
            };
        }
        try {
            return Linker.nativeLinker()
                    .downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(result, layouts))
                    .invokeWithArguments(arguments);
        } catch (Throwable failure) {
            throw new IllegalStateException(name + " cannot be called: " + failure.getMessage(), failure);
        }
    }
}

package dev.waterspout.engine.environment;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Keeps libraries from writing to this process's standard output, whose text is the program's result. TornadoVM's
 * native code writes there when a driver has no platform or device.
 */
public final class NativeOutput {
    private static final int STDOUT = 1;
    private static final int ANYONE = 0666;

    private NativeOutput() {}

    /**
     * Runs an action while everything that is written to standard output, by any thread, is dropped. Where the system
     * lacks the calls for that, the action runs as it is.
     *
     * @param action what to run
     * @return its result
     */
    public static <T> T dropped(Supplier<T> action) {
        Optional<MethodHandle> creat = function("creat", ADDRESS, JAVA_INT);
        Optional<MethodHandle> dup = function("dup", JAVA_INT);
        Optional<MethodHandle> dup2 = function("dup2", JAVA_INT, JAVA_INT);
        Optional<MethodHandle> close = function("close", JAVA_INT);
        if (creat.isEmpty() || dup.isEmpty() || dup2.isEmpty() || close.isEmpty()) {
            return action.get();
        }
        System.out.flush();
        int kept = call(dup.get(), STDOUT);
        int nowhere = create(creat.get(), "/dev/null");
        if (kept >= 0 && nowhere >= 0) {
            var _ = call(dup2.get(), nowhere, STDOUT);
        }
        try {
            return action.get();
        } finally {
            if (kept >= 0 && nowhere >= 0) {
                var _ = call(dup2.get(), kept, STDOUT);
            }
            for (int opened : new int[] {kept, nowhere}) {
                if (opened >= 0) {
                    var _ = call(close.get(), opened);
                }
            }
        }
    }

    @SuppressWarnings("restricted") // the types are those of the functions' manual pages
    private static Optional<MethodHandle> function(String name, MemoryLayout... parameters) {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find(name)
                .map(address -> linker.downcallHandle(address, FunctionDescriptor.of(JAVA_INT, parameters)));
    }

    private static int create(MethodHandle creat, String path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            return (int) creat.invokeExact(name, ANYONE);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }

    private static int call(MethodHandle function, Object... arguments) {
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }
}

package dev.waterspout.engine.environment;

import dev.waterspout.kernels.machine.CFunction;
import java.lang.foreign.Arena;
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
        Optional<CFunction> creat = CFunction.named("creat");
        Optional<CFunction> dup = CFunction.named("dup");
        Optional<CFunction> dup2 = CFunction.named("dup2");
        Optional<CFunction> close = CFunction.named("close");
        if (creat.isEmpty() || dup.isEmpty() || dup2.isEmpty() || close.isEmpty()) {
            return action.get();
        }
        System.out.flush();
        int kept = (int) dup.get().call(STDOUT);
        int nowhere = create(creat.get(), "/dev/null");
        if (kept >= 0 && nowhere >= 0) {
            var _ = dup2.get().call(nowhere, STDOUT);
        }
        try {
            return action.get();
        } finally {
            if (kept >= 0 && nowhere >= 0) {
                var _ = dup2.get().call(kept, STDOUT);
            }
            for (int opened : new int[] {kept, nowhere}) {
                if (opened >= 0) {
                    var _ = close.get().call(opened);
                }
            }
        }
    }

    private static int create(CFunction creat, String path) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) creat.call(arena.allocateFrom(path).address(), ANYONE);
        }
    }
}

package dev.waterspout.interconnect.mpi;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The signals that a launcher sends to all ranks when one has failed: the JVM would end at once, with another exit code
 * and without a word. By reflection, since the compiler warns of {@code sun.misc.Signal} and cannot be told not to.
 */
final class LauncherSignals {
    /** What handled each signal before. */
    private final Map<String, Object> previous = new LinkedHashMap<>();

    /**
     * Takes signals over, where this JVM allows it.
     *
     * @param names names of terminals, as in TERM
     * @param handler called on a thread of its own
     */
    LauncherSignals(List<String> names, Runnable handler) {
        for (String name : names) {
            try {
                MethodHandle run = MethodHandles.publicLookup()
                        .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                        .bindTo(handler);
                Object proxy = MethodHandleProxies.asInterfaceInstance(
                        Class.forName("sun.misc.SignalHandler"),
                        MethodHandles.dropArguments(run, 0, Class.forName("sun.misc.Signal")));
                previous.put(name, handle(name, proxy));
            } catch (ReflectiveOperationException | IllegalArgumentException refused) {
                // Under -Xrs, for example: the signal keeps its effect.
            }
        }
    }

    private static Object handle(String name, Object handler) throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Signal");
        Object signal = type.getConstructor(String.class).newInstance(name);
        return type.getMethod("handle", type, Class.forName("sun.misc.SignalHandler"))
                .invoke(null, signal, handler);
    }

    /** Gives the signals back. */
    void release() {
        previous.forEach((name, handler) -> {
            try {
                handle(name, handler);
            } catch (ReflectiveOperationException impossible) {
                throw new IllegalStateException(impossible);
            }
        });
    }
}

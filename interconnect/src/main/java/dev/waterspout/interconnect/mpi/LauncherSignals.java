package dev.waterspout.interconnect.mpi;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Handles the signals that a launcher sends to all ranks when one has failed. Otherwise the JVM would end at once,
 * with another exit code and without a message. Uses reflection, because the compiler's warning about
 * {@code sun.misc.Signal} cannot be suppressed.
 */
final class LauncherSignals {
    /** The previous handler of each signal. */
    private final Map<String, Object> previous = new LinkedHashMap<>();

    /**
     * Installs the handler, if this JVM allows it.
     *
     * @param names names of the signals without SIG, such as TERM
     * @param handler called on a separate thread
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
                // The JVM refuses, for example under -Xrs; the signal keeps its default effect.
            }
        }
    }

    private static Object handle(String name, Object handler) throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Signal");
        Object signal = type.getConstructor(String.class).newInstance(name);
        return type.getMethod("handle", type, Class.forName("sun.misc.SignalHandler"))
                .invoke(null, signal, handler);
    }

    /** Restores the previous handlers. */
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

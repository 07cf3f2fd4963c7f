package dev.waterspout.interconnect.mpi;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * SIGTERM, which a launcher sends to all ranks when one has failed: the JVM would end with exit code 143 and no word. By
 * reflection, since the compiler warns of {@code sun.misc.Signal} and cannot be told not to.
 */
final class TerminationSignal implements AutoCloseable {
    private final Class<?> signalType;
    private final Class<?> handlerType;
    private final Object signal;
    private final Object previous;

    private TerminationSignal(Runnable handler) throws ReflectiveOperationException {
        signalType = Class.forName("sun.misc.Signal");
        handlerType = Class.forName("sun.misc.SignalHandler");
        signal = signalType.getConstructor(String.class).newInstance("TERM");
        MethodHandle run = MethodHandles.publicLookup()
                .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                .bindTo(handler);
        previous = handle(
                MethodHandleProxies.asInterfaceInstance(handlerType, MethodHandles.dropArguments(run, 0, signalType)));
    }

    /**
     * Takes the signal over, where this JVM allows it.
     *
     * @param handler called on a thread of its own
     * @return gives the signal back when it is closed
     */
    static AutoCloseable install(Runnable handler) {
        try {
            return new TerminationSignal(handler);
        } catch (ReflectiveOperationException | IllegalArgumentException refused) { // under -Xrs, for example
            return () -> {};
        }
    }

    private Object handle(Object handler) throws ReflectiveOperationException {
        return signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
    }

    @Override
    public void close() throws ReflectiveOperationException {
        handle(previous);
    }
}

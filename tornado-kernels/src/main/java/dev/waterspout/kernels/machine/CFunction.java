package dev.waterspout.kernels.machine;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A function of the C library whose parameters are up to six integers or addresses, none of them variadic, and that
 * returns within microseconds. All are called through one function type of six 64-bit numbers, and so is emitted code,
 * because the JVM generates classes for every type, which takes longer than the call's work. The calling conventions of
 * 64-bit systems pass such parameters in registers, or on a stack that the caller cleans, so a function ignores what it
 * has no parameter for.
 */
public final class CFunction {
    private static final int PARAMETERS = 6;

    /**
     * Calls a function of six numbers, or null if the JVM denies native access. The JVM waits at a safepoint for a
     * function that runs.
     */
    private static final @Nullable MethodHandle CALL = link();

    private final MemorySegment address;

    private CFunction(MemorySegment address) {
        this.address = address;
    }

    @SuppressWarnings("restricted") // the type fits every function that this class describes
    private static @Nullable MethodHandle link() {
        ValueLayout.OfLong[] parameters = new ValueLayout.OfLong[PARAMETERS];
        Arrays.fill(parameters, ValueLayout.JAVA_LONG);
        try {
            FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_LONG, parameters);
            return Linker.nativeLinker().downcallHandle(type, Linker.Option.critical(false));
        } catch (IllegalCallerException | UnsupportedOperationException denied) {
            return null;
        }
    }

    /** {@return whether the JVM allows calls} */
    static boolean isAllowed() {
        return CALL != null;
    }

    /**
     * Returns a function, or nothing if the C library does not have it.
     *
     * @param name its name
     * @throws IllegalCallerException if the JVM denies native access
     */
    public static Optional<CFunction> named(String name) {
        if (!isAllowed()) {
            throw new IllegalCallerException("the JVM allows no native access (--enable-native-access)");
        }
        return Linker.nativeLinker().defaultLookup().find(name).map(CFunction::new);
    }

    /**
     * Calls the function.
     *
     * @param arguments at most six integers or addresses
     * @return the result. Of an {@code int} only the low 32 bits are defined, of {@code void} none
     */
    public long call(long... arguments) {
        long[] all = Arrays.copyOf(arguments, PARAMETERS);
        return call(address, all[0], all[1], all[2], all[3], all[4], all[5]);
    }

    /** Calls a function at an address with six numbers. */
    static long call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) Objects.requireNonNull(CALL).invokeExact(function, a, b, c, d, e, f);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new IllegalStateException("a native function threw", thrown);
        }
    }
}

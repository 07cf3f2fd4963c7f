package dev.waterspout.kernels.machine;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Optional;

/**
 * A function of the C library whose parameters are up to six integers or addresses, none of them variadic. All are
 * called through one function type of six 64-bit numbers, because the JVM generates classes for every type, which takes
 * longer than the call's work. The calling conventions of 64-bit systems pass such parameters in registers, or on a
 * stack that the caller cleans, so a function ignores what it has no parameter for.
 */
public final class CFunction {
    private static final int PARAMETERS = 6;

    /** The function type of {@link #call}. */
    private static final FunctionDescriptor TYPE = FunctionDescriptor.of(ValueLayout.JAVA_LONG, parameters());

    @SuppressWarnings("restricted") // the type fits every function that this class describes
    private static final MethodHandle CALL = Linker.nativeLinker().downcallHandle(TYPE);

    private final MemorySegment address;

    private CFunction(MemorySegment address) {
        this.address = address;
    }

    /** Returns six 64-bit numbers, as layouts. */
    static ValueLayout.OfLong[] parameters() {
        ValueLayout.OfLong[] parameters = new ValueLayout.OfLong[PARAMETERS];
        Arrays.fill(parameters, ValueLayout.JAVA_LONG);
        return parameters;
    }

    /**
     * Returns a function, or nothing if the C library does not have it.
     *
     * @param name its name
     * @throws IllegalCallerException if the JVM denies native access
     */
    @SuppressWarnings("restricted")
    public static Optional<CFunction> named(String name) {
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
        try {
            return (long) CALL.invokeExact(address, all[0], all[1], all[2], all[3], all[4], all[5]);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }
}

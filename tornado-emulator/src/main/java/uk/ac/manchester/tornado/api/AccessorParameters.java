package uk.ac.manchester.tornado.api;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.Access;

/** The arguments of a kernel that is not Java, in order, and the access of the kernel to each. */
public class AccessorParameters {
    private final @Nullable PairAccessor[] accessors;

    /** A number of arguments, none of them set. */
    public AccessorParameters(int numParameters) {
        accessors = new PairAccessor[numParameters];
    }

    /** Sets one argument. */
    public void set(int index, Object object, Access access) {
        accessors[index] = new PairAccessor(object, access);
    }

    /** The number of arguments. */
    public int numAccessors() {
        return accessors.length;
    }

    /**
     * An argument.
     *
     * @param object an array, a number or a kernel context
     * @param access whether the kernel reads the array, writes it, or both
     */
    public record PairAccessor(Object object, Access access) {}
}

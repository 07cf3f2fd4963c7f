package dev.waterspout.kernels.device;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Checks of the arrays of a graph's tasks. */
final class ArrayChecks {
    private ArrayChecks() {}

    static void requireSize(String name, TornadoNativeArray array, long needed) {
        if (array.getSize() < needed) {
            throw new IllegalArgumentException(
                    name + " has " + array.getSize() + " elements, the graph's largest chunk takes " + needed);
        }
    }

    /**
     * Checks that two operands are different arrays. TornadoVM's compiler does not terminate if a kernel writes one
     * operand and both are the same array.
     */
    @SuppressWarnings("ReferenceEquality") // The runtime identifies arrays by reference.
    static void requireDistinct(String task, String first, Object a, String second, Object b) {
        if (a == b) {
            throw new IllegalArgumentException(
                    "task " + task + " has one array as " + first + " and " + second + ": they must be two");
        }
    }

    /** Checks the arrays of a product whose outputs are as many as each of the parts of the matrix has rows. */
    static void requireProduct(
            int maxRows, DeviceWeights w, @Nullable FloatArray bias, FloatArray x, FloatArray y, int parts) {
        requireSize("x", x, (long) maxRows * w.columns());
        requireSize("y", y, (long) maxRows * (w.rows() / parts));
        if (bias != null) {
            int layers = w.layers().isEmpty() ? 1 : 1 + w.layers().getLast();
            requireSize("bias", bias, (long) layers * w.rows());
        }
    }

    static void requireHeads(DeviceCache cache, int heads) {
        if (heads < 1 || heads % cache.kvHeads() != 0) {
            throw new IllegalArgumentException("heads=" + heads + ": must be a multiple of kvHeads=" + cache.kvHeads());
        }
    }
}

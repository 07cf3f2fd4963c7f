package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Size of a product for tests, and its function.
 *
 * @param outputs outputs of a token
 * @param columns columns of the matrix
 * @param rows tokens
 * @param function function of the outputs, or null
 */
record Product(int outputs, int columns, int rows, @Nullable GateFunction function) {
    /** {@return the number of parts of the matrix, with {@code outputs} rows each} */
    int parts() {
        return function != null && function.isGated() ? 2 : 1;
    }

    /** Adds the product to a graph. */
    void add(KernelGraph graph, DeviceWeights weights, @Nullable FloatArray bias, FloatArray x, FloatArray y) {
        if (function == null) {
            graph.linear("product", weights, bias, x, y);
        } else {
            graph.gatedLinear("product", weights, bias, function, x, y);
        }
    }

    /** {@return the outputs of the host's scalar kernels for the first {@code count} tokens} */
    FloatArray expected(DeviceWeights weights, int layer, FloatArray x, int count, @Nullable FloatArray bias) {
        int width = weights.rows();
        FloatArray made = Operands.zeros(count * width);
        HostKernels host = HostKernels.scalar();
        host.linear(
                Operands.matrix(weights, layer), x.getSegment(), count, made.getSegment(), 0, width, new HostScratch());
        if (bias != null) {
            long bytes = (long) width * Float.BYTES;
            host.addBias(made.getSegment(), bias.getSegment().asSlice(layer * bytes, bytes), width, 0, count);
        }
        if (function == null) {
            return made;
        }
        FloatArray gate = Operands.zeros(count * outputs);
        FloatArray up = Operands.zeros(count * outputs);
        for (int i = 0; i < gate.getSize(); i++) {
            int at = i / outputs * width + i % outputs;
            gate.set(i, made.get(at));
            up.set(i, made.get(at + width - outputs));
        }
        host.gate(function, gate.getSegment(), up.getSegment(), 0, gate.getSize());
        return gate;
    }
}

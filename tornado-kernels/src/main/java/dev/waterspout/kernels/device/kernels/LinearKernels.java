package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product {@code y[b][r] = sum over c of w[layer][r][c] * x[b][c] + bias[layer][r]} with one work-item per output
 * row, for CPUs. A work-item processes all tokens of the chunk, so that its row of weights stays in the cache. Element
 * {@code startIndex} of {@code step} is the element of {@code w} at which the layer's matrix begins.
 * {@code biasStride} is the number of elements of {@code bias} from one layer to the next, 0 for no bias.
 *
 * <p>An activation function of {@link GateKernels} may follow. One of two operands has a matrix of two parts of
 * {@code rows} rows, one below the other: {@code p} the product, {@code y[b][r] = function(p[b][r], p[b][rows + r])}.
 * A work-item then computes the rows of both parts.
 *
 * <p>With eight independent sums a CPU's compiler can use vector instructions without changing the order of additions.
 */
public final class LinearKernels {
    private LinearKernels() {}

    /** Weights of f32. */
    public static void linearFloats(
            KernelContext context,
            IntArray step,
            FloatArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int function) {
        int row = context.globalIdx;
        if (row < rows) {
            int layer = step.get(Step.LAYER);
            int tokens = step.get(Step.ROWS);
            int parts = GateKernels.parts(function, tokens);
            for (int token = 0; token < tokens; token++) {
                int source = token * columns;
                float gate = 0f;
                float value = 0f;
                for (int part = 0; part < parts; part++) {
                    int partRow = part * rows + row;
                    int start = step.get(startIndex) + partRow * columns;
                    float s0 = 0f;
                    float s1 = 0f;
                    float s2 = 0f;
                    float s3 = 0f;
                    float s4 = 0f;
                    float s5 = 0f;
                    float s6 = 0f;
                    float s7 = 0f;
                    int c = 0;
                    for (; c + 8 <= columns; c += 8) {
                        s0 += w.get(start + c) * x.get(source + c);
                        s1 += w.get(start + c + 1) * x.get(source + c + 1);
                        s2 += w.get(start + c + 2) * x.get(source + c + 2);
                        s3 += w.get(start + c + 3) * x.get(source + c + 3);
                        s4 += w.get(start + c + 4) * x.get(source + c + 4);
                        s5 += w.get(start + c + 5) * x.get(source + c + 5);
                        s6 += w.get(start + c + 6) * x.get(source + c + 6);
                        s7 += w.get(start + c + 7) * x.get(source + c + 7);
                    }
                    for (; c < columns; c++) {
                        s0 += w.get(start + c) * x.get(source + c);
                    }
                    float sum = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
                    if (biasStride > 0) {
                        sum += bias.get(layer * biasStride + partRow);
                    }
                    gate = value;
                    value = sum;
                }
                y.set(token * rows + row, GateKernels.activated(gate, value, function));
            }
        }
    }
}

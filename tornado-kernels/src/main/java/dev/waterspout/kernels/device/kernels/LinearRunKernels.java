package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import dev.waterspout.kernels.weights.WeightFormat;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} with one work-item per output row. A work-item decodes each block of its row
 * once for a run of tokens. For chunks on CPUs, where decoding takes longer than multiplying.
 */
public final class LinearRunKernels {
    /** Largest number of tokens of a run. */
    public static final int MOST_TOKENS = 16;

    /** Columns that are decoded at a time: the block size of the simple formats. */
    private static final int PIECE = 32;

    private LinearRunKernels() {}

    /**
     * Weights of any format of {@link WeightFormat} but f32, raw GGUF bytes. {@code rowBytes} is the size of one row,
     * {@code perItem} the tokens of a run.
     */
    public static void runBytes(
            KernelContext context,
            IntArray step,
            ByteArray w,
            FloatArray powers,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int rowBytes,
            int startIndex,
            int biasStride,
            int function,
            int format,
            int perItem) {
        float[] piece = new float[PIECE];
        float[] sums = new float[MOST_TOKENS];
        float[] gates = new float[MOST_TOKENS];
        int row = context.globalIdx;
        if (row < rows) {
            int layer = step.get(Step.LAYER);
            int tokens = step.get(Step.ROWS);
            int parts = GateKernels.parts(function, tokens);
            for (int run = 0; run < tokens; run += perItem) {
                int count = TornadoMath.min(perItem, tokens - run);
                for (int part = 0; part < parts; part++) {
                    int partRow = part * rows + row;
                    int start = step.get(startIndex) + partRow * rowBytes;
                    float offset = 0f;
                    if (biasStride > 0) {
                        offset = bias.get(layer * biasStride + partRow);
                    }
                    for (int t = 0; t < MOST_TOKENS; t++) {
                        gates[t] = sums[t];
                        sums[t] = offset;
                    }
                    for (int first = 0; first < columns; first += PIECE) {
                        int width = TornadoMath.min(PIECE, columns - first);
                        if (format == WeightBytes.Q8_0 || format == WeightBytes.Q4_0) {
                            int blockBytes = format == WeightBytes.Q8_0
                                    ? WeightBytes.Q8_0_BLOCK_BYTES
                                    : WeightBytes.Q4_0_BLOCK_BYTES;
                            int at = start + (first >> 5) * blockBytes;
                            float scale = WeightBytes.halfAt(w, powers, at);
                            for (int i = 0; i < PIECE; i++) {
                                piece[i] = WeightBytes.quant(w, at, i, format) * scale;
                            }
                        } else {
                            for (int i = 0; i < width; i++) {
                                piece[i] = WeightFormat.weightAt(w, powers, start, first + i, format);
                            }
                        }
                        for (int t = 0; t < count; t++) {
                            int source = (run + t) * columns + first;
                            float s0 = 0f;
                            float s1 = 0f;
                            float s2 = 0f;
                            float s3 = 0f;
                            float s4 = 0f;
                            float s5 = 0f;
                            float s6 = 0f;
                            float s7 = 0f;
                            int c = 0;
                            for (; c + 8 <= width; c += 8) {
                                s0 += piece[c] * x.get(source + c);
                                s1 += piece[c + 1] * x.get(source + c + 1);
                                s2 += piece[c + 2] * x.get(source + c + 2);
                                s3 += piece[c + 3] * x.get(source + c + 3);
                                s4 += piece[c + 4] * x.get(source + c + 4);
                                s5 += piece[c + 5] * x.get(source + c + 5);
                                s6 += piece[c + 6] * x.get(source + c + 6);
                                s7 += piece[c + 7] * x.get(source + c + 7);
                            }
                            for (; c < width; c++) {
                                s0 += piece[c] * x.get(source + c);
                            }
                            sums[t] += ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
                        }
                    }
                }
                for (int t = 0; t < count; t++) {
                    y.set((run + t) * rows + row, GateKernels.activated(gates[t], sums[t], function));
                }
            }
        }
    }
}

package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} with one work-item per patch of outputs: {@link #ROWS} rows by a run of tokens.
 * Inputs and weights are copied to private arrays block by block, and each is used several times. A CPU's compiler
 * vectorizes loops over private arrays. It does not vectorize loops over global arrays, whose addresses TornadoVM
 * computes as integers.
 */
public final class LinearPatchKernels {
    /** Output rows of a patch. */
    public static final int ROWS = 8;

    /** Largest number of tokens of a patch. */
    public static final int MOST_TOKENS = 16;

    /** Columns that are copied at a time: one block. */
    private static final int PIECE = 32;

    private LinearPatchKernels() {}

    /**
     * Weights of Q8_0 or Q4_0, raw GGUF blocks: x is the patch. {@code rowBytes} is the size of one row,
     * {@code perItem} the tokens of a patch.
     */
    public static void patchBlocks(
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
            int rowsIndex,
            int format,
            int perItem) {
        float[] inputs = new float[MOST_TOKENS * PIECE];
        float[] piece = new float[PIECE];
        float[] sums = new float[ROWS * MOST_TOKENS];
        int firstRow = context.globalIdx * ROWS;
        if (firstRow < rows) {
            int layer = step.get(Step.LAYER);
            int start = step.get(startIndex);
            int tokens = step.get(rowsIndex);
            int blockBytes = format == WeightBytes.Q8_0 ? WeightBytes.Q8_0_BLOCK_BYTES : WeightBytes.Q4_0_BLOCK_BYTES;
            for (int run = 0; run < tokens; run += perItem) {
                int count = TornadoMath.min(perItem, tokens - run);
                for (int i = 0; i < ROWS * MOST_TOKENS; i++) {
                    sums[i] = 0f;
                }
                for (int first = 0; first < columns; first += PIECE) {
                    for (int t = 0; t < count; t++) {
                        int source = (run + t) * columns + first;
                        for (int i = 0; i < PIECE; i++) {
                            inputs[t * PIECE + i] = x.get(source + i);
                        }
                    }
                    for (int r = 0; r < ROWS; r++) {
                        // Rows after the last one repeat it. A guard instead, which is always true for the first row,
                        // makes TornadoVM's compilation fail.
                        int row = TornadoMath.min(firstRow + r, rows - 1);
                        int at = start + row * rowBytes + (first >> 5) * blockBytes;
                        float scale = WeightBytes.halfAt(w, powers, at);
                        for (int i = 0; i < PIECE; i++) {
                            piece[i] = WeightBytes.quant(w, at, i, format) * scale;
                        }
                        for (int t = 0; t < count; t++) {
                            float s0 = 0f;
                            float s1 = 0f;
                            float s2 = 0f;
                            float s3 = 0f;
                            float s4 = 0f;
                            float s5 = 0f;
                            float s6 = 0f;
                            float s7 = 0f;
                            for (int c = 0; c < PIECE; c += 8) {
                                int from = t * PIECE + c;
                                s0 += piece[c] * inputs[from];
                                s1 += piece[c + 1] * inputs[from + 1];
                                s2 += piece[c + 2] * inputs[from + 2];
                                s3 += piece[c + 3] * inputs[from + 3];
                                s4 += piece[c + 4] * inputs[from + 4];
                                s5 += piece[c + 5] * inputs[from + 5];
                                s6 += piece[c + 6] * inputs[from + 6];
                                s7 += piece[c + 7] * inputs[from + 7];
                            }
                            sums[r * MOST_TOKENS + t] += ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
                        }
                    }
                }
                for (int r = 0; r < ROWS; r++) {
                    int row = TornadoMath.min(firstRow + r, rows - 1);
                    float offset = 0f;
                    if (biasStride > 0) {
                        offset = bias.get(layer * biasStride + row);
                    }
                    for (int t = 0; t < count; t++) {
                        y.set((run + t) * rows + row, sums[r * MOST_TOKENS + t] + offset);
                    }
                }
            }
        }
    }
}

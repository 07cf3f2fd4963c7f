package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A mixture of experts (Shazeer and others, arXiv 1701.06538), one token at a time: only the weights of the token's
 * experts are read.
 *
 * <pre>
 *   chosen:  index    0         1 to used      used + 1 to 2 x used   ...
 *                 +--------+----------------+------------------------+-
 *                 |  used  | those of row 0 |     those of row 1     | ...
 *                 +--------+----------------+------------------------+-
 * </pre>
 *
 * Chosen experts are counted from the first one that the rank has; those of other ranks are -1. Weights of experts lie
 * one behind the other in each layer's matrix.
 */
public final class ExpertKernels {
    /** Weights are the softmax over all experts. */
    public static final int SOFTMAX = 0;
    /** Weights are the sigmoid of each. */
    public static final int SIGMOID = 1;
    /** Weights are the softmax over the chosen experts. */
    public static final int SOFTMAX_OF_CHOSEN = 2;

    /** Items of a group of the products by group, a power of two. */
    public static final int ITEMS = 64;

    /** Below every score: that of an expert that may not be chosen. */
    private static final float LOWEST = -3e38f;

    /** Lower limit of the sum that weights are divided by: the smallest normal half. */
    private static final float LEAST_SUM = 6.1035156e-5f;

    private ExpertKernels() {}

    /**
     * Chooses the experts of one token per item, the lower number where two are equal: x is 0, y the row.
     *
     * @param logits logits of the router, [rows][experts], which become scores
     * @param bias added while experts are chosen, [layers][experts]; not read where {@code biasStride} is 0
     * @param chosen see above
     * @param weights [rows][used]
     * @param groups groups of neighbouring experts
     * @param usedGroups groups that experts are chosen from
     * @param normalized 1 where weights are divided by their sum
     * @param first expert that the rank has
     * @param own how many it has
     */
    public static void routeTokens(
            KernelContext context,
            IntArray step,
            FloatArray logits,
            FloatArray bias,
            IntArray chosen,
            FloatArray weights,
            int experts,
            int groups,
            int usedGroups,
            int gating,
            int normalized,
            float scale,
            int biasStride,
            int first,
            int own) {
        int row = context.globalIdy;
        if (context.globalIdx == 0 && row < step.get(Step.ROWS)) {
            int used = chosen.get(0);
            int scores = row * experts;
            int places = 1 + row * used;
            int at = row * used;
            if (gating == SOFTMAX) {
                softmax(logits, scores, experts);
            }
            if (gating == SIGMOID) {
                for (int i = 0; i < experts; i++) {
                    logits.set(scores + i, sigmoid(logits.get(scores + i)));
                }
            }
            int biases = step.get(Step.LAYER) * biasStride;
            if (usedGroups < groups) {
                dropGroups(logits, scores, experts / groups, bias, biases, biasStride, groups, usedGroups);
            }
            for (int slot = 0; slot < used; slot++) {
                int best = -1;
                float bestScore = 0f;
                for (int expert = 0; expert < experts; expert++) {
                    int taken = 0;
                    for (int before = 0; before < slot; before++) {
                        if (chosen.get(places + before) == expert) {
                            taken = 1;
                        }
                    }
                    float score = logits.get(scores + expert);
                    if (biasStride > 0) {
                        score += bias.get(biases + expert);
                    }
                    if (taken == 0 && (best < 0 || score > bestScore)) {
                        best = expert;
                        bestScore = score;
                    }
                }
                chosen.set(places + slot, best);
                weights.set(at + slot, logits.get(scores + best));
            }
            if (gating == SOFTMAX_OF_CHOSEN) {
                softmax(weights, at, used);
            }
            float factor = scale;
            if (normalized == 1) {
                float sum = 0f;
                for (int slot = 0; slot < used; slot++) {
                    sum += weights.get(at + slot);
                }
                factor = scale / TornadoMath.max(sum, LEAST_SUM);
            }
            for (int slot = 0; slot < used; slot++) {
                weights.set(at + slot, weights.get(at + slot) * factor);
                int mine = chosen.get(places + slot) - first;
                if (mine < 0 || mine > own - 1) {
                    mine = -1;
                }
                chosen.set(places + slot, mine);
            }
        }
    }

    /**
     * Gives the lowest score to the experts of all groups but those whose two best experts have the largest sum, the
     * lower number where two are equal. A group whose experts have the lowest score already is worse than every other.
     */
    private static void dropGroups(
            FloatArray logits,
            int scores,
            int size,
            FloatArray bias,
            int biases,
            int biasStride,
            int groups,
            int usedGroups) {
        for (int group = 0; group < groups; group++) {
            float own = bestTwo(logits, scores + group * size, size, bias, biases + group * size, biasStride);
            int better = 0;
            for (int other = 0; other < groups; other++) {
                float sum = bestTwo(logits, scores + other * size, size, bias, biases + other * size, biasStride);
                if (sum > own || (sum == own && other < group)) {
                    better++;
                }
            }
            if (better > usedGroups - 1) {
                for (int i = 0; i < size; i++) {
                    logits.set(scores + group * size + i, LOWEST);
                }
            }
        }
    }

    /** Returns the sum of the two best of some experts, or the only one's score. */
    private static float bestTwo(FloatArray logits, int scores, int size, FloatArray bias, int biases, int biasStride) {
        float best = LOWEST;
        float second = LOWEST;
        for (int i = 0; i < size; i++) {
            float score = logits.get(scores + i);
            if (biasStride > 0) {
                score += bias.get(biases + i);
            }
            if (score > best) {
                second = best;
                best = score;
            } else if (score > second) {
                second = score;
            }
        }
        return size == 1 ? best : best + second;
    }

    private static void softmax(FloatArray values, int from, int count) {
        float max = values.get(from);
        for (int i = 1; i < count; i++) {
            max = TornadoMath.max(max, values.get(from + i));
        }
        float sum = 0f;
        for (int i = 0; i < count; i++) {
            float value = TornadoMath.exp(values.get(from + i) - max);
            values.set(from + i, value);
            sum += value;
        }
        for (int i = 0; i < count; i++) {
            values.set(from + i, values.get(from + i) / sum);
        }
    }

    private static float sigmoid(float x) {
        return 1f / (1f + TornadoMath.exp(-x));
    }

    /**
     * {@code y[token][slot][r] = sum over c of w[layer][expert][r][c] * x[c] + bias[layer][expert][r]} for each expert
     * of a token, with one item per output row and token, for CPUs: x is the row, y the token. Weights of f32.
     *
     * @param x [rows][columns], or [rows][used][columns] where {@code perSlot} is 1
     */
    public static void expertFloats(
            KernelContext context,
            IntArray step,
            IntArray chosen,
            FloatArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int perSlot) {
        int row = context.globalIdx;
        int token = context.globalIdy;
        if (row < rows && token < step.get(Step.ROWS)) {
            int used = chosen.get(0);
            for (int slot = token * used; slot < token * used + used; slot++) {
                int expert = chosen.get(1 + slot);
                if (expert > -1) {
                    int start = step.get(startIndex) + (expert * rows + row) * columns;
                    int source = (perSlot == 1 ? slot : token) * columns;
                    float sum = 0f;
                    for (int c = 0; c < columns; c++) {
                        sum += w.get(start + c) * x.get(source + c);
                    }
                    y.set(slot * rows + row, sum + offset(step, bias, biasStride, expert * rows + row));
                }
            }
        }
    }

    /** The product of {@link #expertFloats} with one group of {@link #ITEMS} per output row and token. */
    public static void groupExpertFloats(
            KernelContext context,
            IntArray step,
            IntArray chosen,
            FloatArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int perSlot) {
        float[] sums = context.allocateFloatLocalArray(ITEMS);
        int item = context.localIdx;
        int row = context.groupIdx;
        int token = context.globalIdy;
        int used = chosen.get(0);
        for (int slot = token * used; slot < token * used + used; slot++) {
            int expert = chosen.get(1 + slot);
            float sum = 0f;
            if (expert > -1) {
                int start = step.get(startIndex) + (expert * rows + row) * columns;
                int source = (perSlot == 1 ? slot : token) * columns;
                for (int c = item; c < columns; c += ITEMS) {
                    sum += w.get(start + c) * x.get(source + c);
                }
            }
            sums[item] = sum;
            for (int half = ITEMS >> 1; half > 0; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    sums[item] += sums[item + half];
                }
            }
            if (item == 0 && expert > -1) {
                y.set(slot * rows + row, sums[0] + offset(step, bias, biasStride, expert * rows + row));
            }
            context.localBarrier();
        }
    }

    private static float offset(IntArray step, FloatArray bias, int biasStride, int element) {
        float offset = 0f;
        if (biasStride > 0) {
            offset = bias.get(step.get(Step.LAYER) * biasStride + element);
        }
        return offset;
    }

    /**
     * {@code partial[token] = sum over slots of weights[token][slot] * y[token][slot]}: x is the column, y the token.
     */
    public static void sumChosen(
            KernelContext context,
            IntArray step,
            IntArray chosen,
            FloatArray weights,
            FloatArray y,
            FloatArray partial,
            int width) {
        int column = context.globalIdx;
        int token = context.globalIdy;
        if (column < width && token < step.get(Step.ROWS)) {
            int used = chosen.get(0);
            float sum = 0f;
            for (int slot = token * used; slot < token * used + used; slot++) {
                if (chosen.get(1 + slot) > -1) {
                    sum += weights.get(slot) * y.get(slot * width + column);
                }
            }
            partial.set(token * width + column, sum);
        }
    }

    /**
     * Adds the output of the shared expert: x is the column, y the token.
     *
     * @param logits [rows], whose sigmoid is its weight; not read where {@code weighted} is 0, for a weight of 1
     */
    public static void addShared(
            KernelContext context,
            IntArray step,
            FloatArray logits,
            FloatArray y,
            FloatArray partial,
            int width,
            int weighted) {
        int column = context.globalIdx;
        int token = context.globalIdy;
        if (column < width && token < step.get(Step.ROWS)) {
            float weight = 1f;
            if (weighted == 1) {
                weight = sigmoid(logits.get(token));
            }
            int at = token * width + column;
            partial.set(at, partial.get(at) + weight * y.get(at));
        }
    }
}

package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Selection of the largest logits of each row. The tokens of a row are dealt out to work-groups: group g of n has the
 * tokens g, g + n, g + 2n and so on, so that likely tokens with neighbouring ids are in different groups.
 *
 * <p>A row has a request of {@link #REQUEST} floats:
 *
 * <pre>
 *   float    0        1       2         3
 *        +--------+-------+---------+---------+
 *        | tokens | depth | factor  | factor  |
 *        +--------+-------+---------+---------+
 * </pre>
 *
 * Tokens is the number of tokens that count, those of the lowest ids; 0 for a row without a request. Depth is the
 * number of tokens that each group selects. A factor is the reciprocal of a temperature, 0 for none.
 *
 * <p>Each group answers with these floats:
 *
 * <pre>
 *   float   0       1     2     3     4 + 2 i   5 + 2 i
 *        +-------+-------+-----+-----+---------+-------+
 *        | least | total | sum | sum | logit   | token |   for i from 0 to depth - 1
 *        +-------+-------+-----+-----+---------+-------+
 * </pre>
 *
 * Least is the smallest logit. Total is the sum of the logits, which is not a finite number if one of them is not.
 * Sum is that of {@code exp((logit - M) * factor)}, where M is the group's largest logit. The logits and tokens are in
 * descending order of logits, and equal logits in ascending order of tokens. An entry is empty if its
 * token is not below the number of tokens.
 */
public final class TopLogitKernels {
    /** Work-items of a work-group. */
    public static final int GROUP = 128;
    /** Floats of a request. */
    public static final int REQUEST = 4;
    /** Index of the number of tokens in a request. */
    public static final int TOKENS = 0;
    /** Index of the number of tokens that each group selects. */
    public static final int DEPTH = 1;
    /** Index of the first factor. */
    public static final int FACTOR = 2;
    /** Index of the smallest logit in an answer. */
    public static final int LEAST = 0;
    /** Index of the sum of the logits. */
    public static final int TOTAL = 1;
    /** Index of the first sum of exponentials. */
    public static final int SUM = 2;
    /** Index of the first selected logit; its token follows. */
    public static final int SELECTED = 4;

    private TopLogitKernels() {}

    /**
     * Selects the largest logits of the tokens of a work-group: the group is x, the row y. In each round every
     * work-item finds the best of its tokens that comes after the one selected last, and a tree of comparisons selects
     * the group's. The method is long because kernels cannot pass local arrays to other methods.
     *
     * @param logits [rows][columns]
     * @param requests [rows][{@link #REQUEST}]
     * @param answers [rows][groups][floats]
     * @param columns elements of a row, at most 2^24
     * @param groups work-groups of a row
     * @param floats floats of an answer
     */
    public static void selectTopLogits(
            KernelContext context,
            FloatArray logits,
            FloatArray requests,
            FloatArray answers,
            int columns,
            int groups,
            int floats) {
        float[] best = context.allocateFloatLocalArray(GROUP);
        int[] tokens = context.allocateIntLocalArray(GROUP);
        float[] totals = context.allocateFloatLocalArray(GROUP);
        float[] firstSums = context.allocateFloatLocalArray(GROUP);
        float[] secondSums = context.allocateFloatLocalArray(GROUP);
        int item = context.localIdx;
        int group = context.groupIdx;
        int row = context.globalIdy;
        int first = row * columns;
        int answer = (row * groups + group) * floats;
        int count = (int) requests.get(row * REQUEST + TOKENS);
        int depth = (int) requests.get(row * REQUEST + DEPTH);
        float largest = 0f;
        float last = Float.MAX_VALUE;
        int lastToken = -1;
        for (int round = 0; round < depth; round++) {
            float most = -Float.MAX_VALUE;
            int token = columns;
            for (int at = group + item * groups; at < count; at += groups * GROUP) {
                float logit = logits.get(first + at);
                if (logit < last || (logit == last && at > lastToken)) {
                    if (logit > most || (logit == most && at < token)) {
                        most = logit;
                        token = at;
                    }
                }
            }
            best[item] = most;
            tokens[item] = token;
            for (int half = GROUP >> 1; half > 0; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    float other = best[item + half];
                    int otherToken = tokens[item + half];
                    if (other > best[item] || (other == best[item] && otherToken < tokens[item])) {
                        best[item] = other;
                        tokens[item] = otherToken;
                    }
                }
            }
            context.localBarrier();
            last = best[0];
            lastToken = tokens[0];
            if (round == 0) {
                largest = last;
            }
            if (item == 0) {
                answers.set(answer + SELECTED + 2 * round, last);
                answers.set(answer + SELECTED + 2 * round + 1, lastToken);
            }
            context.localBarrier();
        }
        float firstFactor = requests.get(row * REQUEST + FACTOR);
        float secondFactor = requests.get(row * REQUEST + FACTOR + 1);
        float least = Float.MAX_VALUE;
        float total = 0f;
        float firstSum = 0f;
        float secondSum = 0f;
        for (int at = group + item * groups; at < count; at += groups * GROUP) {
            float logit = logits.get(first + at);
            least = TornadoMath.min(least, logit);
            total += logit;
            if (firstFactor > 0f) {
                firstSum += TornadoMath.exp((logit - largest) * firstFactor);
            }
            if (secondFactor > 0f) {
                secondSum += TornadoMath.exp((logit - largest) * secondFactor);
            }
        }
        best[item] = least;
        totals[item] = total;
        firstSums[item] = firstSum;
        secondSums[item] = secondSum;
        for (int half = GROUP >> 1; half > 0; half >>= 1) {
            context.localBarrier();
            if (item < half) {
                best[item] = TornadoMath.min(best[item], best[item + half]);
                totals[item] += totals[item + half];
                firstSums[item] += firstSums[item + half];
                secondSums[item] += secondSums[item + half];
            }
        }
        context.localBarrier();
        if (item == 0) {
            answers.set(answer + LEAST, best[0]);
            answers.set(answer + TOTAL, totals[0]);
            answers.set(answer + SUM, firstSums[0]);
            answers.set(answer + SUM + 1, secondSums[0]);
        }
    }
}

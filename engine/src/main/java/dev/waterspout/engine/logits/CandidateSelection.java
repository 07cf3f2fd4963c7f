package dev.waterspout.engine.logits;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Writes a rank's answers, and picks its candidates out of its logits. Keeps its buffer from token to token; used by
 * one thread.
 */
final class CandidateSelection {
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final int NEGATIVE_INFINITY = Float.floatToRawIntBits(Float.NEGATIVE_INFINITY);

    /**
     * Bound of the relative error of a sum of exponentials: at most 2^20 positive f64 terms are added, each with a
     * relative error below 1e-13.
     */
    private static final double SUM_ERROR = 1.2e-10;

    /** Bits of the logits. The JVM compiles loops over ints, unlike those over floats, to vector instructions. */
    private int[] bits = {};

    /** The largest logit of each stretch. */
    private float[] largest = {};

    /**
     * Writes the answer to a request.
     *
     * @param request the request
     * @param layout layout of the answer
     * @param logits logits of this rank's rows of the output head, f32
     * @param answer receives {@code layout.words()} words
     */
    void write(LogitsRequest request, CandidateLayout layout, MemorySegment logits, MemorySegment answer) {
        int count = layout.tokens().size();
        if (bits.length < count) {
            bits = new int[count];
            largest = new float[LikeliestTokens.stretches(count)];
        }
        MemorySegment.copy(logits, WORD, 0, bits, 0, count);
        writeRange(layout, count, answer);
        for (int i = 0; i < layout.named(); i++) {
            int at = request.named().get(layout.firstNamed() + i)
                    - layout.tokens().from();
            answer.set(WORD, bytes(layout.namedAt() + i), bits[at]);
            bits[at] = NEGATIVE_INFINITY;
            int stretch = at / LikeliestTokens.STRETCH;
            largest[stretch] = most(stretch * LikeliestTokens.STRETCH, end(stretch, count));
        }
        writeSums(request.temperatures(), count, answer);
        writeError(layout, SUM_ERROR, answer);
        writeKeys(layout, count, answer);
    }

    /**
     * Writes the answer that a device has selected.
     *
     * @param layout layout of the answer, without named tokens
     * @param selected candidates of this rank, as many as the layout has keys
     * @param answer receives {@code layout.words()} words
     */
    static void write(CandidateLayout layout, TopCandidates selected, MemorySegment answer) {
        answer.set(WORD, bytes(CandidateLayout.UNUSABLE_ID), -1);
        answer.set(FLOAT, bytes(CandidateLayout.UNUSABLE), 0);
        answer.set(FLOAT, bytes(CandidateLayout.LEAST), selected.least());
        answer.set(FLOAT, bytes(CandidateLayout.MOST), selected.most());
        answer.set(FLOAT, bytes(CandidateLayout.LARGEST_OTHER), selected.most());
        for (int i = 0; i < layout.sums(); i++) {
            answer.set(
                    DOUBLE, bytes(CandidateLayout.SUMS + 2 * i), selected.sums().get(i));
        }
        writeError(layout, selected.error(), answer);
        for (int i = 0; i < layout.keys(); i++) {
            answer.set(LONG, bytes(layout.keysAt() + 2 * i), selected.keys().get(i));
        }
    }

    private static void writeError(CandidateLayout layout, double error, MemorySegment answer) {
        if (layout.sums() > 0) {
            answer.set(FLOAT, bytes(layout.errorAt()), (float) error);
        }
    }

    private void writeRange(CandidateLayout layout, int count, MemorySegment answer) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        answer.set(WORD, bytes(CandidateLayout.UNUSABLE_ID), -1);
        answer.set(FLOAT, bytes(CandidateLayout.UNUSABLE), 0);
        for (int stretch = 0; stretch < LikeliestTokens.stretches(count); stretch++) {
            int from = stretch * LikeliestTokens.STRETCH;
            largest[stretch] = most(from, end(stretch, count));
            most = Math.max(most, largest[stretch]);
            least = Math.min(least, least(from, end(stretch, count)));
        }
        if (!(most < Float.POSITIVE_INFINITY) || Float.isNaN(least)) {
            int id = 0;
            while (Float.intBitsToFloat(bits[id]) < Float.POSITIVE_INFINITY) {
                id++;
            }
            answer.set(WORD, bytes(CandidateLayout.UNUSABLE_ID), layout.tokens().from() + id);
            answer.set(WORD, bytes(CandidateLayout.UNUSABLE), bits[id]);
        }
        answer.set(FLOAT, bytes(CandidateLayout.LEAST), least);
        answer.set(FLOAT, bytes(CandidateLayout.MOST), most);
    }

    private static int end(int stretch, int count) {
        return Math.min((stretch + 1) * LikeliestTokens.STRETCH, count);
    }

    /** Returns the least value, or a NaN that has a sign. */
    private float least(int from, int to) {
        int least = Integer.MAX_VALUE;
        for (int at = from; at < to; at++) {
            least = Math.min(least, ordered(bits[at]));
        }
        return Float.intBitsToFloat(ordered(least));
    }

    /** Returns the largest value, or a NaN that has no sign. */
    private float most(int from, int to) {
        int most = Integer.MIN_VALUE;
        for (int at = from; at < to; at++) {
            most = Math.max(most, ordered(bits[at]));
        }
        return Float.intBitsToFloat(ordered(most));
    }

    /**
     * Converts the bits of a float to an int that is ordered like the floats, and back. A NaN is beyond the infinity of
     * its sign.
     */
    private static int ordered(int bits) {
        return bits ^ (bits >> (Integer.SIZE - 1) & Integer.MAX_VALUE);
    }

    private void writeSums(List<Double> temperatures, int count, MemorySegment answer) {
        float most = Float.NEGATIVE_INFINITY;
        for (int stretch = 0; stretch < LikeliestTokens.stretches(count); stretch++) {
            most = Math.max(most, largest[stretch]);
        }
        answer.set(FLOAT, bytes(CandidateLayout.LARGEST_OTHER), most);
        for (int i = 0; i < temperatures.size(); i++) {
            double sum = 0;
            for (int from = 0; from < count && most > Float.NEGATIVE_INFINITY; from += LikeliestTokens.STRETCH) {
                int to = Math.min(from + LikeliestTokens.STRETCH, count);
                sum += sumOfExponentials(from, to, most, temperatures.get(i));
            }
            answer.set(DOUBLE, bytes(CandidateLayout.SUMS + 2 * i), sum);
        }
    }

    private double sumOfExponentials(int from, int to, double largest, double temperature) {
        double sum = 0;
        for (int at = from; at < to; at++) {
            sum += Math.exp((Float.intBitsToFloat(bits[at]) - largest) / temperature);
        }
        return sum;
    }

    private void writeKeys(CandidateLayout layout, int count, MemorySegment answer) {
        if (layout.keys() == 0) {
            return;
        }
        LikeliestTokens likeliest = new LikeliestTokens(layout.keys());
        likeliest.offer(bits, count, layout.tokens().from(), largest);
        long[] keys = likeliest.ranked();
        for (int i = 0; i < layout.keys(); i++) {
            long key = i < keys.length ? keys[i] : CandidateLayout.UNUSED;
            answer.set(LONG, bytes(layout.keysAt() + 2 * i), key);
        }
    }

    private static long bytes(int word) {
        return (long) word * Integer.BYTES;
    }
}

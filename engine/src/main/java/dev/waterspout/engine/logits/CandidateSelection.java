package dev.waterspout.engine.logits;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Picks a rank's candidates out of its logits. Keeps its buffer from token to token; used by one thread. */
final class CandidateSelection {
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private float[] values = {};

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
        if (values.length < count) {
            values = new float[count];
        }
        MemorySegment.copy(logits, FLOAT, 0, values, 0, count);
        writeRange(layout, count, answer);
        for (int i = 0; i < layout.named(); i++) {
            int at = request.named().get(layout.firstNamed() + i)
                    - layout.tokens().from();
            answer.set(FLOAT, bytes(layout.namedAt() + i), values[at]);
            values[at] = Float.NEGATIVE_INFINITY;
        }
        writeSums(request.temperatures(), count, answer);
        writeKeys(layout, count, answer);
    }

    private void writeRange(CandidateLayout layout, int count, MemorySegment answer) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        answer.set(WORD, bytes(CandidateLayout.UNUSABLE_ID), -1);
        answer.set(FLOAT, bytes(CandidateLayout.UNUSABLE), 0);
        for (int from = 0; from < count; from += LikeliestTokens.STRETCH) {
            int to = Math.min(from + LikeliestTokens.STRETCH, count);
            least = Math.min(least, least(from, to));
            most = Math.max(most, most(from, to));
        }
        if (!(most < Float.POSITIVE_INFINITY)) { // also where one is NaN
            int id = 0;
            while (values[id] < Float.POSITIVE_INFINITY) {
                id++;
            }
            answer.set(WORD, bytes(CandidateLayout.UNUSABLE_ID), layout.tokens().from() + id);
            answer.set(FLOAT, bytes(CandidateLayout.UNUSABLE), values[id]);
        }
        answer.set(FLOAT, bytes(CandidateLayout.LEAST), least);
        answer.set(FLOAT, bytes(CandidateLayout.MOST), most);
    }

    private float least(int from, int to) {
        float least = values[from];
        for (int at = from; at < to; at++) {
            least = Math.min(least, values[at]);
        }
        return least;
    }

    private float most(int from, int to) {
        float most = values[from];
        for (int at = from; at < to; at++) {
            most = Math.max(most, values[at]);
        }
        return most;
    }

    private void writeSums(List<Double> temperatures, int count, MemorySegment answer) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int from = 0; from < count; from += LikeliestTokens.STRETCH) {
            largest = Math.max(largest, most(from, Math.min(from + LikeliestTokens.STRETCH, count)));
        }
        answer.set(FLOAT, bytes(CandidateLayout.LARGEST_OTHER), largest);
        for (int i = 0; i < temperatures.size(); i++) {
            double sum = 0;
            for (int from = 0; from < count && largest > Float.NEGATIVE_INFINITY; from += LikeliestTokens.STRETCH) {
                int to = Math.min(from + LikeliestTokens.STRETCH, count);
                sum += sumOfExponentials(from, to, largest, temperatures.get(i));
            }
            answer.set(DOUBLE, bytes(CandidateLayout.SUMS + 2 * i), sum);
        }
    }

    private double sumOfExponentials(int from, int to, double largest, double temperature) {
        double sum = 0;
        for (int at = from; at < to; at++) {
            sum += Math.exp((values[at] - largest) / temperature);
        }
        return sum;
    }

    private void writeKeys(CandidateLayout layout, int count, MemorySegment answer) {
        if (layout.keys() == 0) {
            return;
        }
        LikeliestTokens likeliest = new LikeliestTokens(layout.keys());
        likeliest.offer(values, count, layout.tokens().from());
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

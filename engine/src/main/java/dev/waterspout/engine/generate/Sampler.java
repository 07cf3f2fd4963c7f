package dev.waterspout.engine.generate;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Chooses tokens from logits: top-k, top-p (nucleus sampling, arXiv 1904.09751), min-p (arXiv 2407.01082), temperature. The
 * same parameters and logits give the same tokens.
 */
public final class Sampler {
    private final SamplingParameters parameters;
    private final SplittableRandom random;

    /** @param parameters what to keep, and the seed */
    public Sampler(SamplingParameters parameters) {
        this.parameters = parameters;
        this.random = new SplittableRandom(parameters.seed());
    }

    /**
     * Chooses a token.
     *
     * @param logits f32 {@code [vocabulary]}
     * @return its id; the lowest of equally likely ones where the most likely token is asked for
     * @throws GenerationException if the logits have a NaN
     */
    public int sample(MemorySegment logits) {
        float[] values = logits.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        int likeliest = likeliest(values);
        if (parameters.temperature() == 0 || parameters.topK() == 1) {
            return likeliest;
        }
        int[] candidates = ranked(values);
        double[] odds = odds(candidates, values, 1);
        int kept = keep(odds);
        return candidates[draw(odds(Arrays.copyOf(candidates, kept), values, parameters.temperature()))];
    }

    private static int likeliest(float[] values) {
        int best = 0;
        for (int id = 0; id < values.length; id++) {
            if (Float.isNaN(values[id])) {
                throw new GenerationException(
                        "the logit of token " + id + " is not a number: weights or input are damaged");
            }
            best = values[id] > values[best] ? id : best;
        }
        return best;
    }

    /** Ids of the {@code topK} most likely tokens, the most likely first; the lower id first among equals. */
    private int[] ranked(float[] values) {
        long[] keys = new long[values.length];
        for (int id = 0; id < keys.length; id++) {
            keys[id] = ((long) descending(values[id]) << Integer.SIZE) | id;
        }
        int count = parameters.topK() == 0 ? keys.length : Math.min(parameters.topK(), keys.length);
        if (count < keys.length) {
            keys = smallest(keys, count);
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }

    /** An int that is smaller for a larger value. */
    private static int descending(float value) {
        int bits = Float.floatToIntBits(value);
        return ~(bits ^ (bits >> (Integer.SIZE - 1) & Integer.MAX_VALUE));
    }

    /** Keeps the {@code count} smallest keys, in no order: a window of twice that size is sorted whenever it is full. */
    private static long[] smallest(long[] keys, int count) {
        long[] window = new long[2 * count];
        int filled = 0;
        long bound = Long.MAX_VALUE;
        for (long key : keys) {
            if (key > bound) {
                continue;
            }
            window[filled++] = key;
            if (filled == window.length) {
                Arrays.sort(window);
                filled = count;
                bound = window[count - 1];
            }
        }
        Arrays.sort(window, 0, filled);
        return Arrays.copyOf(window, count);
    }

    /** Unnormalized probabilities, 1 for the first candidate. */
    private static double[] odds(int[] candidates, float[] values, double temperature) {
        double[] odds = new double[candidates.length];
        for (int i = 0; i < odds.length; i++) {
            odds[i] = i == 0 ? 1 : Math.exp((values[candidates[i]] - (double) values[candidates[0]]) / temperature);
        }
        return odds;
    }

    /** How many of the candidates pass top-p and min-p; always at least one. */
    private int keep(double[] odds) {
        double sum = Arrays.stream(odds).sum();
        double reached = 0;
        int kept = 0;
        while (kept < odds.length
                && odds[kept] >= parameters.minP()
                && (kept == 0 || reached < parameters.topP() * sum)) {
            reached += odds[kept++];
        }
        return kept;
    }

    private int draw(double[] odds) {
        double target = random.nextDouble() * Arrays.stream(odds).sum();
        int drawn = 0;
        while (drawn < odds.length - 1 && target >= odds[drawn]) {
            target -= odds[drawn++];
        }
        return drawn;
    }
}

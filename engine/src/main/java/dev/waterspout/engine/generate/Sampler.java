package dev.waterspout.engine.generate;

import dev.waterspout.engine.model.ModelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Chooses tokens from logits: top-k, top-p (nucleus sampling, arXiv 1904.09751), min-p (arXiv 2407.01082), temperature.
 * The same parameters and logits give the same tokens.
 */
public final class Sampler {
    /**
     * Logits that are looked at in one call. A loop over all of them would be called once per token, too seldom for the
     * JVM to compile it well within hundreds of tokens.
     */
    private static final int STRETCH = 512;

    private final SamplingParameters parameters;
    private final SplittableRandom random;
    /** The logits: a new array for every token would be new memory to the caches each time. */
    private float[] values = {};

    private final TokenCounts recent;
    private final TokenConstraint constraint;
    private final LogProbabilityRecord record;

    /** @param parameters what to keep, and the seed */
    public Sampler(SamplingParameters parameters) {
        this(parameters, TokenConstraint.NONE, -1);
    }

    /**
     * @param parameters what to keep, and the seed
     * @param constraint what the text may go on with
     * @param likeliest how many of the most likely tokens are {@linkplain #chosen noted} at each place; -1 to note nothing
     */
    public Sampler(SamplingParameters parameters, TokenConstraint constraint, int likeliest) {
        this.parameters = parameters;
        this.constraint = constraint;
        this.record = new LogProbabilityRecord(likeliest);
        this.recent = new TokenCounts(parameters.adjustments().window());
        this.random = new SplittableRandom(parameters.seed());
    }

    /**
     * Takes a token of the text: penalties look at those that were taken.
     *
     * @param token id, of the prompt or chosen
     */
    public void accept(int token) {
        if (parameters.adjustments().penalizes()) {
            recent.add(token);
        }
    }

    /**
     * Chooses a token.
     *
     * @param logits f32 {@code [vocabulary]}
     * @return its id; the lowest of equally likely ones where the most likely token is asked for
     * @throws ModelException if the logits have a NaN
     * @throws IllegalArgumentException if a bias is for a token that there is not
     * @throws GenerationException if the constraint allows no token
     */
    public int sample(MemorySegment logits) {
        int count = Math.toIntExact(logits.byteSize() / Float.BYTES);
        if (values.length != count) {
            values = new float[count];
        }
        MemorySegment.copy(logits, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, count);
        record.look(values);
        adjust();
        constraint.restrict(values);
        int token = choose();
        constraint.accept(token);
        record.choose(token);
        return token;
    }

    /**
     * Returns what was noted of the tokens chosen so far.
     *
     * @param place how many of them are left out
     */
    public List<ChosenToken> chosen(int place) {
        return record.from(place);
    }

    private int choose() {
        int likeliest = likeliest(values);
        if (parameters.temperature() == 0 || parameters.topK() == 1) {
            return likeliest;
        }
        int[] candidates = ranked(values);
        double[] odds = odds(candidates, values, 1);
        int kept = keep(odds);
        return candidates[draw(odds(Arrays.copyOf(candidates, kept), values, parameters.temperature()))];
    }

    private void adjust() {
        LogitAdjustments adjustments = parameters.adjustments();
        adjustments.bias().forEach((token, bias) -> {
            if (token >= values.length) {
                throw new IllegalArgumentException(
                        "bias of token " + token + "; the vocabulary has " + values.length + " tokens, from 0");
            }
            values[token] += bias.floatValue();
        });
        if (adjustments.penalizes()) {
            recent.penalize(values, adjustments);
        }
    }

    private static int likeliest(float[] values) {
        int best = 0;
        for (int from = 0; from < values.length; from += STRETCH) {
            best = likeliest(values, best, from, Math.min(from + STRETCH, values.length));
        }
        return best;
    }

    private static int likeliest(float[] values, int before, int from, int to) {
        int best = before;
        for (int id = from; id < to; id++) {
            if (Float.isNaN(values[id])) {
                throw new ModelException("the logit of token " + id + " is not a number: weights or input are damaged");
            }
            best = values[id] > values[best] ? id : best;
        }
        return best;
    }

    /** Ids of the {@code topK} most likely tokens, the most likely first; the lower id first among equals. */
    private int[] ranked(float[] values) {
        int count = parameters.topK() == 0 ? values.length : Math.min(parameters.topK(), values.length);
        Likeliest likeliest = new Likeliest(count);
        for (int from = 0; from < values.length; from += STRETCH) {
            likeliest.offer(values, from, Math.min(from + STRETCH, values.length));
        }
        return likeliest.ranked();
    }

    /** The most likely ones of those offered: a window of twice as many is sorted whenever it is full. */
    private static final class Likeliest {
        private final int count;
        /** Keys that are smaller for a larger value, and among equals for a lower id. */
        private final long[] window;

        private int filled;
        private long bound = Long.MAX_VALUE;

        private Likeliest(int count) {
            this.count = count;
            this.window = new long[2 * count];
        }

        private void offer(float[] values, int from, int to) {
            for (int id = from; id < to; id++) {
                long key = ((long) descending(values[id]) << Integer.SIZE) | id;
                if (key <= bound) {
                    add(key);
                }
            }
        }

        private void add(long key) {
            window[filled++] = key;
            if (filled == window.length) {
                Arrays.sort(window);
                filled = count;
                bound = window[count - 1];
            }
        }

        private int[] ranked() {
            Arrays.sort(window, 0, filled);
            return Arrays.stream(window, 0, Math.min(count, filled))
                    .mapToInt(key -> (int) key)
                    .toArray();
        }

        /** An int that is smaller for a larger value. */
        private static int descending(float value) {
            int bits = Float.floatToIntBits(value);
            return ~(bits ^ (bits >> (Integer.SIZE - 1) & Integer.MAX_VALUE));
        }
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

package dev.waterspout.engine.generate;

/**
 * Parameters of the choice of the next token. First the logits are adjusted. Then the filters apply in this order,
 * then the temperature, and a random number decides.
 *
 * @param topK keep the {@code topK} most likely tokens; 0 keeps all
 * @param topP keep the most likely tokens that together have this probability; 1 keeps all
 * @param minP keep tokens at least this fraction as likely as the most likely one; 0 keeps all
 * @param temperature divides the logits; 0 takes the most likely token, and the filters have no effect
 * @param seed seed of the random numbers
 * @param adjustments adjustments of the logits
 */
public record SamplingParameters(
        int topK, double topP, double minP, double temperature, long seed, LogitAdjustments adjustments) {
    /** Checks the ranges. */
    public SamplingParameters {
        if (topK < 0) {
            throw new IllegalArgumentException("top-k is " + topK + "; it must be 0 or more");
        }
        requireWithin("top-p", topP, 0, 1);
        requireWithin("min-p", minP, 0, 1);
        requireWithin("temperature", temperature, 0, Float.MAX_VALUE);
    }

    /**
     * Parameters without adjustments of the logits.
     *
     * @param topK keep the {@code topK} most likely tokens; 0 keeps all
     * @param topP keep the most likely tokens that together have this probability; 1 keeps all
     * @param minP keep tokens at least this fraction as likely as the most likely one; 0 keeps all
     * @param temperature divides the logits; 0 takes the most likely token
     * @param seed seed of the random numbers
     */
    public SamplingParameters(int topK, double topP, double minP, double temperature, long seed) {
        this(topK, topP, minP, temperature, seed, LogitAdjustments.NONE);
    }

    /**
     * Returns these parameters with other adjustments.
     *
     * @param other adjustments of the logits
     */
    public SamplingParameters withAdjustments(LogitAdjustments other) {
        return new SamplingParameters(topK, topP, minP, temperature, seed, other);
    }

    /**
     * Returns these parameters with another seed.
     *
     * @param other seed of the random numbers
     */
    public SamplingParameters withSeed(long other) {
        return new SamplingParameters(topK, topP, minP, temperature, other, adjustments);
    }

    /** Returns parameters that always take the most likely token. */
    public static SamplingParameters greedy() {
        return new SamplingParameters(0, 1, 0, 0, 0);
    }

    static void requireWithin(String name, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            String allowed = most < Float.MAX_VALUE
                    ? "within " + least + " to " + most
                    : least > -Float.MAX_VALUE ? "at least " + least + ", and finite" : "finite";
            throw new IllegalArgumentException(name + " is " + value + "; it must be " + allowed);
        }
    }
}

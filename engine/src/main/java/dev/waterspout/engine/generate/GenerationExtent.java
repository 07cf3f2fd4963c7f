package dev.waterspout.engine.generate;

/**
 * The beginning and the end of a generation.
 *
 * @param reuse most leading tokens of the prompt whose keys and values may be taken from the cache, if it holds them,
 *     instead of being computed; the last token of the prompt is always computed
 * @param predict most tokens to generate, or {@link Generator#UNLIMITED}
 * @param ignoresEnd whether generation continues after an end-of-text token
 */
public record GenerationExtent(int reuse, int predict, boolean ignoresEnd) {
    /** Uses all matching tokens of the cache. */
    public static final int ANY = Integer.MAX_VALUE;

    /** Checks the ranges. */
    public GenerationExtent {
        if (reuse < 0) {
            throw new IllegalArgumentException("tokens to take from the cache is " + reuse + "; it must be 0 or more");
        }
        if (predict < Generator.UNLIMITED) {
            throw new IllegalArgumentException("tokens to predict is " + predict + "; it must be -1 or more");
        }
    }
}

package dev.waterspout.engine.generate;

/**
 * Where a generation begins and ends.
 *
 * @param held leading tokens of the prompt that are in the context already, from the generation before
 * @param predict most tokens to generate, or {@link Generator#UNLIMITED}
 * @param ignoresEnd whether it goes on after an end-of-text token
 */
public record GenerationExtent(int held, int predict, boolean ignoresEnd) {
    /** Checks the ranges. */
    public GenerationExtent {
        if (held < 0) {
            throw new IllegalArgumentException("held tokens " + held + "; they must be 0 or more");
        }
        if (predict < Generator.UNLIMITED) {
            throw new IllegalArgumentException("tokens to predict is " + predict + "; it must be -1 or more");
        }
    }
}

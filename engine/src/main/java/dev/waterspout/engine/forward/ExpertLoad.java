package dev.waterspout.engine.forward;

/**
 * What a rank's part of the mixtures of experts had to do, in all layers together.
 *
 * @param visits number of times that a token went to an expert of this rank, whole or by some of its columns
 * @param bytes bytes of experts' weights that were read
 */
public record ExpertLoad(long visits, long bytes) {
    /** Nothing. */
    public static final ExpertLoad NONE = new ExpertLoad(0, 0);

    /**
     * Returns what was added since.
     *
     * @param earlier an earlier state
     */
    public ExpertLoad minus(ExpertLoad earlier) {
        return new ExpertLoad(visits - earlier.visits, bytes - earlier.bytes);
    }
}

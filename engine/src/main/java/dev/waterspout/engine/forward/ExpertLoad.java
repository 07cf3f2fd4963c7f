package dev.waterspout.engine.forward;

/**
 * Work of one rank in the mixtures of experts of all layers.
 *
 * @param visits number of pairs of a token and a chosen expert of which this rank has all or some columns
 * @param bytes bytes of experts' weights that were read
 */
public record ExpertLoad(long visits, long bytes) {
    /** No work. */
    public static final ExpertLoad NONE = new ExpertLoad(0, 0);

    /**
     * Returns the work since an earlier state.
     *
     * @param earlier an earlier state
     */
    public ExpertLoad minus(ExpertLoad earlier) {
        return new ExpertLoad(visits - earlier.visits, bytes - earlier.bytes);
    }
}

package dev.waterspout.engine.model;

/**
 * The mixture of experts that replaces the FFN in some layers (Shazeer and others, arXiv 1701.06538): a router
 * chooses some experts for every token, and their outputs are summed by weight.
 *
 * @param count experts of a layer
 * @param used number of experts per token
 * @param width inner width of an expert
 * @param sharedWidth inner width of the shared expert; 0 for none
 * @param gating function from the router's logits to weights
 * @param normalized whether the weights of the chosen experts are divided by their sum
 * @param scale factor of the weights
 * @param groups number of groups of neighbouring experts; only the best groups are candidates; 1 for no groups
 * @param usedGroups number of groups that experts are chosen from
 */
public record Experts(
        int count,
        int used,
        int width,
        int sharedWidth,
        Gating gating,
        boolean normalized,
        float scale,
        int groups,
        int usedGroups) {
    /** Function from logits to weights. */
    public enum Gating {
        /** The softmax over all experts. */
        SOFTMAX,
        /** The sigmoid of each. */
        SIGMOID,
        /** The softmax over the chosen experts. */
        SOFTMAX_OF_CHOSEN
    }
}

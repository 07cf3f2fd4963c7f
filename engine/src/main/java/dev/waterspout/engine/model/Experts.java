package dev.waterspout.engine.model;

/**
 * The mixture of experts that takes the FFN's place in some layers (Shazeer and others, arXiv 1701.06538): a router
 * chooses some experts for every token, and their outputs are summed by weight.
 *
 * @param count experts of a layer
 * @param used experts that a token goes to
 * @param width elements between the two halves of an expert
 * @param sharedWidth the same of the expert that every token goes to; 0 for none
 * @param gating function from the router's logits to weights
 * @param normalized whether the weights of the chosen experts are divided by their sum
 * @param scale factor of the weights
 * @param groups groups of neighbouring experts, of which only the best are chosen from; 1 for no groups
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
    /** How logits become weights. */
    public enum Gating {
        /** The softmax over all experts. */
        SOFTMAX,
        /** The sigmoid of each. */
        SIGMOID,
        /** The softmax over the chosen experts. */
        SOFTMAX_OF_CHOSEN
    }
}

package dev.waterspout.engine.plan;

import java.util.List;

/**
 * The requested division of a model among ranks.
 *
 * @param shares relative share of every rank, positive; empty for equal shares
 * @param wholeExperts whether each rank has some whole experts, instead of some columns of every expert
 * @param wholeAttention whether every rank computes attention of all heads, and nothing is exchanged after it
 */
public record Split(List<Double> shares, boolean wholeExperts, boolean wholeAttention) {
    /** Equal shares, every expert divided by columns, attention by heads. */
    public static final Split EQUAL = new Split(List.of(), false);

    /** Copies the list. */
    public Split {
        shares = List.copyOf(shares);
    }

    /**
     * A split with attention divided by heads.
     *
     * @param shares relative share of every rank, positive; empty for equal shares
     * @param wholeExperts whether each rank has some whole experts
     */
    public Split(List<Double> shares, boolean wholeExperts) {
        this(shares, wholeExperts, false);
    }

    /**
     * Returns this split with attention divided by heads or replicated.
     *
     * @param whole whether every rank computes attention of all heads
     */
    public Split withWholeAttention(boolean whole) {
        return new Split(shares, wholeExperts, whole);
    }
}

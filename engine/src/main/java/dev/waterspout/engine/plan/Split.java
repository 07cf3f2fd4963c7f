package dev.waterspout.engine.plan;

import java.util.List;

/**
 * How a model is to be divided among ranks.
 *
 * @param shares relative share of every rank, positive; empty for equal shares
 * @param wholeExperts whether experts are dealt out whole, instead of some columns of every expert to each rank
 * @param wholeAttention whether every rank computes attention of all heads, and nothing is exchanged after it
 */
public record Split(List<Double> shares, boolean wholeExperts, boolean wholeAttention) {
    /** Equal shares, every expert cut by columns, attention by heads. */
    public static final Split EQUAL = new Split(List.of(), false);

    /** Copies the list. */
    public Split {
        shares = List.copyOf(shares);
    }

    /**
     * A split with attention cut by heads.
     *
     * @param shares relative share of every rank, positive; empty for equal shares
     * @param wholeExperts whether experts are dealt out whole
     */
    public Split(List<Double> shares, boolean wholeExperts) {
        this(shares, wholeExperts, false);
    }

    /**
     * Returns the same with attention cut by heads, or not.
     *
     * @param whole whether every rank computes attention of all heads
     */
    public Split withWholeAttention(boolean whole) {
        return new Split(shares, wholeExperts, whole);
    }
}

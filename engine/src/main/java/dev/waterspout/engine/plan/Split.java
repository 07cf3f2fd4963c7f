package dev.waterspout.engine.plan;

import java.util.List;

/**
 * How a model is to be divided among ranks.
 *
 * @param shares relative share of every rank, positive; empty for equal shares
 * @param wholeExperts whether experts are dealt out whole, instead of some columns of every expert to each rank
 */
public record Split(List<Double> shares, boolean wholeExperts) {
    /** Equal shares, and every expert cut by columns. */
    public static final Split EQUAL = new Split(List.of(), false);

    /** Copies the list. */
    public Split {
        shares = List.copyOf(shares);
    }
}

package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The steps from query-key products to attention weights: scale, cap, mask, softmax.
 *
 * @param scale the factor of the products
 * @param cap the bound of scaled scores, applied as {@code cap x tanh(score / cap)} (Gemma 2, arXiv 2408.00118); 0 for
 *     none
 * @param window number of the latest positions that a token attends to, its own included; 0 for all
 * @param sinks f32 {@code [heads]}: a score per query head that takes part in the softmax and has no value; null for
 *     none
 */
public record Scoring(
        float scale, float cap, int window, @Nullable MemorySegment sinks) {
    /** Checks the numbers. */
    public Scoring {
        if (!(cap >= 0) || window < 0) {
            throw new IllegalArgumentException("cap=" + cap + " window=" + window + ": neither may be negative");
        }
    }

    /**
     * Returns the usual scoring: products are divided by the square root of the head dimension, and a token sees all
     * positions up to its own.
     *
     * @param headDim elements of a head
     */
    public static Scoring plain(int headDim) {
        return new Scoring((float) (1 / Math.sqrt(headDim)), 0, 0, null);
    }
}

package dev.waterspout.engine.api;

import dev.waterspout.kernels.host.CacheType;

/**
 * What a model remembers.
 *
 * @param positions in the KV cache; 0 for the model's context length, at most {@value #DEFAULT_POSITIONS}
 * @param cacheType how keys and values are kept; f16 on the host only
 * @param logitRows most tokens whose logits are computed at a time: 1 suits generation, more make scoring faster
 */
public record Context(int positions, CacheType cacheType, int logitRows) {
    /** Positions of a model that can remember more, where no number is given. */
    public static final int DEFAULT_POSITIONS = 4096;

    /** The defaults: the model's context length, f32, and logits of one token at a time. */
    public static final Context DEFAULT = new Context(0, CacheType.F32, 1);

    /** Checks the ranges. */
    public Context {
        if (positions < 0) {
            throw new IllegalArgumentException("context size " + positions + "; it must be at least 1");
        }
        if (logitRows < 1) {
            throw new IllegalArgumentException("logits of " + logitRows + " tokens; there must be at least 1");
        }
    }

    /**
     * Returns a context of another size.
     *
     * @param number positions in the KV cache
     */
    public Context withPositions(int number) {
        return new Context(number, cacheType, logitRows);
    }

    /**
     * Returns a context that computes the logits of more tokens at a time.
     *
     * @param rows at least 1
     */
    public Context withLogitRows(int rows) {
        return new Context(positions, cacheType, rows);
    }

    /**
     * Returns the positions for a model.
     *
     * @param trained the model's context length, 0 where it is unknown
     */
    int positionsFor(int trained) {
        if (positions > 0) {
            return positions;
        }
        return trained > 0 ? Math.min(trained, DEFAULT_POSITIONS) : DEFAULT_POSITIONS;
    }
}

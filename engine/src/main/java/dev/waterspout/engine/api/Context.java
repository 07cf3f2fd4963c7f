package dev.waterspout.engine.api;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.kernels.host.CacheType;

/**
 * The KV cache of a model: its size, element type and number of sequences.
 *
 * @param positions positions of a sequence; 0 for the model's context length, at most {@value #DEFAULT_POSITIONS}
 * @param cacheType element type of the KV cache
 * @param logitRows largest number of tokens whose logits are computed at a time: 1 suits generation, more make scoring
 *     faster
 * @param sequences largest number of sequences that are generated at the same time
 * @param cachePositions positions of the KV cache that the sequences share; 0 for the number that all of them can need
 */
public record Context(int positions, CacheType cacheType, int logitRows, int sequences, long cachePositions) {
    /** Default limit of the positions of a model with a longer context. */
    public static final int DEFAULT_POSITIONS = 4096;

    /** The defaults: the model's context length, f32, and logits of one token at a time. */
    public static final Context DEFAULT = new Context(0, CacheType.F32, 1, 1, 0);

    /** Checks the ranges. */
    public Context {
        if (positions < 0) {
            throw new IllegalArgumentException("context size " + positions + "; it must be at least 1");
        }
        if (logitRows < 1) {
            throw new IllegalArgumentException("logits of " + logitRows + " tokens; there must be at least 1");
        }
        if (sequences < 1) {
            throw new IllegalArgumentException("number of parallel sequences " + sequences + "; it must be at least 1");
        }
        if (cachePositions < 0) {
            throw new IllegalArgumentException("KV cache of " + cachePositions + " positions; it must be at least 1");
        }
    }

    /**
     * Returns a context of another size.
     *
     * @param number positions of a sequence
     */
    public Context withPositions(int number) {
        return new Context(number, cacheType, logitRows, sequences, cachePositions);
    }

    /**
     * Returns a context for another number of sequences.
     *
     * @param number largest number of sequences that are generated at the same time
     * @param shared positions of the KV cache that they share; 0 for the number that all of them can need
     */
    public Context withSequences(int number, long shared) {
        return new Context(positions, cacheType, logitRows, number, shared);
    }

    /**
     * Returns a context that computes the logits of more tokens at a time.
     *
     * @param rows number of rows, at least 1
     */
    public Context withLogitRows(int rows) {
        return new Context(positions, cacheType, rows, sequences, cachePositions);
    }

    /**
     * Returns the positions of the KV cache.
     *
     * @param each positions of a sequence
     */
    long cachePositionsFor(int each) {
        if (cachePositions > 0) {
            return cachePositions;
        }
        int block = Math.min(each, BatchLimits.BLOCK_SIZE);
        return (long) sequences * Math.ceilDiv(each, block) * block;
    }

    /**
     * Returns the positions for a model.
     *
     * @param trained the model's context length, 0 if it is unknown
     */
    int positionsFor(int trained) {
        if (positions > 0) {
            return positions;
        }
        return trained > 0 ? Math.min(trained, DEFAULT_POSITIONS) : DEFAULT_POSITIONS;
    }
}

package dev.waterspout.engine.forward;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.CacheType;
import java.time.Duration;

/**
 * The options that all ranks of a group share, besides the model and the plan.
 *
 * @param limits limits on rows and sequences of one pass, and the blocks of the KV cache
 * @param threads worker threads of each rank
 * @param schedule wire format and collective of each exchange
 * @param peerTimeout longest time that a rank waits for another
 * @param logitRows largest number of tokens of a pass whose logits are computed at once, at most {@code chunk}
 * @param cacheType element type of the KV cache
 * @param activations precision of the inputs of matrix products with quantized weights
 * @param machineCode whether the host's matrix products use machine code where they can
 * @param overlap whether a pass computes some of its rows while the partials of others are exchanged
 */
public record RankOptions(
        BatchLimits limits,
        int threads,
        CommSchedule schedule,
        Duration peerTimeout,
        int logitRows,
        CacheType cacheType,
        Activations activations,
        boolean machineCode,
        Overlap overlap) {
    /** Checks the ranges. */
    public RankOptions {
        if (limits.rows() > (long) limits.sequences() * limits.context()) {
            throw new IllegalArgumentException("chunk of " + limits.rows()
                    + " tokens; it must be within 1 to the context size " + limits.context());
        }
        if (threads < 1) {
            throw new IllegalArgumentException("number of threads " + threads + "; it must be at least 1");
        }
        if (logitRows < 1 || logitRows > limits.rows()) {
            throw new IllegalArgumentException(
                    "logits of " + logitRows + " tokens; it must be within 1 to the chunk of " + limits.rows());
        }
        if (logitRows < limits.sequences()) {
            throw new IllegalArgumentException("logits of " + logitRows + " tokens for " + limits.sequences()
                    + " parallel sequences; each needs those of one");
        }
    }

    /** Returns the largest number of positions of a sequence. */
    public int context() {
        return limits.context();
    }

    /** Returns the largest number of tokens in one forward pass. */
    public int chunk() {
        return limits.rows();
    }

    /**
     * The options of one sequence.
     *
     * @param context positions in the KV cache
     * @param chunk largest number of tokens in one forward pass, at most {@code context}
     * @param threads worker threads of each rank
     * @param schedule wire format and collective of each exchange
     * @param peerTimeout longest time that a rank waits for another
     * @param logitRows largest number of tokens of a chunk whose logits are computed at once, at most {@code chunk}
     * @param cacheType element type of the KV cache
     * @param activations precision of the inputs of matrix products with quantized weights
     * @param machineCode whether the host's matrix products use machine code where they can
     */
    public RankOptions(
            int context,
            int chunk,
            int threads,
            CommSchedule schedule,
            Duration peerTimeout,
            int logitRows,
            CacheType cacheType,
            Activations activations,
            boolean machineCode) {
        this(
                BatchLimits.ofOne(context, chunk),
                threads,
                schedule,
                peerTimeout,
                logitRows,
                cacheType,
                activations,
                machineCode,
                Overlap.OFF);
    }

    /**
     * The options with a KV cache and activations of f32.
     *
     * @param context positions in the KV cache
     * @param chunk largest number of tokens in one forward pass, at most {@code context}
     * @param threads worker threads of each rank
     * @param schedule wire format and collective of each exchange
     * @param peerTimeout longest time that a rank waits for another
     * @param logitRows largest number of tokens of a chunk whose logits are computed at once, at most {@code chunk}
     */
    public RankOptions(
            int context, int chunk, int threads, CommSchedule schedule, Duration peerTimeout, int logitRows) {
        this(context, chunk, threads, schedule, peerTimeout, logitRows, CacheType.F32, Activations.F32, false);
    }

    /**
     * The options of a generation, which needs the logits of one token at a time, with a KV cache and
     * activations of f32.
     *
     * @param context positions in the KV cache
     * @param chunk largest number of tokens in one forward pass, at most {@code context}
     * @param threads worker threads of each rank
     * @param schedule wire format and collective of each exchange
     * @param peerTimeout longest time that a rank waits for another
     */
    public RankOptions(int context, int chunk, int threads, CommSchedule schedule, Duration peerTimeout) {
        this(context, chunk, threads, schedule, peerTimeout, 1);
    }

    /**
     * Returns these options with other limits.
     *
     * @param other limits on sequences and tokens that run at the same time
     */
    public RankOptions withLimits(BatchLimits other) {
        return new RankOptions(
                other, threads, schedule, peerTimeout, logitRows, cacheType, activations, machineCode, overlap);
    }

    /**
     * Returns these options with another schedule.
     *
     * @param other wire formats, collective and time limit of the exchange
     */
    public RankOptions withSchedule(CommSchedule other) {
        return new RankOptions(
                limits, threads, other, peerTimeout, logitRows, cacheType, activations, machineCode, overlap);
    }

    /**
     * Returns these options with another number of tokens whose logits are computed at once.
     *
     * @param rows number of rows, at least 1, at most {@link #chunk}
     */
    public RankOptions withLogitRows(int rows) {
        return new RankOptions(
                limits, threads, schedule, peerTimeout, rows, cacheType, activations, machineCode, overlap);
    }

    /**
     * Returns these options with another type of the KV cache.
     *
     * @param type element type of the KV cache
     */
    public RankOptions withCacheType(CacheType type) {
        return new RankOptions(
                limits, threads, schedule, peerTimeout, logitRows, type, activations, machineCode, overlap);
    }

    /**
     * Returns these options with activations of another precision.
     *
     * @param precision precision of the inputs of matrix products with quantized weights
     */
    public RankOptions withActivations(Activations precision) {
        return new RankOptions(
                limits, threads, schedule, peerTimeout, logitRows, cacheType, precision, machineCode, overlap);
    }

    /**
     * Returns these options with or without overlap.
     *
     * @param other whether a pass computes some of its rows while the partials of others are exchanged
     */
    public RankOptions withOverlap(Overlap other) {
        return new RankOptions(
                limits, threads, schedule, peerTimeout, logitRows, cacheType, activations, machineCode, other);
    }
}

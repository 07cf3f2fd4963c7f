package dev.waterspout.engine.forward;

import dev.waterspout.interconnect.policy.CommSchedule;
import java.time.Duration;

/**
 * What all ranks of a group have in common besides the model and the plan.
 *
 * @param context positions in the KV cache
 * @param chunk most tokens in one forward pass, at most {@code context}
 * @param threads worker threads of each rank
 * @param schedule how partials are exchanged
 * @param peerTimeout how long a rank waits for another before it fails
 */
public record RankOptions(int context, int chunk, int threads, CommSchedule schedule, Duration peerTimeout) {
    /** Checks the ranges. */
    public RankOptions {
        if (context < 1) {
            throw new IllegalArgumentException("context size " + context + "; it must be at least 1");
        }
        if (chunk < 1 || chunk > context) {
            throw new IllegalArgumentException(
                    "chunk of " + chunk + " tokens; it must be within 1 to the context size " + context);
        }
        if (threads < 1) {
            throw new IllegalArgumentException("number of threads " + threads + "; it must be at least 1");
        }
    }

    /**
     * Returns these options with another schedule.
     *
     * @param other how partials are exchanged
     */
    public RankOptions withSchedule(CommSchedule other) {
        return new RankOptions(context, chunk, threads, other, peerTimeout);
    }
}

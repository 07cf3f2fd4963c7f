package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Settings of waits for other ranks.
 *
 * @param timeout longest time that a rank waits for another, above 0
 * @param cores number of cores for the ranks of this host; if there are more ranks than cores, waiting ranks sleep
 *     instead of spinning
 * @param onLost called on a separate thread if the launcher stops this process while its rank computes, or if a call
 *     of MPI does not return; must print the message and end the process
 */
public record MpiSettings(Duration timeout, int cores, Consumer<InterconnectException> onLost) {
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    /** Checks the ranges. */
    public MpiSettings {
        if (!timeout.isPositive() || timeout.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "timeout " + timeout + "; it must be more than 0 and at most " + LONGEST);
        }
    }

    /**
     * Returns settings with this JVM's number of cores. A lost group then fails only at its next call.
     *
     * @param timeout see the record
     */
    public static MpiSettings of(Duration timeout) {
        return new MpiSettings(timeout, Runtime.getRuntime().availableProcessors(), _ -> {});
    }
}

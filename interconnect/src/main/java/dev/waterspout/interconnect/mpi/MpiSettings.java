package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * How ranks wait for each other.
 *
 * @param timeout longest time that a rank waits for another, above 0
 * @param cores for the ranks of this host; if there are more ranks than cores, waiting ranks sleep instead of spinning
 * @param onLost called from a thread of its own, when the launcher stops this process while its rank computes, or when
 *     MPI does not let the process go: prints the sentence and ends the process, since nobody else will
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
     * Settings for this JVM's cores, where a group that is lost fails at its next call and in no other way.
     *
     * @param timeout see the record
     */
    public static MpiSettings of(Duration timeout) {
        return new MpiSettings(timeout, Runtime.getRuntime().availableProcessors(), _ -> {});
    }
}

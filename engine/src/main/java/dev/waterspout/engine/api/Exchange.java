package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.interconnect.policy.Algorithm;
import java.time.Duration;
import java.util.Optional;

/**
 * What ranks send each other, and how.
 *
 * @param formats wire formats of partials
 * @param collective the collective; empty for the default of the number of ranks
 * @param reach how devices of one process exchange data
 * @param allowSaturation whether a fixed format goes on where partials are beyond its range, with its largest values;
 *     else the run ends
 * @param peerTimeout longest time that a rank waits for another before the run ends
 * @param mpiLibrary path of the MPI library of processes that a launcher started; empty for the system's
 * @param overlap whether a pass computes some of its rows while the partials of others travel
 * @param offload lets other devices encode and sum partials
 */
public record Exchange(
        Formats formats,
        Optional<Algorithm> collective,
        Reach reach,
        boolean allowSaturation,
        Duration peerTimeout,
        Optional<String> mpiLibrary,
        Overlap overlap,
        Offload offload) {
    /** The defaults: {@link Formats#usual()}, and 30 seconds of patience. */
    public static final Exchange DEFAULT = new Exchange(
            Formats.usual(),
            Optional.empty(),
            Reach.AUTO,
            false,
            Duration.ofSeconds(30),
            Optional.empty(),
            Overlap.AUTO,
            (_, _, shards) -> shards);

    /**
     * Returns this exchange with other formats.
     *
     * @param other the wire format of partials
     */
    public Exchange withFormats(Formats other) {
        return new Exchange(other, collective, reach, allowSaturation, peerTimeout, mpiLibrary, overlap, offload);
    }

    /**
     * Returns this exchange with partials encoded and summed elsewhere.
     *
     * @param other lets other devices do that
     */
    public Exchange withOffload(Offload other) {
        return new Exchange(formats, collective, reach, allowSaturation, peerTimeout, mpiLibrary, overlap, other);
    }

    /**
     * Returns this exchange with or without overlap.
     *
     * @param other whether a pass computes some of its rows while the partials of others travel
     */
    public Exchange withOverlap(Overlap other) {
        return new Exchange(formats, collective, reach, allowSaturation, peerTimeout, mpiLibrary, other, offload);
    }

    /** How devices of one process reach each other. */
    public enum Reach {
        /**
         * By copies from device to device where both ways have been timed and that is faster, else through the host.
         */
        AUTO,
        /** By copies from device to device where they can. */
        PEER,
        /** Through the host. */
        HOST
    }
}

package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.interconnect.policy.Algorithm;
import java.time.Duration;
import java.util.Optional;

/**
 * Options of the exchange between ranks.
 *
 * @param formats wire formats of partials
 * @param collective the collective; empty for the default of the number of ranks
 * @param reach how devices of one process exchange data
 * @param allowSaturation whether a fixed format clamps partials that are beyond its range; otherwise the run ends
 * @param peerTimeout longest time that a rank waits for another before the run ends
 * @param mpiLibrary path of the MPI library of processes that a launcher started; empty for the system's library
 * @param overlap whether a pass computes some of its rows while the partials of others are exchanged
 * @param offload factory of shards whose partials are encoded and summed on other devices
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
    /** The defaults: {@link Formats#usual()}, and a time limit of 30 seconds for other ranks. */
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
     * Returns this exchange with partials that are encoded and summed on other devices.
     *
     * @param other factory of such shards
     */
    public Exchange withOffload(Offload other) {
        return new Exchange(formats, collective, reach, allowSaturation, peerTimeout, mpiLibrary, overlap, other);
    }

    /**
     * Returns this exchange with or without overlap.
     *
     * @param other whether a pass computes some of its rows while the partials of others are exchanged
     */
    public Exchange withOverlap(Overlap other) {
        return new Exchange(formats, collective, reach, allowSaturation, peerTimeout, mpiLibrary, other, offload);
    }

    /** The path between devices of one process. */
    public enum Reach {
        /**
         * Copies from device to device if a measurement shows that they are faster, otherwise through the host.
         */
        AUTO,
        /** Copies from device to device if the devices support them. */
        PEER,
        /** Through the host. */
        HOST
    }
}

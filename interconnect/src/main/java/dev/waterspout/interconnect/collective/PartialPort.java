package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.WireFormat;

/**
 * Access to a rank's partial and residual, on the host or on a device. The port does all arithmetic of a collective.
 * With a {@link StagedPort} the collective sends the encoded bytes; with a {@link PeerPort} the devices copy them.
 */
public sealed interface PartialPort permits StagedPort, PeerPort {
    /** Returns the wire format of partials. */
    WireFormat format();

    /**
     * Adds this rank's own partial to the residual without encoding it. Used by a group of one rank.
     *
     * @param rows tokens
     */
    void addOwn(int rows);
}

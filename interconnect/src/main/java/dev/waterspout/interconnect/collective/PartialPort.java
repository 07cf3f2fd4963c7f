package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.WireFormat;

/**
 * Where a rank's partial comes from and where the sum goes, on whatever device they lie. A collective leaves all arithmetic
 * to the port; who moves the encoded bytes is the difference between its kinds.
 */
public sealed interface PartialPort permits StagedPort, PeerPort {
    /** Returns what partials travel as. */
    WireFormat format();

    /**
     * Adds this rank's own partial to the residual as it is: what a rank does that is alone.
     *
     * @param rows tokens
     */
    void addOwn(int rows);
}

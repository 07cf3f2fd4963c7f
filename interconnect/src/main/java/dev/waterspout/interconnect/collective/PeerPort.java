package dev.waterspout.interconnect.collective;

/**
 * A port whose encoded partial is read directly by the other ranks' ports, for example from the memory of a device.
 * {@link AllGather} then sends frames without payload, which announce the partials and their shape.
 *
 * <p>An encoded partial must not change while other ranks read it. No rank takes part in the next exchange before it
 * has read, or has its device read in the order that the ports have agreed on. Two alternating buffers are therefore
 * enough.
 */
public non-sealed interface PeerPort extends PartialPort {
    /**
     * Adds the encoded partials of all ranks to the residual in f32 in rank order. Called after every rank has
     * announced its own partial. The port may leave the copies and the sum to its device, behind the work that encodes
     * the partials.
     *
     * @param rows tokens
     */
    void fetchSum(int rows);
}

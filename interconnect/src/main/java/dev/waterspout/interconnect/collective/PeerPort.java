package dev.waterspout.interconnect.collective;

/**
 * A port whose encoded partial is read directly by the other ranks' ports, for example from the memory of a device.
 * {@link AllGather} then sends frames without payload, which announce the partials and their shape.
 *
 * <p>An encoded partial must not change while other ranks read it, which is until the next exchange is complete: no
 * rank takes part in the next exchange before it has read. Two alternating buffers are therefore enough.
 */
public non-sealed interface PeerPort extends PartialPort {
    /**
     * Reads the encoded partials of all ranks, and adds them to the residual in f32 in rank order. Called after every
     * rank has encoded its own partial.
     *
     * @param rows tokens
     */
    void fetchSum(int rows);
}

package dev.waterspout.interconnect.collective;

/**
 * A port whose encoded partial lies where the other ranks' ports read it themselves, such as in the memory of a device.
 * {@link AllGather} then sends frames without payload, which say that the partials are there and of what they are.
 *
 * <p>An encoded partial must stay as it is while others read it: until the exchange after its own is complete, in which
 * no rank takes part before it has read. Two buffers in turn are enough.
 */
public non-sealed interface PeerPort extends PartialPort {
    /**
     * Reads all ranks' whole encoded partials, and adds them to the residual in f32 and in rank order. Called when
     * every rank has encoded its own.
     *
     * @param rows tokens
     */
    void fetchSum(int rows);
}

package dev.waterspout.interconnect.collective;

import java.lang.foreign.MemorySegment;

/**
 * Where a rank's partial comes from and where the sum goes, on whatever device they lie. A collective moves encoded bytes
 * and leaves all arithmetic to the port.
 */
public interface PartialPort {
    /**
     * Encodes the first rows of this rank's partial.
     *
     * @param rows tokens
     * @param payload receives exactly the encoded bytes, off-heap
     */
    void encode(int rows, MemorySegment payload);

    /**
     * Adds the decoded partials of all ranks to the residual, in f32 and in rank order.
     *
     * @param payloads every rank's encoded partial, this rank's own included
     * @param rows tokens
     */
    void decodeSum(MemorySegment[] payloads, int rows);

    /**
     * Adds this rank's own partial to the residual as it is: what a rank does that is alone.
     *
     * @param rows tokens
     */
    void addOwn(int rows);
}

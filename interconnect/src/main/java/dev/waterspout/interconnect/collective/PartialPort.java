package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;

/**
 * Where a rank's partial comes from and where the sum goes, on whatever device they lie. A collective moves encoded bytes
 * and leaves all arithmetic to the port.
 */
public interface PartialPort {
    /** Returns what partials travel as. */
    WireFormat format();

    /**
     * Encodes a part of this rank's partial.
     *
     * @param tile what to encode
     * @param payload receives exactly the tile's encoded bytes, off-heap
     */
    void encode(Tile tile, MemorySegment payload);

    /**
     * Adds decoded payloads to a part of the residual, in f32 and in the order given.
     *
     * @param payloads encoded tiles of the same shape, one or more
     * @param tile where they belong
     */
    void decodeSum(MemorySegment[] payloads, Tile tile);

    /**
     * Sums decoded payloads in f32 and in the order given, and encodes the sum. Neither partial nor residual is touched.
     *
     * @param payloads encoded tiles of the same shape, one or more
     * @param tile their shape
     * @param payload receives exactly the tile's encoded bytes, off-heap
     */
    void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload);

    /**
     * Adds this rank's own partial to the residual as it is: what a rank does that is alone.
     *
     * @param rows tokens
     */
    void addOwn(int rows);
}

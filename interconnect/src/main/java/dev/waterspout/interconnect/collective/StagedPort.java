package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.RangeCheck;
import java.lang.foreign.MemorySegment;

/** A port whose encoded partial is in the process's memory, from which the collective sends it. */
public non-sealed interface StagedPort extends PartialPort {
    /**
     * Encodes a part of this rank's partial.
     *
     * @param tile the part to encode
     * @param payload receives exactly the tile's encoded bytes, off-heap
     */
    void encode(Tile tile, MemorySegment payload);

    /**
     * Counts the values of an encoded part of the partial that are beyond the format's range.
     *
     * @param tile the part
     * @param payload the bytes that {@link #encode} wrote
     * @return the number of blocks, scales or elements
     */
    default long saturated(Tile tile, MemorySegment payload) {
        return RangeCheck.count(format(), payload, tile.rows(), tile.columns());
    }

    /**
     * Adds decoded payloads to a part of the residual, in f32 and in the order given.
     *
     * @param payloads encoded tiles of the same shape, one or more
     * @param tile tile of the values
     */
    void decodeSum(MemorySegment[] payloads, Tile tile);

    /**
     * Sums decoded payloads in f32 and in the order given, and encodes the sum. Neither partial nor residual is
     * touched.
     *
     * @param payloads encoded tiles of the same shape, one or more
     * @param tile shape of the payloads
     * @param payload receives exactly the tile's encoded bytes, off-heap
     */
    void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload);
}

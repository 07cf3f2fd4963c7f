package dev.waterspout.interconnect.collective;

import java.lang.foreign.MemorySegment;

/** A port whose encoded partial passes through the process's memory: the collective moves its bytes. */
public non-sealed interface StagedPort extends PartialPort {
    /**
     * Encodes a part of this rank's partial.
     *
     * @param tile the part to encode
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
     * Sums decoded payloads in f32 and in the order given, and encodes the sum. Neither partial nor residual is
     * touched.
     *
     * @param payloads encoded tiles of the same shape, one or more
     * @param tile their shape
     * @param payload receives exactly the tile's encoded bytes, off-heap
     */
    void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload);
}

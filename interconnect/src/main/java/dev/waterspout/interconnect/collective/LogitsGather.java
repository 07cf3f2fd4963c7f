package dev.waterspout.interconnect.collective;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Gathers the logits of the whole vocabulary on rank 0, as f32. Every other rank sends one frame of
 * {@code header + rows x its vocabulary x 4} bytes.
 */
public final class LogitsGather {
    /** The rank that has all logits afterwards. */
    public static final int ROOT = RootGather.ROOT;

    private final RootGather gather;
    private final int[] shares;
    private final long vocabulary;
    private final int maxRows;
    private final int rank;

    /**
     * @param gather gather of this rank's words
     * @param shares vocabulary rows of every rank, in rank order
     * @param maxRows largest number of rows in one gather
     */
    public LogitsGather(RootGather gather, int[] shares, int maxRows) {
        if (shares.length != gather.size() || Arrays.stream(shares).anyMatch(share -> share < 0)) {
            throw new IllegalArgumentException("vocabulary shares " + Arrays.toString(shares) + " for a group of "
                    + gather.size() + " ranks; each rank must have one, of at least 0 rows");
        }
        if (maxRows < 1) {
            throw new IllegalArgumentException("gathers of at most " + maxRows + " rows; it must be at least 1");
        }
        this.gather = gather;
        this.shares = shares.clone();
        this.vocabulary = Arrays.stream(shares).asLongStream().sum();
        this.maxRows = maxRows;
        this.rank = gather.rank();
    }

    /**
     * Gathers logits.
     *
     * @param local this rank's logits, f32 {@code [rows][share]}
     * @param rows tokens
     * @param logits on rank 0 f32 {@code [rows][vocabulary]}, filled in rank order; not touched on other ranks
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, is late or sends another frame than
     *     expected
     */
    public void gather(MemorySegment local, int rows, MemorySegment logits) {
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException(rows + " rows of logits; allowed are 1 to " + maxRows);
        }
        requireRows("local logits", local, rows, shares[rank]);
        if (rank == ROOT) {
            requireRows("logits", logits, rows, vocabulary);
            place(local, gather.receive(rows, shares), rows, logits);
        } else {
            MemorySegment payload = gather.payload(rows, shares[rank]);
            payload.copyFrom(local.asSlice(0, payload.byteSize()));
            gather.send(rows, shares[rank]);
        }
    }

    private void place(MemorySegment local, MemorySegment[] payloads, int rows, MemorySegment logits) {
        long first = 0;
        for (int peer = 0; peer < shares.length; peer++) {
            MemorySegment source = peer == ROOT ? local : payloads[peer];
            long width = (long) shares[peer] * Float.BYTES;
            for (int row = 0; row < rows; row++) {
                MemorySegment.copy(source, row * width, logits, (row * vocabulary + first) * Float.BYTES, width);
            }
            first += shares[peer];
        }
    }

    private static void requireRows(String name, MemorySegment segment, int rows, long width) {
        long needed = rows * width * Float.BYTES;
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " of " + segment.byteSize() + " bytes for " + rows + " rows of "
                    + width + "; it must have at least " + needed);
        }
    }
}

package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.kernels.codec.WireFormat;

/** Messages of at most two rows: the sum is the same, and each chunk has its own header and sequence number. */
class ChunkedAllGatherTest extends AllGatherTest {
    private static final int CHUNK_ROWS = 2;

    @Override
    Collective collective(Member member, WireFormat format, int maxRows, int columns) {
        return new AllGather(
                member.exchange(),
                format,
                member.counters(),
                new ExchangeShape(maxRows, columns, CHUNK_ROWS),
                member.arena());
    }

    @Override
    Traffic traffic(Wire wire, int rank, int ranks, int rows, int columns) {
        int chunks = Math.ceilDiv(rows, CHUNK_ROWS);
        long bytes = (ranks - 1) * (wire.frameBytes(rows, columns) + (chunks - 1L) * Wire.HEADER_BYTES);
        return new Traffic(bytes, bytes, (long) chunks * (ranks - 1));
    }
}

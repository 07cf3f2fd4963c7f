package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.kernels.codec.WireFormat;

/**
 * Sends all chunks before waiting for the first one. Sums, messages and sequence numbers equal those of sending one
 * chunk ahead.
 */
class AheadAllGatherTest extends ChunkedAllGatherTest {
    private static final int CHUNK_ROWS = 2;

    @Override
    Collective collective(Member member, WireFormat format, int maxRows, int columns) {
        ExchangeShape shape = new ExchangeShape(maxRows, columns, CHUNK_ROWS);
        return Algorithm.ALLGATHER.ahead(member.exchange(), format, member.counters(), shape, member.arena());
    }
}

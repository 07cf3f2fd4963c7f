package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.kernels.codec.WireFormat;

class AllGatherTest extends CollectiveContractTest {
    @Override
    Collective collective(Member member, WireFormat format, int maxRows, int columns) {
        return new AllGather(
                member.exchange(),
                format,
                member.counters(),
                new ExchangeShape(maxRows, columns, maxRows),
                member.arena());
    }

    @Override
    float[] reference(WireFormat format, float[][] partials, int columns, float[] residual) {
        return ReferenceSums.add(ReferenceSums.sum(format, partials, columns), residual);
    }

    @Override
    Traffic traffic(Wire wire, int rank, int ranks, int rows, int columns) {
        long bytes = (ranks - 1) * wire.frameBytes(rows, columns);
        return new Traffic(bytes, bytes, ranks - 1);
    }

    @Override
    CollectiveKind kind() {
        return CollectiveKind.ALLGATHER;
    }

    @Override
    int sequenceStep() {
        return 1;
    }
}

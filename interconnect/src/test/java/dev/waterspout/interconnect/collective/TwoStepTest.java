package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.kernels.codec.WireFormat;

class TwoStepTest extends CollectiveContractTest {
    @Override
    Collective collective(Member member, WireFormat format, int maxRows, int columns) {
        return new TwoStep(
                member.exchange(),
                format,
                member.counters(),
                new ExchangeShape(maxRows, columns, chunkRows(maxRows)),
                member.arena());
    }

    int chunkRows(int maxRows) {
        return maxRows;
    }

    /** The sum of the decoded partials is encoded and decoded once more. */
    @Override
    float[] reference(WireFormat format, float[][] partials, int columns, float[] residual) {
        float[] sum = ReferenceSums.sum(format, partials, columns);
        return ReferenceSums.add(partials.length == 1 ? sum : ReferenceSums.travel(format, sum, columns), residual);
    }

    @Override
    Traffic traffic(Wire wire, int rank, int ranks, int rows, int columns) {
        long sent = 0;
        long received = 0;
        long messages = 0;
        if (ranks > 1) {
            for (Tile chunk : new ExchangeShape(rows, columns, chunkRows(rows)).chunks(0, rows, ranks)) {
                Tile[] parts = chunk.split(ranks, wire.format().columnUnit());
                for (int peer = 0; peer < ranks; peer++) {
                    if (!parts[peer].isEmpty()) {
                        long bytes = wire.frameBytes(parts[peer].rows(), parts[peer].columns());
                        int times = peer == rank ? ranks - 1 : 1;
                        sent += times * bytes;
                        received += times * bytes;
                        messages += times;
                    }
                }
            }
        }
        return new Traffic(sent, received, messages);
    }

    @Override
    CollectiveKind kind() {
        return CollectiveKind.TWOSTEP;
    }

    @Override
    int sequenceStep() {
        return 2;
    }
}

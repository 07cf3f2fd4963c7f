package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

class AllGatherTest extends CollectiveContractTest {
    @Override
    Collective collective(Member member, WireFormat format, int maxRows, int columns) {
        return new AllGather(member.exchange(), format, member.counters(), maxRows, columns, member.arena());
    }

    /**
     * Every partial there and back through the reference codec, summed in rank order; one rank's partial stays exact.
     */
    @Override
    float[] reference(WireFormat format, float[][] partials, int columns, float[] residual) {
        float[] sum = new float[residual.length];
        for (int rank = 0; rank < partials.length; rank++) {
            float[] travelled = partials.length == 1 ? partials[rank] : travel(format, partials[rank], columns);
            for (int i = 0; i < sum.length; i++) {
                sum[i] = rank == 0 ? travelled[i] : sum[i] + travelled[i];
            }
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] += residual[i];
        }
        return sum;
    }

    private static float[] travel(WireFormat format, float[] partial, int columns) {
        PartialCodec codec = PartialCodec.reference(format);
        int rows = partial.length / columns;
        MemorySegment packed = Arena.ofAuto().allocate(format.encodedBytes(rows, columns));
        codec.encode(Floats.segment(partial), rows, columns, packed);
        MemorySegment decoded = Floats.segment(new float[partial.length]);
        codec.decode(packed, rows, columns, decoded);
        return Floats.array(decoded);
    }

    @Override
    Traffic traffic(Wire wire, int ranks, int rows, int columns) {
        long bytes = (ranks - 1) * wire.frameBytes(rows, columns);
        return new Traffic(bytes, bytes, ranks - 1);
    }

    @Override
    int sequenceStep() {
        return 1;
    }
}

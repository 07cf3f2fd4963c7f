package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.DevicePackets;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The fused sum of encoded partials and residual. Every bit must equal that of the scalar codec.
 *
 * @param format block-quantized or bf16
 * @param ranks partials
 * @param columns elements of a row
 * @param tokens tokens of the largest chunk
 * @param timedTokens number of tokens of a timed launch
 */
public record SumCase(WireFormat format, int ranks, int columns, int tokens, int timedTokens) implements TuneCase {
    @Override
    public KernelShape shape() {
        return KernelShape.dequantizeSum(format, ranks, columns, tokens);
    }

    @Override
    public long bytes() {
        return ranks * format.encodedBytes(timedTokens, columns) + 2L * timedTokens * columns * Float.BYTES;
    }

    @Override
    public long flops() {
        return 0;
    }

    @Override
    public TuneOperands operands() {
        return new Operands();
    }

    private final class Operands implements TuneOperands {
        private final DeviceCodec codec = DeviceCodec.of(format, columns);
        private final ByteArray packets;
        private final FloatArray before;
        private final FloatArray residual;
        private final FloatArray expected;
        private final IntArray step = Step.allocate();
        private final FloatArray powers = DeviceTables.create();

        Operands() {
            Random random = new Random(columns);
            int elements = Math.multiplyExact(tokens, columns);
            long packetBytes = codec.packedBytes(tokens);
            this.packets = new ByteArray(Math.toIntExact(ranks * packetBytes));
            packets.init((byte) 0);
            this.before = Fill.gaussian(random, elements);
            this.residual = new FloatArray(elements);
            this.expected = FloatArray.fromArray(Arrays.copyOf(before.toHeapArray(), timedTokens * columns));
            PartialCodec reference = PartialCodec.reference(format);
            MemorySegment[] packed = new MemorySegment[ranks];
            for (int rank = 0; rank < ranks; rank++) {
                packed[rank] =
                        packets.getSegment().asSlice(rank * packetBytes, format.encodedBytes(timedTokens, columns));
                FloatArray partial = Fill.gaussian(random, timedTokens * columns);
                reference.encode(partial.getSegment(), timedTokens, columns, packed[rank]);
            }
            reference.decodeSum(packed, timedTokens, columns, expected.getSegment());
            step.set(Step.ROWS, timedTokens);
        }

        @Override
        public KernelGraph graph(String name, KernelDevice device) {
            KernelGraph graph = new KernelGraph(name, device, tokens, step, powers);
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step, residual)
                    .transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters(), powers, packets);
            graph.dequantizeSum("sum", codec, DevicePackets.in(packets, ranks), residual);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, residual);
            return graph;
        }

        @Override
        public void prepare(int run) {
            residual.getSegment().copyFrom(before.getSegment());
        }

        @Override
        public Optional<String> mismatch() {
            MemorySegment sums =
                    residual.getSegment().asSlice(0, expected.getSegment().byteSize());
            long at = expected.getSegment().mismatch(sums);
            return at < 0 ? Optional.empty() : Optional.of("element " + at / Float.BYTES + " has other bits");
        }
    }
}

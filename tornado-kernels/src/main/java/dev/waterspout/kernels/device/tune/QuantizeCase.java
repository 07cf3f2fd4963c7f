package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Random;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The encoding of a partial. Every bit must equal that of the scalar codec.
 *
 * @param format block-quantized or bf16
 * @param columns elements of a row
 * @param tokens tokens of the largest chunk
 * @param timedTokens number of tokens of a timed launch
 */
public record QuantizeCase(WireFormat format, int columns, int tokens, int timedTokens) implements TuneCase {
    @Override
    public KernelShape shape() {
        return KernelShape.quantize(format, columns, tokens);
    }

    @Override
    public long bytes() {
        return (long) timedTokens * columns * Float.BYTES + format.encodedBytes(timedTokens, columns);
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
        private final FloatArray partial = Fill.gaussian(new Random(columns), Math.multiplyExact(tokens, columns));
        private final ByteArray packed = new ByteArray(codec.packedBytes(tokens));
        private final MemorySegment expected = Arena.ofAuto().allocate(format.encodedBytes(timedTokens, columns));
        private final IntArray step = Step.allocate();
        private final FloatArray powers = DeviceTables.create();

        Operands() {
            step.set(Step.ROWS, timedTokens);
            PartialCodec.reference(format).encode(partial.getSegment(), timedTokens, columns, expected);
        }

        @Override
        public KernelGraph graph(String name, KernelDevice device) {
            KernelGraph graph = new KernelGraph(name, device, tokens, step, powers);
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                    .transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters(), powers, partial, packed);
            graph.quantize("pack", codec, partial, packed);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, packed);
            return graph;
        }

        @Override
        public void prepare(int run) {
            // The complement of the expected bytes, so that no byte is right by chance.
            MemorySegment bytes = packed.getSegment();
            for (long i = 0; run == 0 && i < expected.byteSize(); i++) {
                bytes.set(ValueLayout.JAVA_BYTE, i, (byte) ~expected.get(ValueLayout.JAVA_BYTE, i));
            }
        }

        @Override
        public Optional<String> mismatch() {
            long at = expected.mismatch(packed.getSegment().asSlice(0, expected.byteSize()));
            return at < 0 ? Optional.empty() : Optional.of("byte " + at + " differs");
        }
    }
}

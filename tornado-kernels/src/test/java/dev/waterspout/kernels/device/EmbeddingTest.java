package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Compares the embedding of tokens, at the beginning of the first half layer, with the host's reference. */
class EmbeddingTest {
    private static final int[] WIDTHS = {1, 31, 64, 1021, 4098};
    private static final int[] TOKENS = {6, 0, 10, 10};

    static Stream<Arguments> formats() {
        return TestDevice.ofEachKind()
                .flatMap(device -> Stream.of(WeightFormat.values()).map(f -> Arguments.of(device, f)));
    }

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind();
    }

    @ParameterizedTest
    @MethodSource("formats")
    void isExact(TestDevice device, WeightFormat format) {
        for (int width : format.blockElements() > 1
                ? new int[] {format.blockElements(), 3 * format.blockElements(), 4096}
                : WIDTHS) {
            DeviceWeights table = Operands.weights(new Random(width), format, 1, 11, width);
            Begun begun = new Begun(PlainFormat.F32, width, TOKENS.length);
            begun.run(device, table.forProducts(), 0, 1);
            Operands.assertSameBits(begun.residual, rows(table, TOKENS));
            Operands.assertSameBits(begun.y, begun.residual);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void isExactOfEveryF16AndBf16(TestDevice device) {
        for (WeightFormat format : new WeightFormat[] {WeightFormat.F16, WeightFormat.BF16}) {
            int width = 1 << 16;
            DeviceWeights table = Operands.weights(new Random(1), format, 1, 1, width);
            for (int i = 0; i < width; i++) {
                table.bytes().set(2 * i, (byte) i);
                table.bytes().set(2 * i + 1, (byte) (i >> 8));
            }
            FloatArray expected = rows(table, 0);
            Begun begun = new Begun(PlainFormat.F32, width, 1);
            begun.run(device, table.forProducts(), 0, 1);
            for (int i = 0; i < width; i++) {
                if (Float.isNaN(expected.get(i))) {
                    assertThat(Float.isFinite(begun.residual.get(i))).isFalse();
                    expected.set(i, begun.residual.get(i));
                }
            }
            Operands.assertSameBits(begun.residual, expected);
        }
    }

    /** In later layers the same task adds packets to the residual stream. */
    @ParameterizedTest
    @MethodSource("devices")
    void isScaledInLayer0Only(TestDevice device) {
        int width = 192;
        DeviceWeights table = Operands.weights(new Random(2), WeightFormat.Q8_0, 1, 11, width);
        FloatArray scaled = rows(table, TOKENS);
        for (int i = 0; i < scaled.getSize(); i++) {
            scaled.set(i, scaled.get(i) * 3f);
        }
        for (String format : new String[] {"f32", "e2m1:32:e8m0"}) {
            Begun begun = new Begun(WireFormat.parse(format), width, TOKENS.length);
            FloatArray before = Operands.copy(begun.residual);
            begun.run(device, table.forProducts(), 1, 3);
            Operands.assertSameBits(begun.residual, before);
            begun.run(device, table.forProducts(), 0, 3);
            Operands.assertSameBits(begun.residual, scaled);
        }
    }

    private static FloatArray rows(DeviceWeights table, int... tokens) {
        FloatArray rows = Operands.zeros(tokens.length * table.columns());
        for (int row = 0; row < tokens.length; row++) {
            long offset = (long) row * table.columns() * Float.BYTES;
            HostKernels.scalar().embed(Operands.matrix(table, 0), tokens[row], rows.getSegment(), offset);
        }
        for (int i = 0; i < rows.getSize(); i++) {
            // The sum of no packets, 0, is added: the negative zero becomes 0.
            rows.set(i, rows.get(i) + 0f);
        }
        return rows;
    }

    /** The residual stream at the beginning of a half layer that adds no packets and has no norm. */
    private static final class Begun {
        final FloatArray residual;
        final FloatArray y;
        private final DeviceCodec codec;
        private final int count;

        Begun(WireFormat format, int width, int count) {
            this.codec = DeviceCodec.of(format, width);
            this.count = count;
            this.residual = Operands.gaussian(new Random(3), count * width);
            this.y = Operands.zeros(count * width);
        }

        void run(TestDevice device, DeviceWeights table, int layer, float scale) {
            IntArray step = Operands.step(layer, count);
            step.set(Step.OWN_PACKET, 1);
            FloatArray powers = DeviceTables.create();
            TornadoNativeArray packet = codec.format() == PlainFormat.F32
                    ? new FloatArray(residual.getSize())
                    : new ByteArray(codec.packedBytes(count));
            DeviceCache cache = new DeviceCache(new FloatArray(8), new FloatArray(8), 1, 8, 1);
            RowPlaces places = new RowPlaces(cache, count, 1);
            places.add(0, count, 0);
            places.setTokens(count == 1 ? new int[] {0} : TOKENS);
            KernelGraph graph = new KernelGraph("begin", device.kernels(), count, step, powers);
            graph.taskGraph()
                    .transferToDevice(
                            DataTransferMode.EVERY_EXECUTION,
                            step,
                            powers,
                            codec.parameters(),
                            packet,
                            table.data(),
                            places.data(),
                            residual,
                            y);
            ResidualSum sum = new ResidualSum(codec, DevicePackets.in(packet, 1), null, 0, 1, residual, count);
            graph.embedAndNormalize("begin", new DeviceEmbedding(table, places, scale), sum, null, y);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y, residual);
            device.run(graph);
        }
    }
}

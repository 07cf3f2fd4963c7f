package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Compares products whose outputs are encoded by one task with a product and an encoding of their own. */
class EncodedProductTest {
    private static final int TOKENS = 2;
    private static final int LAYERS = 2;
    private static final int COLUMNS = 256;

    /** Weights, outputs and wire format, and the launches that they take on a GPU. */
    record Case(WeightFormat weights, int rows, String wire, boolean bias, int launches) {}

    static Stream<Arguments> cases() {
        return Stream.concat(TestDevice.ofEachKind(), TestDevice.withTensorCores())
                .filter(device -> device.kernels().variant() == KernelVariant.GROUPS)
                .flatMap(device -> Stream.of(device, device.rounding()))
                .flatMap(device -> Stream.of(
                                new Case(WeightFormat.Q8_0, 96, "e2m1:32:e8m0", true, 1),
                                new Case(WeightFormat.F16, 64, "e4m3:16:e4m0", false, 1),
                                new Case(WeightFormat.Q4_K, 32, "e2m1:8:f16", false, 1),
                                new Case(WeightFormat.Q8_0, 96, "e2m1:32:e5m0", true, 2),
                                new Case(WeightFormat.Q8_0, 72, "e2m1:32:e8m0", false, 2),
                                new Case(WeightFormat.F32, 64, "e2m1:32:e8m0", false, 2),
                                new Case(WeightFormat.Q8_0, 64, "bf16", false, 2))
                        .map(each -> Arguments.of(device, each)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void hasTheBitsOfTwoTasks(TestDevice device, Case each) {
        Random random = new Random(each.hashCode());
        DeviceWeights w = Operands.weights(random, each.weights, LAYERS, each.rows, COLUMNS)
                .forProducts();
        FloatArray bias = each.bias ? Operands.gaussian(random, LAYERS * each.rows) : null;
        FloatArray x = Operands.gaussian(random, TOKENS * COLUMNS);
        DeviceCodec codec = DeviceCodec.of(WireFormat.parse(each.wire), each.rows);
        FloatArray expected = Operands.zeros(TOKENS * each.rows);
        ByteArray expectedBytes = bytes(codec);
        KernelGraph two = graph(device, w, bias, x, codec);
        two.linear("product", w, bias, x, expected);
        two.quantize("quantize", codec, expected, expectedBytes);
        two.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, expected, expectedBytes);
        device.run(two);

        FloatArray partial = Operands.zeros(TOKENS * each.rows);
        ByteArray packed = bytes(codec);
        KernelGraph one = graph(device, w, bias, x, codec);
        new EncodedProduct(one).add("product", w, bias, x, partial, codec, packed);
        one.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, partial, packed);
        device.run(one);

        assertThat(one.launches()).isEqualTo(each.launches);
        Operands.assertSameBits(partial, expected);
        assertThat(packed.toHeapArray()).isEqualTo(expectedBytes.toHeapArray());
    }

    private static ByteArray bytes(DeviceCodec codec) {
        ByteArray bytes = new ByteArray(codec.packedBytes(TOKENS));
        bytes.init((byte) 0);
        return bytes;
    }

    private static KernelGraph graph(
            TestDevice device, DeviceWeights w, @Nullable FloatArray bias, FloatArray x, DeviceCodec codec) {
        IntArray step = Operands.step(1, TOKENS);
        FloatArray powers = DeviceTables.create();
        KernelGraph graph = new KernelGraph("encoded", device.kernels(), TOKENS, step, powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, step, powers, w.data(), x, codec.parameters());
        if (bias != null) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, bias);
        }
        return graph;
    }
}

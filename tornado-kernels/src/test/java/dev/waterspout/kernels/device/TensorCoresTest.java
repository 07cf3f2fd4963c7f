package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.device.kernels.LinearTensorKernels;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products on tensor cores. */
class TensorCoresTest {
    private static final int LAYERS = 2;

    /**
     * Relative to the largest output. A product of two numbers has an error of 2^-16 at most, and a function of two
     * operands adds the errors of both.
     */
    private static final double TOLERANCE = 0x1p-15;

    /** A function of two operands has whole panels. */
    private static final List<Product> SIZES = List.of(
            new Product(1, 256, 9, null),
            new Product(17, 96, 33, null),
            // More rows and more tokens than a tile.
            new Product(131, 32, 70, null),
            new Product(24, 96, 12, GateFunction.SWIGLU),
            // More rows than a tile.
            new Product(136, 32, 10, GateFunction.GEGLU),
            new Product(31, 256, 10, GateFunction.GELU));

    private static final List<WeightFormat> FORMATS = List.of(
            WeightFormat.Q4_K,
            WeightFormat.Q8_0,
            WeightFormat.Q4_0,
            WeightFormat.F16,
            WeightFormat.Q8_0,
            WeightFormat.Q6_K);

    /** Each size with one type. */
    static Stream<Arguments> sizes() {
        return TestDevice.withTensorCores()
                .flatMap(device -> IntStream.range(0, SIZES.size())
                        .mapToObj(i -> Arguments.of(device, FORMATS.get(i), SIZES.get(i), i % 2 == 0)));
    }

    /** Each other type with passes of few tokens and of more. */
    static Stream<Arguments> types() {
        return TestDevice.withTensorCores()
                .flatMap(device -> Stream.of(WeightFormat.values())
                        .filter(format -> !FORMATS.contains(format) && Panels.exist(format, 256))
                        .flatMap(format -> Stream.of(9, 17)
                                .map(rows -> Arguments.of(device, format, new Product(1, 256, rows, null), true))));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("types")
    void everyTypeEqualsTheHost(TestDevice device, WeightFormat format, Product size, boolean biased) {
        equalsTheHost(device, format, size, biased);
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("sizes")
    void equalsTheHost(TestDevice device, WeightFormat format, Product size, boolean biased) {
        int parts = size.parts();
        int columns = size.columns();
        Random random = new Random(size.outputs());
        DeviceWeights weights = Operands.weights(random, format, LAYERS, parts * size.outputs(), columns);
        DeviceWeights panels = weights.forProducts();
        FloatArray x = Operands.gaussian(random, size.rows() * columns);
        FloatArray bias = biased ? Operands.gaussian(random, LAYERS * parts * size.outputs()) : null;
        FloatArray y = Operands.zeros(size.rows() * size.outputs());
        IntArray step = Operands.step(0, size.rows());
        FloatArray powers = DeviceTables.create();
        TestDevice cores = device.multiplying(KernelCut.TENSOR, LinearTensorKernels.ITEMS);
        KernelGraph graph = new KernelGraph("tensor", cores.kernels(), size.rows(), step, powers);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, y);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, powers, panels.data(), x);
        if (bias != null) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, bias);
        }
        size.add(graph, panels, bias, x, y);
        assertThat(graph.tensorSums.areUsed())
                .as("tensor cores compute the product")
                .isTrue();
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        try (TestDevice.TestPlan plan = device.plan(graph)) {
            plan.execute();
            Operands.assertClose(y, size.expected(weights, 0, x, size.rows(), bias), TOLERANCE);
            int rows = (size.rows() + 1) / 2;
            step.set(Step.LAYER, 1);
            step.set(Step.ROWS, rows);
            plan.execute();
            Operands.assertClose(y, size.expected(weights, 1, x, rows, bias), TOLERANCE);
        }
    }

    static Stream<TestDevice> devices() {
        return TestDevice.withTensorCores();
    }

    /** A row keeps its bits whether its pass is one of the decode phase or one of prefill. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("devices")
    void graphsOfFewTokensHaveTheBitsOfLargeOnes(TestDevice device) {
        Product size = new Product(40, 352, 11, GateFunction.SWIGLU);
        Random random = new Random(7);
        DeviceWeights panels = Operands.weights(random, WeightFormat.Q5_0, 1, 2 * size.outputs(), size.columns())
                .forProducts();
        FloatArray x = Operands.gaussian(random, 70 * size.columns());
        List<float[]> results = new ArrayList<>();
        for (int maxRows : new int[] {11, 16, 70}) {
            FloatArray y = Operands.zeros(70 * size.outputs());
            FloatArray powers = DeviceTables.create();
            IntArray step = Operands.step(0, size.rows());
            KernelGraph graph = new KernelGraph("tensor", device.kernels(), maxRows, 70, step, powers);
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, powers, panels.data(), x, y);
            size.add(graph, panels, null, x, y);
            assertThat(graph.tensorSums.areUsed()).isTrue();
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
            device.run(graph);
            results.add(Arrays.copyOf(y.toHeapArray(), size.rows() * size.outputs()));
        }
        assertThat(results.get(0)).isEqualTo(results.get(2)).doesNotContain(0f);
        assertThat(results.get(1)).isEqualTo(results.get(2));
    }

    @Test
    void onlyDevicesWithTensorCoresAreOfferedThem() {
        DeviceLimits limits = new DeviceLimits(1024, 1024, 64, 48 << 10, 16);
        KernelDevice without = new KernelDevice(KernelVariant.GROUPS, limits);
        KernelDevice with = new KernelDevice(KernelVariant.GROUPS, limits, KernelChoices.DEFAULTS, true);
        KernelShape prefill = KernelShape.linear(WeightFormat.Q4_K, 512, 256, 512);
        KernelChoice tensor = new KernelChoice(KernelCut.TENSOR, 1, LinearTensorKernels.ITEMS);

        assertThat(KernelCandidates.of(prefill, with)).first().isEqualTo(tensor);
        assertThat(KernelCandidates.of(prefill, without)).doesNotContain(tensor);
        assertThat(KernelCandidates.problem(prefill, tensor, without))
                .hasValueSatisfying(why -> assertThat(why).contains("by 'tensor, groups of 256'; there are"));
        for (KernelShape other : List.of(
                KernelShape.linear(WeightFormat.Q4_K, 512, 256, 1),
                KernelShape.linear(WeightFormat.F32, 512, 256, 512),
                KernelShape.attention(4, 64, 512))) {
            assertThat(KernelCandidates.of(other, with)).doesNotContain(tensor);
        }
        KernelDevice small = new KernelDevice(
                KernelVariant.GROUPS, new DeviceLimits(128, 128, 64, 48 << 10, 16), KernelChoices.DEFAULTS, true);
        assertThat(KernelCandidates.of(prefill, small)).doesNotContain(tensor);
    }
}

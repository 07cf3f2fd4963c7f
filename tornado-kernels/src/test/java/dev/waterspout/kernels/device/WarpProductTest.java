package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products by warps, which add their sums by shuffles. */
class WarpProductTest {
    private static final int LAYERS = 2;

    /** Relative to the largest output, for sums of f32 in different orders. */
    private static final double TOLERANCE = 2e-6;

    /** A function of two operands has whole panels. */
    private static final List<Product> PRODUCTS = List.of(
            new Product(40, 256, 1, null),
            new Product(17, 96, 5, null),
            new Product(72, 96, 3, GateFunction.SWIGLU),
            new Product(24, 352, 11, GateFunction.GEGLU),
            new Product(31, 512, 16, GateFunction.GELU),
            new Product(8, 768, 20, null));

    private static final List<WeightFormat> FORMATS = List.of(
            WeightFormat.Q4_K,
            WeightFormat.Q8_0,
            WeightFormat.Q4_0,
            WeightFormat.F16,
            WeightFormat.Q6_K,
            WeightFormat.Q4_K);

    /** Each size with one type, in groups of all sizes. */
    static Stream<Arguments> sizes() {
        return TestDevice.withTensorCores()
                .flatMap(device -> IntStream.range(0, PRODUCTS.size())
                        .mapToObj(i -> Arguments.of(device, FORMATS.get(i), PRODUCTS.get(i), 32 << (i % 4))));
    }

    /** Each other type with one size. */
    static Stream<Arguments> types() {
        return TestDevice.withTensorCores()
                .flatMap(device -> Stream.of(WeightFormat.values())
                        .filter(format -> !FORMATS.contains(format) && Panels.exist(format, 256))
                        .map(format -> Arguments.of(device, format, PRODUCTS.getFirst(), 256)));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("types")
    void everyTypeEqualsTheHost(TestDevice device, WeightFormat format, Product product, int items) {
        equalsTheHost(device, format, product, items);
    }

    /** A pass of fewer tokens gives their bits: what is computed for a token does not depend on the others. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("sizes")
    void equalsTheHost(TestDevice device, WeightFormat format, Product product, int items) {
        Random random = new Random(product.outputs());
        DeviceWeights weights =
                Operands.weights(random, format, LAYERS, product.parts() * product.outputs(), product.columns());
        DeviceWeights panels = weights.forProducts();
        FloatArray x = Operands.gaussian(random, product.rows() * product.columns());
        FloatArray bias = items > 32 ? Operands.gaussian(random, LAYERS * weights.rows()) : null;
        FloatArray y = Operands.zeros(product.rows() * product.outputs());
        IntArray step = Operands.step(1, product.rows());
        FloatArray powers = DeviceTables.create();
        TestDevice warps = device.multiplying(KernelCut.WARP, items);
        KernelGraph graph = new KernelGraph("warp", warps.kernels(), product.rows(), step, powers);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, y);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, powers, panels.data(), x);
        if (bias != null) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, bias);
        }
        product.add(graph, panels, bias, x, y);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        try (TestDevice.TestPlan plan = warps.plan(graph)) {
            plan.execute();
            Operands.assertClose(y, product.expected(weights, 1, x, product.rows(), bias), TOLERANCE);
            float[] all = y.toHeapArray();
            int rows = (product.rows() + 2) / 3;
            step.set(Step.ROWS, rows);
            plan.execute();
            assertThat(Arrays.copyOf(y.toHeapArray(), rows * product.outputs()))
                    .isEqualTo(Arrays.copyOf(all, rows * product.outputs()));
        }
    }
}

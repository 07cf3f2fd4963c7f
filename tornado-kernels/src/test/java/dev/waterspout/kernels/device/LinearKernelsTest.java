package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.WeightFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class LinearKernelsTest {
    private static final int LAYERS = 2;

    static Stream<Arguments> formats() {
        KernelShape shape = KernelShape.linear(WeightFormat.Q8_0, 64, 64, 64);
        return Stream.concat(TestDevice.all(), TestDevice.choosing(shape))
                .flatMap(device -> Stream.of(WeightFormat.values()).map(f -> Arguments.of(device, f)));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void equalsTheHostAtOddSizes(TestDevice device, WeightFormat format) {
        boolean blocks = format.blockElements() > 1;
        check(device, format, 1, blocks ? 32 : 1, 1, false);
        check(device, format, 65, blocks ? 64 : 33, 3, true);
        check(device, format, 31, blocks ? 1024 : 1021, 9, false);
        // More outputs and more tokens than a tile.
        check(device, format, 17, blocks ? 96 : 65, 33, true);
        // More tokens than a tile has where every item takes four.
        check(device, format, 5, blocks ? 32 : 17, 67, false);
        check(device, format, 3, blocks ? 4096 : 4098, 2, true);
    }

    private static void check(
            TestDevice device, WeightFormat format, int outputs, int columns, int maxRows, boolean withBias) {
        Random random = new Random(outputs);
        DeviceWeights weights = Operands.weights(random, format, LAYERS, outputs, columns);
        FloatArray x = Operands.gaussian(random, maxRows * columns);
        FloatArray bias = withBias ? Operands.gaussian(random, LAYERS * outputs) : null;
        FloatArray y = Operands.zeros(maxRows * outputs);
        IntArray step = Operands.step(0, 0, maxRows);
        FloatArray powers = DeviceTables.powersOfTwo();
        KernelGraph graph = new KernelGraph("linear", device.kernels(), maxRows, step, powers);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, y);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, powers, weights.data(), x);
        if (bias != null) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, bias);
        }
        graph.linear("product", weights, bias, x, y, RowCount.CHUNK);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        // One compiled graph serves every layer and chunk.
        try (TestDevice.TestPlan plan = device.plan(graph)) {
            plan.execute();
            Operands.assertClose(y, expected(weights, 0, x, maxRows, bias), 1e-5);
            int rows = (maxRows + 1) / 2;
            step.set(Step.LAYER, 1);
            step.set(Step.ROWS, rows);
            plan.execute();
            Operands.assertClose(y, expected(weights, 1, x, rows, bias), 1e-5);
        }
    }

    private static FloatArray expected(
            DeviceWeights weights, int layer, FloatArray x, int rows, @Nullable FloatArray bias) {
        FloatArray y = Operands.zeros(rows * weights.rows());
        HostKernels host = HostKernels.scalar();
        host.linear(
                Operands.matrix(weights, layer),
                x.getSegment(),
                rows,
                y.getSegment(),
                0,
                weights.rows(),
                new HostScratch());
        if (bias != null) {
            long width = weights.rows();
            host.addBias(
                    y.getSegment(),
                    bias.getSegment().asSlice(layer * width * Float.BYTES, width * Float.BYTES),
                    weights.rows(),
                    0,
                    rows);
        }
        return y;
    }
}

package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class LinearKernelsTest {
    private static final int LAYERS = 2;

    /** Types with panels are multiplied in both layouts. */
    private static final List<WeightFormat> FORMATS = List.of(
            WeightFormat.F32,
            WeightFormat.F16,
            WeightFormat.BF16,
            WeightFormat.Q8_0,
            WeightFormat.Q4_0,
            WeightFormat.Q4_K,
            WeightFormat.Q6_K,
            WeightFormat.IQ3_S);

    private static final List<Size> SIZES = List.of(
            new Size(1, 1, 32, 1, false),
            new Size(65, 33, 64, 3, true),
            new Size(31, 1021, 1024, 9, false),
            // More outputs and more tokens than a tile.
            new Size(17, 65, 96, 33, true),
            // More tokens than a tile in which every work-item computes four.
            new Size(5, 17, 32, 67, false),
            new Size(3, 4098, 4096, 2, true));

    /** Size of a product, with separate columns for block formats. */
    record Size(int outputs, int columns, int blockColumns, int rows, boolean bias) {}

    private static List<TestDevice> devices() {
        KernelShape shape = KernelShape.linear(WeightFormat.Q8_0, 64, 64, 64);
        return Stream.concat(TestDevice.all(), TestDevice.choosing(shape)).toList();
    }

    static Stream<Arguments> pairs() {
        List<TestDevice> devices = devices();
        return Pairwise.of(devices.size(), FORMATS.size(), SIZES.size(), 2).stream()
                .map(each -> Arguments.of(devices.get(each[0]), FORMATS.get(each[1]), SIZES.get(each[2]), each[3] > 0));
    }

    static Stream<Arguments> formats() {
        return devices().stream().flatMap(device -> FORMATS.stream().map(format -> Arguments.of(device, format)));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("formats")
    void equalsTheHostAtAllOddSizes(TestDevice device, WeightFormat format) {
        SIZES.forEach(size -> equalsTheHostAtOddSizes(device, format, size, false));
        SIZES.forEach(size -> equalsTheHostAtOddSizes(device, format, size, true));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void equalsTheHostAtOddSizes(TestDevice device, WeightFormat format, Size size, boolean panels) {
        int outputs = size.outputs;
        int block = format.blockElements();
        int columns = block > 1 || panels ? Math.ceilDiv(size.blockColumns, block) * block : size.columns;
        int maxRows = size.rows;
        Random random = new Random(outputs);
        DeviceWeights weights = Operands.weights(random, format, LAYERS, outputs, columns);
        DeviceWeights multiplied = panels ? weights.inPanels() : weights;
        FloatArray x = Operands.gaussian(random, maxRows * columns);
        FloatArray bias = size.bias ? Operands.gaussian(random, LAYERS * outputs) : null;
        FloatArray y = Operands.zeros(maxRows * outputs);
        IntArray step = Operands.step(0, maxRows);
        FloatArray powers = DeviceTables.create();
        KernelGraph graph = new KernelGraph("linear", device.kernels(), maxRows, step, powers);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, y);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, powers, multiplied.data(), x);
        if (bias != null) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, bias);
        }
        graph.linear("product", multiplied, bias, x, y, RowCount.CHUNK);
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

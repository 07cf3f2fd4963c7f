package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class LinearKernelsTest {
    private static final int LAYERS = 2;

    /** Floats without panels, whose columns are no multiple of a block, are multiplied as f32. */
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

    private static final List<Gated> GATED =
            List.of(new Gated(24, 1, true), new Gated(24, 21, false), new Gated(16, 3, true), new Gated(40, 70, false));

    /** Size of a product with a function; outputs are whole panels. */
    record Gated(int outputs, int rows, boolean bias) {}

    /** Size of a product, with separate columns for block formats. */
    record Size(int outputs, int columns, int blockColumns, int rows, boolean bias) {}

    private static List<TestDevice> devices() {
        KernelShape shape = KernelShape.linear(WeightFormat.Q8_0, 64, 64, 64);
        return Stream.concat(TestDevice.ofEachKind(), TestDevice.choosing(shape))
                .toList();
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
        DeviceWeights multiplied = weights.forProducts();
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
        graph.linear("product", multiplied, bias, x, y);
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

    /** The first device of each backend, with each variant of kernels. */
    static Stream<Arguments> panelFormats() {
        List<TestDevice> devices = TestDevice.ofEachKind()
                .filter(device -> device.toString().contains(":0 "))
                .toList();
        List<WeightFormat> formats = Stream.of(WeightFormat.values())
                .filter(format -> Panels.exist(format, 32 * format.blockElements()))
                .toList();
        return Pairwise.of(devices.size(), formats.size(), 2).stream()
                .map(each -> Arguments.of(devices.get(each[0]), formats.get(each[1]), each[2] == 0 ? 1 : 9));
    }

    /** With one token and with a chunk, which have different kernels. */
    @ParameterizedTest
    @MethodSource("panelFormats")
    void multipliesEveryTypeInPanels(TestDevice device, WeightFormat format, int rows) {
        int columns = 2 * Math.max(32, format.blockElements());
        equalsTheHostAtOddSizes(device, format, new Size(9, columns, columns, rows, true), true);
    }

    static Stream<Arguments> functions() {
        List<TestDevice> devices = devices();
        GateFunction[] functions = GateFunction.values();
        List<WeightFormat> formats = List.of(WeightFormat.F32, WeightFormat.BF16, WeightFormat.Q8_0, WeightFormat.Q6_K);
        return Pairwise.of(devices.size(), formats.size(), functions.length, GATED.size()).stream()
                .map(each -> Arguments.of(
                        devices.get(each[0]), formats.get(each[1]), functions[each[2]], GATED.get(each[3])));
    }

    /** A function of two operands has gate and up one below the other, in one matrix. */
    @ParameterizedTest
    @MethodSource("functions")
    void appliesTheActivationFunction(TestDevice device, WeightFormat format, GateFunction function, Gated size) {
        int parts = function.isGated() ? 2 : 1;
        int outputs = format == WeightFormat.F32 ? size.outputs + 1 : size.outputs;
        int columns = 2 * Math.max(32, format.blockElements());
        int maxRows = size.rows;
        Random random = new Random(outputs);
        DeviceWeights weights = Operands.weights(random, format, LAYERS, parts * outputs, columns);
        DeviceWeights multiplied = weights.forProducts();
        FloatArray x = Operands.gaussian(random, maxRows * columns);
        FloatArray bias = size.bias ? Operands.gaussian(random, LAYERS * parts * outputs) : null;
        FloatArray y = Operands.zeros(maxRows * outputs);
        IntArray step = Operands.step(1, maxRows);
        FloatArray powers = DeviceTables.create();
        KernelGraph graph = new KernelGraph("gated", device.kernels(), maxRows, step, powers);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, y, powers, multiplied.data(), x);
        if (bias != null) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, bias);
        }
        graph.gatedLinear("product", multiplied, bias, function, x, y);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        device.run(graph);
        Operands.assertClose(y, activated(expected(weights, 1, x, maxRows, bias), function, maxRows, outputs), 1e-5);
    }

    @Test
    void oddHalvesHaveNoFunctionOfTwoOperands() {
        DeviceWeights odd = Operands.weights(new Random(1), WeightFormat.F32, 1, 3, 7);
        DeviceWeights even = Operands.weights(new Random(1), WeightFormat.F16, 1, 24, 32);
        assertThat(odd.activates(GateFunction.SWIGLU)).isFalse();
        assertThat(odd.activates(GateFunction.GELU)).isTrue();
        assertThat(even.activates(GateFunction.GEGLU)).isTrue();
        assertThat(even.forProducts().activates(GateFunction.GEGLU)).isFalse();
        KernelGraph graph = new KernelGraph(
                "g",
                new KernelDevice(KernelVariant.ITEMS, new DeviceLimits(256, 256, 64, 32768, 8)),
                1,
                Operands.step(0, 1),
                DeviceTables.create());
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        graph.gatedLinear("up", odd, null, GateFunction.SWIGLU, new FloatArray(7), new FloatArray(3)))
                .withMessage("task up: 3 rows of F32 are not the two parts of SWIGLU");
    }

    /** Returns the function of the two halves of each row, or of the whole row. */
    static FloatArray activated(FloatArray made, GateFunction function, int rows, int outputs) {
        FloatArray gate = Operands.zeros(rows * outputs);
        FloatArray up = Operands.zeros(rows * outputs);
        int stride = made.getSize() / rows;
        for (int i = 0; i < rows * outputs; i++) {
            int at = i / outputs * stride + i % outputs;
            gate.set(i, made.get(at));
            up.set(i, made.get(at + stride - outputs));
        }
        HostKernels.scalar().gate(function, gate.getSegment(), up.getSegment(), 0, gate.getSize());
        return gate;
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

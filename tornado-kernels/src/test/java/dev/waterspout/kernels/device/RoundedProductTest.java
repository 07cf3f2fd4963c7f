package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.machine.NoMachineCodeException;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products with inputs of 8 bits have the bits of the definition, which are those of the host's machine code. */
class RoundedProductTest {
    private static final int LAYERS = 2;

    /** Of each layout of panels at least one type. */
    private static final List<WeightFormat> FORMATS = Stream.of(WeightFormat.values())
            .filter(format -> format.quants() != null)
            .toList();

    private static final List<Size> SIZES = List.of(
            new Size(1, 1, 1, false),
            new Size(9, 5, 2, true),
            new Size(13, 3, 7, false),
            new Size(24, 2, 16, true),
            // More columns than a work-group processes at a time, and more tokens than a tile.
            new Size(5, 72, 3, false),
            new Size(17, 1, 67, true));

    /** Size of a product: rows of the matrix, blocks of 32 columns, and tokens. */
    record Size(int outputs, int blocks, int tokens, boolean bias) {}

    private static List<TestDevice> devices() {
        KernelShape shape = KernelShape.linear(WeightFormat.Q8_0, 64, 64, 64);
        return Stream.concat(TestDevice.ofEachKind(), TestDevice.choosing(shape))
                .map(TestDevice::rounding)
                .toList();
    }

    /** Each device with each size, and the types in turn. */
    static Stream<Arguments> sizes() {
        List<Arguments> cases = new ArrayList<>();
        for (TestDevice device : devices()) {
            for (Size size : SIZES) {
                cases.add(Arguments.of(device, FORMATS.get(cases.size() % FORMATS.size()), size));
            }
        }
        return cases.stream();
    }

    static Stream<Arguments> pairs() {
        List<TestDevice> devices = devices();
        return Pairwise.of(devices.size(), FORMATS.size(), SIZES.size()).stream()
                .map(each -> Arguments.of(devices.get(each[0]), FORMATS.get(each[1]), SIZES.get(each[2])));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("pairs")
    void hasTheBitsOfTheDefinitionInAllPairs(TestDevice device, WeightFormat format, Size size) {
        hasTheBitsOfTheDefinition(device, format, size);
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void hasTheBitsOfTheDefinition(TestDevice device, WeightFormat format, Size size) {
        int columns = Math.ceilDiv(32 * size.blocks, columnsOf(format)) * columnsOf(format);
        Random random = new Random(size.outputs);
        DeviceWeights weights = Operands.weights(random, format, LAYERS, size.outputs, columns);
        FloatArray x = inputs(random, size.tokens * columns);
        FloatArray bias = size.bias ? Operands.gaussian(random, LAYERS * size.outputs) : null;
        FloatArray y = Operands.zeros(size.tokens * size.outputs);
        Run run = new Run(device, weights.forProducts(), x, y, size.tokens);
        run.graph.linear("product", run.weights, bias, x, y);
        run.execute(bias);
        FloatArray expected = RoundedDefinition.of(weights, 1, x, size.tokens);
        if (bias != null) {
            for (int i = 0; i < expected.getSize(); i++) {
                expected.set(i, expected.get(i) + bias.get(size.outputs + i % size.outputs));
            }
        }
        Operands.assertSameBits(y, expected);
    }

    /** With machine code; without it the host's sums of products are rounded, too. */
    @Test
    void theDefinitionHasTheBitsOfTheHost() {
        HostKernels host = machineKernels();
        for (WeightFormat format : FORMATS) {
            Random random = new Random(7);
            int columns = 2 * columnsOf(format);
            DeviceWeights weights = Operands.weights(random, format, LAYERS, 21, columns);
            FloatArray x = inputs(random, 3 * columns);
            FloatArray y = Operands.zeros(3 * 21);
            host.linear(Operands.matrix(weights, 1), x.getSegment(), 3, y.getSegment(), 0, 21, new HostScratch());
            Operands.assertSameBits(y, RoundedDefinition.of(weights, 1, x, 3));
        }
    }

    /** Panels may have larger blocks than a type. */
    private static int columnsOf(WeightFormat format) {
        return Math.max(64, format.blockElements());
    }

    /** Ordinary inputs, and blocks with values of one magnitude, ties, tiny values, and zeros. */
    private static FloatArray inputs(Random random, int count) {
        FloatArray x = Operands.gaussian(random, count);
        for (int i = 0; i < count; i++) {
            switch (i / 32 % 7) {
                case 2 -> x.set(i, i % 2 == 0 ? 3f : -3f);
                case 3 -> x.set(i, (i % 32 == 0 ? 127f : i % 32 - 16.5f) * 0x1p-9f);
                case 4 -> x.set(i, x.get(i) * 0x1p-99f);
                case 5 -> x.set(i, 0f);
                default -> {
                    // As it is.
                }
            }
        }
        return x;
    }

    private static HostKernels machineKernels() {
        try {
            return HostKernels.machine(MachineCode.forThisMachine()).withActivations(Activations.INT8);
        } catch (NoMachineCodeException e) {
            return abort(e.getMessage());
        }
    }

    static Stream<Arguments> functions() {
        List<Arguments> cases = new ArrayList<>();
        for (TestDevice device : devices()) {
            cases.add(Arguments.of(device, WeightFormat.Q4_K, GateFunction.SWIGLU, 1));
            cases.add(Arguments.of(device, WeightFormat.Q8_0, GateFunction.GELU, 9));
        }
        return cases.stream();
    }

    /** The outputs differ by the exponential function only, which devices compute in their own way. */
    @ParameterizedTest
    @MethodSource("functions")
    void appliesTheActivationFunction(TestDevice device, WeightFormat format, GateFunction function, int tokens) {
        int parts = function.isGated() ? 2 : 1;
        Random random = new Random(3);
        DeviceWeights weights = Operands.weights(random, format, LAYERS, parts * 16, 512);
        FloatArray x = inputs(random, tokens * 512);
        FloatArray y = Operands.zeros(tokens * 16);
        Run run = new Run(device, weights.forProducts(), x, y, tokens);
        run.graph.gatedLinear("product", run.weights, null, function, x, y);
        run.execute(null);
        FloatArray made = RoundedDefinition.of(weights, 1, x, tokens);
        Operands.assertClose(y, LinearKernelsTest.activated(made, function, tokens, 16), 1e-6);
    }

    static Stream<TestDevice> rounding() {
        return devices().stream();
    }

    /** Inputs that are rounded once serve all products that follow, until something else is computed. */
    @ParameterizedTest
    @MethodSource("rounding")
    void roundsAnInputOnce(TestDevice device) {
        Random random = new Random(4);
        DeviceWeights weights = Operands.weights(random, WeightFormat.Q4_0, LAYERS, 8, 64);
        FloatArray x = inputs(random, 2 * 64);
        FloatArray y = Operands.zeros(2 * 8);
        FloatArray other = Operands.zeros(2 * 8);
        Run run = new Run(device, weights.forProducts(), x, y, 2);
        run.graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, other);
        run.graph.linear("first", run.weights, null, x, y);
        int launches = run.graph.launches();
        run.graph.linear("second", run.weights, null, x, other);
        assertThat(run.graph.launches()).isEqualTo(launches + 1);
        run.graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, other);
        run.execute(null);
        Operands.assertSameBits(other, y);
    }

    /** The matrices of experts lie one below the other, so the definition's outputs are those of all experts. */
    @ParameterizedTest
    @MethodSource("rounding")
    void multipliesWithTheChosenExperts(TestDevice device) {
        int tokens = 2;
        int rows = 16;
        Random random = new Random(6);
        DeviceWeights weights = Operands.weights(random, WeightFormat.Q4_K, LAYERS, 3 * rows, 256);
        IntArray chosen = IntArray.fromElements(2, 2, 0, -1, 1);
        FloatArray odds = Operands.gaussian(random, 4);
        FloatArray x = inputs(random, tokens * 256);
        FloatArray each = inputs(random, 4 * 256);
        FloatArray y = Operands.zeros(4 * rows);
        FloatArray ofEach = Operands.zeros(4 * rows);
        FloatArray sum = Operands.zeros(tokens * rows);
        Run run = new Run(device, weights.forProducts(), x, y, tokens);
        run.graph
                .taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, chosen, odds, each, ofEach, sum)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, ofEach, sum);
        ChosenProduct product = new ChosenProduct(chosen, 2, run.weights, rows, null);
        product.add(run.graph, "shared", x, false, y);
        product.add(run.graph, "each", each, true, ofEach);
        product.addSummed(run.graph, "summed", odds, each, sum);
        run.execute(null);

        FloatArray all = RoundedDefinition.of(weights, 1, x, tokens);
        FloatArray allOfEach = RoundedDefinition.of(weights, 1, each, 4);
        FloatArray expected = Operands.copy(y);
        FloatArray expectedOfEach = Operands.copy(ofEach);
        FloatArray expectedSum = Operands.zeros(tokens * rows);
        for (int slot = 0; slot < 4; slot++) {
            int expert = chosen.get(1 + slot);
            for (int r = 0; r < rows && expert >= 0; r++) {
                expected.set(slot * rows + r, all.get((slot / 2 * 3 + expert) * rows + r));
                float output = allOfEach.get((slot * 3 + expert) * rows + r);
                expectedOfEach.set(slot * rows + r, output);
                int at = slot / 2 * rows + r;
                expectedSum.set(at, expectedSum.get(at) + odds.get(slot) * output);
            }
        }
        Operands.assertSameBits(y, expected);
        Operands.assertSameBits(ofEach, expectedOfEach);
        Operands.assertClose(sum, expectedSum, 1e-6);
    }

    /** A block with an infinity or NaN gives results that are no numbers. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void nonFiniteInputsGiveNonFiniteOutputs(float input) {
        for (TestDevice device : devices()) {
            Random random = new Random(5);
            DeviceWeights weights = Operands.weights(random, WeightFormat.Q8_0, LAYERS, 8, 128);
            FloatArray x = Operands.gaussian(random, 128);
            x.set(77, input);
            FloatArray y = Operands.zeros(8);
            Run run = new Run(device, weights.forProducts(), x, y, 1);
            run.graph.linear("product", run.weights, null, x, y);
            run.execute(null);
            for (int row = 0; row < 8; row++) {
                assertThat(y.get(row)).as("row %d on %s", row, device).isNotFinite();
            }
        }
    }

    /** A graph whose product is that of the second layer. */
    private record Run(
            TestDevice device, DeviceWeights weights, FloatArray x, FloatArray y, IntArray step, KernelGraph graph) {
        Run(TestDevice device, DeviceWeights weights, FloatArray x, FloatArray y, int tokens) {
            IntArray step = Operands.step(1, tokens);
            this(
                    device,
                    weights,
                    x,
                    y,
                    step,
                    new KernelGraph("rounded", device.kernels(), tokens, step, DeviceTables.create()));
            graph().taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step, graph().powers, weights.data(), x, y);
        }

        void execute(@Nullable FloatArray bias) {
            if (bias != null) {
                graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, bias);
            }
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
            assertThat(step.get(Step.LAYER)).isEqualTo(1);
            device.run(graph);
        }
    }
}

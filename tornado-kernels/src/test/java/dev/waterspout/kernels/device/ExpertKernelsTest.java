package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.device.DeviceRouting.Gating;
import dev.waterspout.kernels.device.DeviceRouting.Rule;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Compares mixtures of experts with loops in double precision. */
class ExpertKernelsTest {
    private static final int ROWS = 3;
    private static final int EXPERTS = 5;

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind();
    }

    /** {@return the experts of a row, best first, and their weights} */
    private static List<double[]> expected(float[] logits, float[] bias, Rule rule) {
        double[] scores = new double[EXPERTS];
        double all = 0;
        for (int i = 0; i < EXPERTS; i++) {
            all += Math.exp(logits[i]);
        }
        for (int i = 0; i < EXPERTS; i++) {
            scores[i] = switch (rule.gating()) {
                case SOFTMAX -> Math.exp(logits[i]) / all;
                case SIGMOID -> 1 / (1 + Math.exp(-logits[i]));
                case SOFTMAX_OF_CHOSEN -> logits[i];
            };
        }
        List<double[]> chosen = new ArrayList<>();
        for (int slot = 0; slot < rule.used(); slot++) {
            int best = -1;
            for (int i = 0; i < EXPERTS; i++) {
                int each = i;
                boolean taken = chosen.stream().anyMatch(other -> other[0] == each);
                if (!taken && (best < 0 || scores[i] + bias[i] > scores[best] + bias[best])) {
                    best = i;
                }
            }
            chosen.add(new double[] {best, scores[best]});
        }
        if (rule.gating() == Gating.SOFTMAX_OF_CHOSEN) {
            chosen.forEach(each -> each[1] = Math.exp(each[1]));
        }
        double sum = chosen.stream().mapToDouble(each -> each[1]).sum();
        if (rule.normalized() || rule.gating() == Gating.SOFTMAX_OF_CHOSEN) {
            chosen.forEach(each -> each[1] /= sum);
        }
        chosen.forEach(each -> each[1] *= rule.scale());
        return chosen;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void routesLikeTheDefinition(TestDevice device) {
        for (Gating gating : Gating.values()) {
            boolean normalized = gating == Gating.SIGMOID;
            Random random = new Random(List.of(Gating.values()).indexOf(gating));
            Rule rule = new Rule(2, gating, normalized, 1.5f);
            FloatArray logits = Operands.gaussian(random, ROWS * EXPERTS);
            logits.set(1, logits.get(4)); // of equal logits the lower expert is chosen
            FloatArray bias = Operands.gaussian(random, 2 * EXPERTS);
            bias.set(EXPERTS + 1, bias.get(EXPERTS + 4));
            float[] before = logits.toHeapArray();
            IntArray chosen = DeviceRouting.chosen(ROWS, rule);
            FloatArray weights = Operands.zeros(ROWS * 2);
            DeviceRouting routing = new DeviceRouting(EXPERTS, 1, 3, rule, chosen, weights);
            KernelGraph graph =
                    new KernelGraph("route", device.kernels(), ROWS, Operands.step(1, ROWS), DeviceTables.create());
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, graph.step, graph.powers)
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, logits, bias, chosen, weights);
            new ExpertTasks(graph, routing).route("route", logits, bias);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, chosen, weights);
            device.run(graph);

            for (int row = 0; row < ROWS; row++) {
                float[] own = Arrays.copyOfRange(before, row * EXPERTS, (row + 1) * EXPERTS);
                float[] added = Arrays.copyOfRange(bias.toHeapArray(), EXPERTS, 2 * EXPERTS);
                List<double[]> wanted = expected(own, added, rule);
                for (int slot = 0; slot < 2; slot++) {
                    double[] each = wanted.get(slot);
                    int local = each[0] >= 1 && each[0] < 4 ? (int) each[0] - 1 : -1;
                    assertThat(chosen.get(1 + 2 * row + slot)).isEqualTo(local);
                    assertThat((double) weights.get(2 * row + slot)).isCloseTo(each[1], within(1e-5));
                }
            }
        }
    }

    /** Both products, with inputs of a token and of each of its experts, and the weighted sum. */
    @ParameterizedTest
    @MethodSource("devices")
    void multipliesWithTheChosenExperts(TestDevice device) {
        for (WeightFormat format : List.of(WeightFormat.F32, WeightFormat.Q8_0, WeightFormat.MXFP4)) {
            Random random = new Random(7);
            int own = 3;
            int middle = format == WeightFormat.F32 ? 4 : 8;
            int width = 32;
            Rule rule = new Rule(2, Gating.SOFTMAX, false, 1);
            IntArray chosen = IntArray.fromElements(2, 2, 0, -1, 1, 1, 2);
            FloatArray weights = Operands.gaussian(random, ROWS * 2);
            DeviceWeights up = Operands.weights(random, format, 2, own * middle, width);
            DeviceWeights multiplied = up.forProducts();
            FloatArray bias = Operands.gaussian(random, 2 * own * middle);
            DeviceWeights down = Operands.weights(random, WeightFormat.F32, 2, own * width, middle);
            FloatArray x = Operands.gaussian(random, ROWS * width);
            FloatArray between = Operands.zeros(ROWS * 2 * middle);
            FloatArray lowered = Operands.zeros(ROWS * 2 * width);
            FloatArray partial = Operands.zeros(ROWS * width);
            KernelGraph graph =
                    new KernelGraph("experts", device.kernels(), ROWS, Operands.step(1, ROWS), DeviceTables.create());
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, graph.step, graph.powers, chosen, weights)
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, multiplied.data(), bias, down.data(), x)
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, between, lowered, partial);
            ExpertTasks tasks = new ExpertTasks(graph, new DeviceRouting(EXPERTS, 0, own, rule, chosen, weights));
            tasks.linear("up", multiplied, bias, x, false, between);
            tasks.linear("down", down, null, between, true, lowered);
            tasks.sum("sum", lowered, partial, width);
            tasks.addShared("shared", null, x, partial, width);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, partial);
            device.run(graph);

            FloatArray wanted = Operands.copy(x);
            for (int slot = 0; slot < 2 * ROWS; slot++) {
                int expert = chosen.get(1 + slot);
                if (expert >= 0) {
                    FloatArray inner = product(up, own, expert, x.slice(slot / 2 * width, width));
                    for (int i = 0; i < middle; i++) {
                        inner.set(i, inner.get(i) + bias.get((own + expert) * middle + i));
                    }
                    FloatArray outer = product(down, own, expert, inner);
                    for (int i = 0; i < width; i++) {
                        int at = slot / 2 * width + i;
                        wanted.set(at, wanted.get(at) + weights.get(slot) * outer.get(i));
                    }
                }
            }
            Operands.assertClose(partial, wanted, 1e-5);
        }
    }

    /** Weights in panels: one task with the function, and one with the sum, have the bits of tasks of their own. */
    @ParameterizedTest
    @MethodSource("devices")
    void panelsOfExpertsActivateAndSum(TestDevice device) {
        for (WeightFormat format : List.of(WeightFormat.Q8_0, WeightFormat.Q4_K)) {
            Random random = new Random(11);
            int middle = 32;
            int width = format.blockElements();
            int outputs = 16;
            DeviceWeights up = Operands.weights(random, format, 2, 3 * 2 * middle, width);
            FloatArray bias = Operands.gaussian(random, 2 * 3 * 2 * middle);
            DeviceWeights down = Operands.weights(random, WeightFormat.Q8_0, 2, 3 * outputs, middle);
            FloatArray downBias = Operands.gaussian(random, 2 * 3 * outputs);
            FloatArray x = Operands.gaussian(random, ROWS * width);
            FloatArray weights = Operands.gaussian(random, ROWS * 2);

            Mixture ofFloats = new Mixture(floats(up), bias, floats(down), downBias, x, weights);
            Mixture ofPanels = new Mixture(up.forProducts(), bias, down.forProducts(), downBias, x, weights);
            FloatArray apart = ofPanels.run(device, false, 4);
            Operands.assertSameBits(ofPanels.run(device, true, 2), apart);
            Operands.assertClose(apart, ofFloats.run(device, false, 4), 1e-5);
        }
    }

    /** {@return weights as f32} */
    private static DeviceWeights floats(DeviceWeights w) {
        FloatArray floats = new FloatArray(w.matrices() * w.rows() * w.columns());
        for (int matrix = 0; matrix < w.matrices(); matrix++) {
            for (int row = 0; row < w.rows(); row++) {
                long element = ((long) matrix * w.rows() + row) * w.columns();
                HostKernels.scalar().embed(Operands.matrix(w, matrix), row, floats.getSegment(), element * Float.BYTES);
            }
        }
        return new DeviceWeights(WeightFormat.F32, floats, w.layers(), w.rows(), w.columns());
    }

    /** Two experts of three tokens, of which one is another rank's. */
    private record Mixture(
            DeviceWeights up,
            FloatArray bias,
            DeviceWeights down,
            FloatArray downBias,
            FloatArray x,
            FloatArray weights) {
        FloatArray run(TestDevice device, boolean together, int launches) {
            int middle = down.columns();
            int width = down.rows() / 3;
            IntArray chosen = IntArray.fromElements(2, 2, 0, -1, 1, 1, 2);
            FloatArray made = Operands.zeros(ROWS * 2 * 2 * middle);
            FloatArray between = Operands.zeros(ROWS * 2 * middle);
            FloatArray lowered = Operands.zeros(ROWS * 2 * width);
            FloatArray partial = Operands.zeros(ROWS * width);
            KernelGraph graph =
                    new KernelGraph("mixture", device.kernels(), ROWS, Operands.step(1, ROWS), DeviceTables.create());
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, graph.step, graph.powers, chosen, weights)
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, up.data(), bias, down.data(), downBias, x)
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, made, between, lowered, partial);
            Rule rule = new Rule(2, Gating.SOFTMAX, false, 1);
            ExpertTasks tasks = new ExpertTasks(graph, new DeviceRouting(EXPERTS, 0, 3, rule, chosen, weights));
            if (together) {
                tasks.gatedLinear("up", up, bias, GateFunction.SWIGLU, x, between);
                tasks.summedLinear("down", down, downBias, between, null, partial);
            } else {
                DeviceColumns gate = new DeviceColumns(made, 2 * middle, 0);
                DeviceColumns other = new DeviceColumns(made, 2 * middle, middle);
                tasks.linear("up", up, bias, x, false, made);
                new ElementTasks(graph).gate("function", GateFunction.SWIGLU, gate, other, between, 2, middle);
                tasks.linear("down", down, downBias, between, true, lowered);
                tasks.sum("sum", lowered, partial, width);
            }
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, partial);
            assertThat(graph.launches()).isEqualTo(launches);
            device.run(graph);
            return partial;
        }
    }

    @Test
    void refusesExpertsThatDoNotBeginWithAPanel() {
        Rule rule = new Rule(1, Gating.SOFTMAX, false, 1);
        TestDevice device = TestDevice.ofEachKind().findFirst().orElseThrow();
        KernelGraph graph = new KernelGraph("mixture", device.kernels(), 1, Operands.step(0, 1), DeviceTables.create());
        IntArray chosen = DeviceRouting.chosen(1, rule);
        ExpertTasks tasks = new ExpertTasks(graph, new DeviceRouting(2, 0, 2, rule, chosen, new FloatArray(1)));
        DeviceWeights w = Operands.weights(new Random(1), WeightFormat.Q8_0, 1, 2 * 12, 32)
                .forProducts();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tasks.linear("up", w, null, new FloatArray(32), false, new FloatArray(12)))
                .withMessage("task up: matrices of 12 outputs of Q8_0 for a product by panels; outputs are a multiple"
                        + " of 8");
    }

    /** The product of one expert of layer 1. */
    private static FloatArray product(DeviceWeights w, int own, int expert, FloatArray x) {
        int rows = w.rows() / own;
        FloatArray y = Operands.zeros(rows);
        HostKernels.scalar()
                .linear(
                        Operands.matrix(w, 1).rowSlice(expert * rows, (expert + 1) * rows),
                        x.getSegment(),
                        1,
                        y.getSegment(),
                        0,
                        rows,
                        new HostScratch());
        return y;
    }

    /** Of three groups of two, the two with the largest sums of their experts' scores are chosen from. */
    @ParameterizedTest
    @MethodSource("devices")
    void choosesFromTheBestGroups(TestDevice device) {
        Rule rule = new Rule(2, Gating.SIGMOID, false, 1, 3, 2);
        // The best expert of the first row is in its worst group.
        FloatArray logits = FloatArray.fromElements(3, -9, 1, 1.5f, 2, 0, 0, 0, 5, -9, 2, 2, 1, 2, 2, 1, -1, 2.5f);
        FloatArray bias = Operands.zeros(12);
        bias.set(6 + 1, -1);
        IntArray chosen = DeviceRouting.chosen(3, rule);
        FloatArray weights = Operands.zeros(3 * 2);
        KernelGraph graph = new KernelGraph("route", device.kernels(), 3, Operands.step(1, 3), DeviceTables.create());
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, graph.step, graph.powers)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, logits, bias, chosen, weights);
        new ExpertTasks(graph, new DeviceRouting(6, 0, 6, rule, chosen, weights)).route("route", logits, bias);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, chosen, weights);
        device.run(graph);
        assertThat(chosen.toHeapArray()).containsExactly(2, 4, 3, 2, 4, 5, 2);
        assertThat((double) weights.get(0)).isCloseTo(1 / (1 + Math.exp(-2)), within(1e-6));
    }

    @Test
    void refusesExpertsOutOfRange() {
        Rule rule = new Rule(2, Gating.SOFTMAX, false, 1);
        IntArray chosen = DeviceRouting.chosen(1, rule);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceRouting(4, 2, 3, rule, chosen, new FloatArray(2)))
                .withMessageStartingWith("experts 2 to 4 of 4, 2 for each token");
    }
}

package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Compares two products in one task with each in a task of its own. */
class PairTaskTest {
    private static final int COLUMNS = 256;

    static Stream<TestDevice> devices() {
        return Stream.of(
                        TestDevice.ofEachKind(),
                        TestDevice.withTensorCores(),
                        TestDevice.ofEachKind().map(TestDevice::rounding))
                .flatMap(devices -> devices);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void hasTheBitsOfTwoTasks(TestDevice device) {
        Random random = new Random(5);
        DeviceWeights first = weights(random, WeightFormat.Q4_K, 19);
        DeviceWeights second = weights(random, WeightFormat.Q6_K, 12);
        FloatArray bias = Operands.gaussian(random, 2 * 12);
        FloatArray x = Operands.gaussian(random, COLUMNS);

        FloatArray[] apart = run(device, first, second, bias, x, false);
        FloatArray[] together = run(device, first, second, bias, x, true);
        for (int i = 0; i < apart.length; i++) {
            Operands.assertSameBits(together[i], apart[i]);
        }
    }

    private static DeviceWeights weights(Random random, WeightFormat format, int rows) {
        return Operands.weights(random, format, 2, rows, COLUMNS).forProducts();
    }

    private static FloatArray[] run(
            TestDevice device, DeviceWeights first, DeviceWeights second, FloatArray bias, FloatArray x, boolean pair) {
        FloatArray y = Operands.zeros(first.rows());
        FloatArray otherY = Operands.zeros(second.rows());
        IntArray step = Operands.step(1, 1);
        KernelGraph graph = new KernelGraph("pair", device.kernels(), 1, step, DeviceTables.create());
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, step, graph.powers, bias, x, y, otherY)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, first.data(), second.data());
        if (pair) {
            PairTask task =
                    new PairTask(new PairTask.Operands(first, null, y), new PairTask.Operands(second, bias, otherY));
            assertThat(task.fits(graph)).isTrue();
            task.add(graph, "both", x);
        } else {
            graph.linear("first", first, null, x, y);
            graph.linear("second", second, bias, x, otherY);
        }
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y, otherY);
        int roundings = device.rounds() && device.kernels().variant() == KernelVariant.ITEMS ? 1 : 0;
        assertThat(graph.launches()).isEqualTo(roundings + (pair ? 1 : 2));
        device.run(graph);
        assertThat(step.get(Step.MATRIX_START + 1)).isPositive();
        return new FloatArray[] {y, otherY};
    }

    @Test
    void needsPanelsAndKernelsOfSingleTokens() {
        TestDevice device = TestDevice.ofEachKind().findFirst().orElseThrow();
        Random random = new Random(6);
        DeviceWeights panels = weights(random, WeightFormat.Q4_K, 8);
        DeviceWeights bytes = Operands.weights(random, WeightFormat.Q6_K, 2, 8, COLUMNS);
        PairTask task = new PairTask(
                new PairTask.Operands(panels, null, new FloatArray(8 * 64)),
                new PairTask.Operands(bytes, null, new FloatArray(8 * 64)));
        KernelGraph one = new KernelGraph("one", device.kernels(), 1, Operands.step(0, 1), DeviceTables.create());
        assertThat(task.fits(one)).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> task.add(one, "both", new FloatArray(COLUMNS)))
                .withMessage("task both: products with Q4_K and Q6_K have no kernel in common");
        KernelGraph many = new KernelGraph("many", device.kernels(), 64, Operands.step(0, 1), DeviceTables.create());
        assertThat(new PairTask(task.first(), task.first()).fits(one)).isTrue();
        assertThat(new PairTask(task.first(), task.first()).fits(many)).isFalse();
    }
}

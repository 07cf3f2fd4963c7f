package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.weights.DeviceTables;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Compares normalization and element-wise kernels with the host's reference. */
class ActivationKernelsTest {
    private static final int[] WIDTHS = {1, 31, 64, 1021, 4098};

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void normalizesRows(TestDevice device) {
        for (int width : WIDTHS) {
            checkNorm(device, 1, width, 3);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void normalizesHeads(TestDevice device) {
        checkNorm(device, 5, 64, 2);
        checkNorm(device, 3, 129, 1);
    }

    private static void checkNorm(TestDevice device, int vectors, int width, int rows) {
        Random random = new Random(width);
        FloatArray x = Operands.gaussian(random, rows * vectors * width);
        FloatArray weight = Operands.gaussian(random, 2 * width);
        FloatArray expected = Operands.zeros(rows * vectors * width);
        HostKernels.scalar()
                .rmsNorm(
                        x.getSegment(),
                        weight.getSegment().asSlice((long) width * Float.BYTES),
                        1e-5f,
                        expected.getSegment(),
                        width,
                        0,
                        rows * vectors);
        Fixture fixture = new Fixture(device, Operands.step(1, rows), rows);
        fixture.send(x, weight);
        fixture.graph.normalize("norm", new DeviceNorm(weight, vectors, width, 1e-5f), x, x, RowCount.CHUNK);
        fixture.run(x);
        Operands.assertClose(x, expected, 1e-5);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void layerNormsSubtractTheMean(TestDevice device) {
        for (int width : WIDTHS) {
            checkLayerNorm(device, 1, width, true);
        }
        checkLayerNorm(device, 3, 129, false);
    }

    private static void checkLayerNorm(TestDevice device, int vectors, int width, boolean biased) {
        int rows = 3;
        Random random = new Random(width);
        FloatArray x = Operands.gaussian(random, rows * vectors * width);
        FloatArray weight = Operands.gaussian(random, 2 * width);
        FloatArray bias = Operands.gaussian(random, 2 * width);
        FloatArray expected = Operands.zeros(rows * vectors * width);
        long secondLayer = (long) width * Float.BYTES;
        HostKernels.scalar()
                .layerNorm(
                        x.getSegment(),
                        new HostKernels.LayerNorm(
                                weight.getSegment().asSlice(secondLayer),
                                biased ? bias.getSegment().asSlice(secondLayer) : null,
                                1e-5f),
                        expected.getSegment(),
                        width,
                        0,
                        rows * vectors);
        Fixture fixture = new Fixture(device, Operands.step(1, rows), rows);
        DeviceNorm norm = new DeviceNorm(DeviceNorm.Kind.LAYER, weight, biased ? bias : null, 1, vectors, width, 1e-5f);
        fixture.send(x, weight, bias);
        fixture.graph.normalize("norm", norm, x, x, RowCount.CHUNK);
        fixture.run(x);
        Operands.assertClose(x, expected, 1e-5);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void gatesAndAddsAndSelects(TestDevice device) {
        for (int width : WIDTHS) {
            Random random = new Random(width);
            FloatArray gate = Operands.gaussian(random, 3 * width);
            gate.set(0, -200f);
            gate.set(3 * width - 1, 200f);
            FloatArray up = Operands.gaussian(random, 3 * width);
            FloatArray y = Operands.zeros(3 * width);
            FloatArray selected = Operands.zeros(3 * width);
            FloatArray expected = Operands.copy(gate);
            HostKernels.scalar().gate(GateFunction.SWIGLU, expected.getSegment(), up.getSegment(), 0, 3 * width);
            HostKernels.scalar().add(expected.getSegment(), up.getSegment(), 0, 3 * width);
            IntArray step = Operands.step(0, 3);
            step.set(Step.OUT_ROWS, 2);
            Fixture fixture = new Fixture(device, step, 3);
            IntArray chosen = IntArray.fromElements(2, 0, 0);
            fixture.send(gate, up, y, chosen);
            ElementTasks tasks = new ElementTasks(fixture.graph);
            tasks.gate(
                    "gate",
                    GateFunction.SWIGLU,
                    new DeviceColumns(gate, width, 0),
                    new DeviceColumns(up, width, 0),
                    y,
                    1,
                    width);
            tasks.add("add", y, up, width);
            tasks.selectOut("select", chosen, y, selected, width);
            fixture.run(y, selected);
            Operands.assertClose(y, expected, 1e-6);
            Operands.assertSameBits(selected, y.slice(2 * width, width));
            Operands.assertSameBits(selected.slice(width, width), y.slice(0, width));
        }
    }

    /** The operands are columns of one array, as one product makes them. */
    @ParameterizedTest
    @MethodSource("devices")
    void gatesColumnsOfOneArray(TestDevice device) {
        int rows = 2;
        int vectors = 3;
        int width = 65;
        for (GateFunction function : GateFunction.values()) {
            FloatArray made = Operands.gaussian(new Random(width), rows * vectors * 2 * width);
            FloatArray expected = Operands.zeros(rows * vectors * width);
            FloatArray up = Operands.zeros(rows * vectors * width);
            for (int i = 0; i < expected.getSize(); i++) {
                int at = i / width * 2 * width + i % width;
                expected.set(i, made.get(at));
                up.set(i, made.get(at + width));
            }
            HostKernels.scalar().gate(function, expected.getSegment(), up.getSegment(), 0, expected.getSize());
            FloatArray y = Operands.zeros(rows * vectors * width);
            Fixture fixture = new Fixture(device, Operands.step(0, rows), rows);
            fixture.send(made, y);
            new ElementTasks(fixture.graph)
                    .gate(
                            "gate",
                            function,
                            new DeviceColumns(made, 2 * width, 0),
                            new DeviceColumns(made, 2 * width, width),
                            y,
                            vectors,
                            width);
            fixture.run(y);
            Operands.assertClose(y, expected, 1e-6);
        }
    }

    /** Heads among other columns, each with weights of its own. */
    @ParameterizedTest
    @MethodSource("devices")
    void normalizesHeadsThatAreColumns(TestDevice device) {
        int rows = 2;
        int vectors = 3;
        int width = 17;
        int stride = 5 + vectors * width + 2;
        Random random = new Random(width);
        FloatArray x = Operands.gaussian(random, rows * stride);
        FloatArray weight = Operands.gaussian(random, 2 * vectors * width);
        FloatArray expected = Operands.copy(x);
        for (int vector = 0; vector < rows * vectors; vector++) {
            int from = vector / vectors * stride + 5 + vector % vectors * width;
            FloatArray one = x.slice(from, width);
            FloatArray normalized = Operands.zeros(width);
            HostKernels.scalar()
                    .rmsNorm(
                            one.getSegment(),
                            weight.getSegment().asSlice((vectors + vector % vectors) * (long) width * Float.BYTES),
                            1e-5f,
                            normalized.getSegment(),
                            width,
                            0,
                            1);
            for (int i = 0; i < width; i++) {
                expected.set(from + i, normalized.get(i));
            }
        }
        Fixture fixture = new Fixture(device, Operands.step(1, rows), rows);
        DeviceNorm norm = new DeviceNorm(DeviceNorm.Kind.RMS, weight, null, vectors, vectors, width, 1e-5f);
        fixture.send(x, weight);
        fixture.graph.normalize("norm", norm, new DeviceColumns(x, stride, 5));
        fixture.run(x);
        Operands.assertClose(x, expected, 1e-5);
    }

    /** A graph that transfers all operands in every execution. */
    private static final class Fixture {
        final TestDevice device;
        final KernelGraph graph;

        Fixture(TestDevice device, IntArray step, int maxRows) {
            this.device = device;
            FloatArray powers = DeviceTables.create();
            graph = new KernelGraph("test", device.kernels(), maxRows, step, powers);
            send(step, powers);
        }

        void send(Object... arrays) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays);
        }

        void run(Object... results) {
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, results);
            device.run(graph);
        }
    }
}

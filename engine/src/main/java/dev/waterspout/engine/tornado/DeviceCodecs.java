package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.CodecSize;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.CompileLock;
import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.DevicePackets;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.UploadGraph;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Measures the time of encoding and summing partials on a device, including kernel launches and copies between host and
 * device. Graphs of one row and of many rows run on scratch arrays, first until they are compiled, then for timing. A
 * line through the two times gives the cost per element and the fixed cost. The graph needs a kernel before the
 * encoding; that kernel is timed alone and its time subtracted. As in a run, the reduction of parts takes place on the
 * host.
 */
final class DeviceCodecs {
    /** Rows of the larger graph. More rows would not change the fitted line, but would take longer. */
    private static final int MOST_ROWS = 64;

    private static final int WARM_UP = 5;
    private static final int ROUNDS = 21;

    private final TornadoShards on;
    private final CodecSize size;
    private final KernelDevice kernels;

    private DeviceCodecs(TornadoShards on, CodecSize size) {
        this.on = on;
        this.size = size;
        this.kernels = on.kernels();
    }

    /**
     * Measures the codecs.
     *
     * @param on the device
     * @param formats wire formats to measure; formats without device kernels are skipped
     * @param size size of the exchange
     */
    static CodecCosts measure(TornadoShards on, List<WireFormat> formats, CodecSize size) {
        DeviceCodecs codecs = new DeviceCodecs(on, size);
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        for (WireFormat format : formats) {
            if (format instanceof MxFormat || format instanceof PlainFormat) {
                if (format == PlainFormat.F16) {
                    continue;
                }
                costs.put(format, codecs.cost(format));
            }
        }
        return new CodecCosts(costs);
    }

    private Cost cost(WireFormat format) {
        int rows = Math.min(size.maxRows(), MOST_ROWS);
        Times one = times(format, 1);
        Times many = rows == 1 ? one : times(format, rows);
        double elements = size.columns();
        double packets = (double) size.ranks() * size.columns();
        return new Cost(
                line(elements, one.encode, rows, many.encode),
                line(packets, one.reduce, rows, many.reduce),
                line(packets, one.sum, rows, many.sum));
    }

    /** Fits a line to the times of one row and of many; {@return the line, with slope and intercept of at least 0} */
    private static Line line(double rowElements, double one, int rows, double many) {
        if (rows == 1 || many <= one) {
            return new Line(one, 0);
        }
        double slope = (many - one) / ((rows - 1) * rowElements);
        return new Line(Math.max(0, one - slope * rowElements), slope);
    }

    /** Seconds per call. */
    private record Times(double encode, double reduce, double sum) {}

    private Times times(WireFormat format, int rows) {
        try (Bench bench = CompileLock.building(() -> new Bench(format, rows))) {
            double before = typical(() -> bench.plan.run(bench.before));
            double encode = typical(() -> bench.plan.run(bench.encode));
            return new Times(
                    Math.max(0, encode - before),
                    reduceSeconds(format, rows),
                    typical(() -> bench.plan.run(bench.sum)));
        }
    }

    private double reduceSeconds(WireFormat format, int rows) {
        PartialCodec codec = PartialCodec.of(format);
        try (Arena arena = Arena.ofConfined()) {
            long bytes = format.encodedBytes(rows, size.columns());
            MemorySegment sum = arena.allocate(bytes, 64);
            MemorySegment[] payloads = new MemorySegment[size.ranks()];
            Arrays.setAll(payloads, _ -> arena.allocate(bytes, 64));
            return typical(() -> codec.reduce(payloads, rows, size.columns(), sum));
        }
    }

    /** Runs the graph once to compile it; {@return the lower quartile of the times of further runs} */
    private static double typical(Runnable work) {
        IntStream.range(0, WARM_UP).forEach(_ -> work.run());
        double[] seconds = new double[ROUNDS];
        Arrays.setAll(seconds, _ -> {
            long start = System.nanoTime();
            work.run();
            return (System.nanoTime() - start) / 1e9;
        });
        Arrays.sort(seconds);
        return seconds[(ROUNDS - 1) / 4];
    }

    /** The graphs that encode and sum partials of one format and size. */
    private final class Bench implements AutoCloseable {
        private final int rows;
        private final DeviceCodec codec;
        private final IntArray step = Step.allocate();
        private final IntArray chosen;
        private final FloatArray powers = DeviceTables.create();
        private final FloatArray partial;
        private final FloatArray residual;
        private final FloatArray selected;
        /** This rank's packet: bytes, or for f32 the partial itself. */
        private final TornadoNativeArray packet;

        private final TornadoNativeArray[] resident;
        final KernelGraph before;
        final KernelGraph encode;
        final KernelGraph sum;
        final GraphPlan plan;

        Bench(WireFormat format, int rows) {
            this.rows = rows;
            this.codec = DeviceCodec.of(format, size.columns());
            this.partial = gaussian(rows * size.columns());
            this.residual = gaussian(rows * size.columns());
            this.selected = gaussian(rows * size.columns());
            this.packet = codec.format() == PlainFormat.F32 ? partial : zeros(codec.packedBytes(rows));
            this.resident = Stream.of(powers, partial, residual, selected, packet)
                    .distinct()
                    .toArray(TornadoNativeArray[]::new);
            this.chosen = new IntArray(rows);
            chosen.init(0);
            step.set(Step.ROWS, rows);
            step.set(Step.OUT_ROWS, 1);
            this.before = graph("codecBefore");
            this.encode = encode();
            this.sum = sum();
            UploadGraph load = new UploadGraph(TornadoShard.LOAD, kernels, List.of(resident));
            this.plan = new GraphPlan(on.name(), on.device(), load, List.of(before, encode, sum), List.of());
            plan.load();
        }

        /** {@return packets of the codec's format} */
        private TornadoNativeArray zeros(int bytes) {
            TornadoNativeArray array =
                    codec.format() == PlainFormat.F32 ? new FloatArray(bytes / Float.BYTES) : new ByteArray(bytes);
            array.getSegment().fill((byte) 0);
            return array;
        }

        private static FloatArray gaussian(int elements) {
            FloatArray array = new FloatArray(elements);
            Random random = new Random(1);
            for (int i = 0; i < elements; i++) {
                array.set(i, (float) random.nextGaussian());
            }
            return array;
        }

        /** A graph that begins with the kernel before the encoding. */
        private KernelGraph graph(String name) {
            KernelGraph graph = new KernelGraph(name, kernels, rows, step, powers);
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                    .consumeFromDevice((Object[]) resident);
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, chosen);
            new ElementTasks(graph).selectOut("before", chosen, residual, selected, size.columns());
            return graph;
        }

        private KernelGraph encode() {
            KernelGraph graph = graph("codecEncode");
            if (packet instanceof ByteArray packed) {
                graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
                graph.quantize("quantize", codec, partial, packed);
            }
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, packet);
            return graph;
        }

        private KernelGraph sum() {
            KernelGraph graph = new KernelGraph("codecSum", kernels, rows, step, powers);
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                    .consumeFromDevice((Object[]) resident);
            int bytes = Math.multiplyExact(size.ranks() - 1, codec.packedBytes(rows));
            TornadoNativeArray others = zeros(bytes);
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, others);
            if (codec.format() != PlainFormat.F32) {
                graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
            }
            graph.dequantizeSum("sum", codec, new DevicePackets(others, packet, 0, size.ranks()), residual);
            return graph;
        }

        @Override
        public void close() {
            plan.close();
        }
    }
}

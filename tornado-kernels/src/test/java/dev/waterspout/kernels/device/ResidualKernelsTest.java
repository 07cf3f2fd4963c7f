package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Compares the beginning of a half layer with the host's codec and norms. */
class ResidualKernelsTest {
    private static final int RANKS = 3;
    private static final int ROWS = 3;
    private static final int WIDTH = 161;
    private static final int LAYER = 1;
    private static final float EPSILON = 1e-5f;

    static Stream<Arguments> formats() {
        return TestDevice.ofEachKind()
                .flatMap(device -> Stream.of("f32", "bf16", "e2m1:32:e8m0")
                        .map(format -> Arguments.of(device, WireFormat.parse(format))));
    }

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind();
    }

    /** Packets of three ranks, and what they sum to with the residual stream. */
    private static final class Packets {
        final DeviceCodec codec;
        final DevicePackets packets;
        final PartialCodec reference;
        private final int ownRank;

        Packets(WireFormat format, int ownRank) {
            this.codec = DeviceCodec.of(format, WIDTH);
            this.reference = PartialCodec.reference(format);
            this.ownRank = ownRank;
            int held = ownRank < RANKS ? RANKS - 1 : RANKS;
            this.packets = new DevicePackets(array(held), array(1), ownRank, RANKS);
            for (int rank = 0; rank < RANKS; rank++) {
                float[] values =
                        Operands.gaussian(new Random(rank), ROWS * WIDTH).toHeapArray();
                reference.encode(MemorySegment.ofArray(values), ROWS, WIDTH, segment(rank));
            }
        }

        private TornadoNativeArray array(int count) {
            int bytes = count * codec.packedBytes(ROWS);
            return codec.format() == PlainFormat.F32 ? new FloatArray(bytes / Float.BYTES) : new ByteArray(bytes);
        }

        private MemorySegment segment(int rank) {
            long bytes = codec.packedBytes(ROWS);
            return rank == ownRank
                    ? packets.own().getSegment()
                    : packets.others().getSegment().asSlice((rank > ownRank ? rank - 1 : rank) * bytes, bytes);
        }

        FloatArray added(FloatArray residual, int count) {
            FloatArray sum = Operands.copy(residual);
            if (count > 0) {
                MemorySegment[] some = Stream.iterate(0, rank -> rank + 1)
                        .limit(count)
                        .map(this::segment)
                        .toArray(MemorySegment[]::new);
                reference.decodeSum(some, ROWS, WIDTH, sum.getSegment());
            }
            return sum;
        }

        void count(IntArray step, int count) {
            step.set(Step.PACKETS, count);
            step.set(Step.OWN_PACKET, ownRank);
        }
    }

    private static FloatArray normalized(FloatArray x, FloatArray weight) {
        FloatArray y = Operands.zeros(x.getSize());
        MemorySegment ofLayer = weight.getSegment().asSlice((long) LAYER * WIDTH * Float.BYTES);
        HostKernels.scalar().rmsNorm(x.getSegment(), ofLayer, EPSILON, y.getSegment(), WIDTH, 0, x.getSize() / WIDTH);
        return y;
    }

    /** Builds and runs the graph of one task. */
    private static void run(
            TestDevice device,
            ResidualSum sum,
            @Nullable DeviceNorm norm,
            FloatArray y,
            @Nullable IntArray chosen,
            IntArray step) {
        FloatArray powers = DeviceTables.create();
        KernelGraph graph = new KernelGraph("begin", device.kernels(), ROWS, step, powers);
        graph.taskGraph()
                .transferToDevice(
                        DataTransferMode.EVERY_EXECUTION,
                        step,
                        powers,
                        sum.codec().parameters(),
                        sum.packets().others(),
                        sum.packets().own(),
                        sum.residual(),
                        y);
        for (DeviceNorm each :
                Stream.of(norm, sum.post()).filter(Objects::nonNull).toList()) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, each.weight());
            if (each.bias() != null) {
                graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, each.bias());
            }
        }
        if (chosen != null) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, chosen);
        }
        graph.addAndNormalize("begin", sum, norm, y, chosen);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        if (chosen == null) {
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, sum.residual());
        }
        device.run(graph);
    }

    @ParameterizedTest
    @MethodSource("formats")
    void addsThePacketsThatTheStepCounts(TestDevice device, WireFormat format) {
        Random random = new Random(1);
        FloatArray weight = Operands.gaussian(random, 2 * WIDTH);
        for (int count : new int[] {RANKS, 1, 0}) {
            // One packet is a sum that another rank has reduced: it lies among the others.
            Packets packets = new Packets(format, count == RANKS ? 1 : RANKS);
            FloatArray residual = Operands.gaussian(random, ROWS * WIDTH);
            FloatArray expected = packets.added(residual, count);
            FloatArray y = Operands.zeros(ROWS * WIDTH);
            IntArray step = Operands.step(LAYER, ROWS);
            packets.count(step, count);
            ResidualSum sum = new ResidualSum(packets.codec, packets.packets, null, 0, 1, residual, ROWS);
            run(device, sum, new DeviceNorm(weight, 1, WIDTH, EPSILON), y, null, step);
            Operands.assertSameBits(residual, expected);
            Operands.assertClose(y, normalized(expected, weight), 1e-5);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void normalizesAndScalesTheSumOfTheLayerBefore(TestDevice device) {
        Random random = new Random(2);
        FloatArray post = Operands.gaussian(random, 3 * WIDTH);
        FloatArray residual = Operands.gaussian(random, ROWS * WIDTH);
        Packets packets = new Packets(PlainFormat.F32, 0);
        FloatArray expected = normalized(packets.added(Operands.zeros(ROWS * WIDTH), RANKS), post);
        for (int i = 0; i < expected.getSize(); i++) {
            expected.set(i, expected.get(i) * 0.5f + residual.get(i));
        }
        FloatArray y = Operands.zeros(ROWS * WIDTH);
        IntArray step = Operands.step(LAYER + 1, ROWS);
        packets.count(step, RANKS);
        ResidualSum sum = new ResidualSum(
                packets.codec, packets.packets, new DeviceNorm(post, 1, WIDTH, EPSILON), 1, 0.5f, residual, ROWS);
        run(device, sum, null, y, null, step);
        Operands.assertClose(residual, expected, 1e-5);
        Operands.assertSameBits(y, residual);
    }

    /** As for the output head: a layer norm of two rows, in descending order, of a residual stream that stays. */
    @ParameterizedTest
    @MethodSource("devices")
    void normalizesChosenRows(TestDevice device) {
        Random random = new Random(3);
        FloatArray weight = Operands.gaussian(random, WIDTH);
        FloatArray bias = Operands.gaussian(random, WIDTH);
        FloatArray residual = Operands.gaussian(random, ROWS * WIDTH);
        Packets packets = new Packets(PlainFormat.BF16, 2);
        FloatArray added = packets.added(residual, RANKS);
        FloatArray expected = Operands.zeros(ROWS * WIDTH);
        HostKernels.scalar()
                .layerNorm(
                        added.getSegment(),
                        new HostKernels.LayerNorm(weight.getSegment(), bias.getSegment(), EPSILON),
                        expected.getSegment(),
                        WIDTH,
                        0,
                        ROWS);
        FloatArray y = Operands.zeros(ROWS * WIDTH);
        IntArray step = Operands.step(LAYER, 2);
        packets.count(step, RANKS);
        ResidualSum sum = new ResidualSum(packets.codec, packets.packets, null, 0, 1, residual, ROWS);
        DeviceNorm norm = new DeviceNorm(DeviceNorm.Kind.LAYER, weight, bias, 1, 1, WIDTH, EPSILON);
        run(device, sum, norm, y, IntArray.fromElements(2, 0, 0), step);
        Operands.assertClose(y, expected.slice(2 * WIDTH, WIDTH), 1e-5);
        Operands.assertClose(y.slice(WIDTH, WIDTH), expected.slice(0, WIDTH), 1e-5);
    }

    @Test
    void refusesMorePacketsThanThereAre() {
        TestDevice device = TestDevice.ofEachKind().findFirst().orElseThrow();
        IntArray step = Operands.step(0, 1);
        KernelGraph graph = new KernelGraph("g", device.kernels(), ROWS, step, DeviceTables.create());
        Packets packets = new Packets(PlainFormat.F32, 0);
        FloatArray residual = Operands.zeros(ROWS * WIDTH);
        ResidualSum sum = new ResidualSum(packets.codec, packets.packets, null, 0, 1, residual, ROWS);
        graph.addAndNormalize("begin", sum, null, Operands.zeros(ROWS * WIDTH), null);
        step.set(Step.PACKETS, RANKS + 1);
        assertThatIllegalArgumentException().isThrownBy(graph::prepare).withMessage("packets=4: the graph sums 0 to 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.addAndNormalize("again", sum, null, residual, null))
                .withMessage("task again has one array as residual and y: they must be two");
        ResidualSum more = new ResidualSum(packets.codec, packets.packets, null, 0, 1, residual, ROWS + 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.addAndNormalize("more", more, null, Operands.zeros(ROWS * WIDTH), null))
                .withMessage("residual has 483 elements, the graph's largest chunk takes 644");
    }
}

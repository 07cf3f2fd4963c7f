package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.codec.CodecSamples;
import dev.waterspout.kernels.codec.ElementType;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.ScaleType;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.kernels.MxParameters;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Compares quantize and dequantize-sum bit for bit with the scalar codec. */
class CodecKernelsTest {
    private static final int[] COLUMNS = {1, 31, 32, 33, 63, 64, 65, 1021};
    private static final int ROWS = 2;
    private static final int RANKS = 3;
    private static final int MOST_COLUMNS = 4098;

    static Stream<TestDevice> devices() {
        WireFormat format = WireFormat.parse("e2m1:32:e8m0");
        return Stream.of(
                        TestDevice.ofEachKind(),
                        TestDevice.choosing(KernelShape.dequantizeSum(format, 2, 64, 8)),
                        TestDevice.choosing(KernelShape.quantize(format, 64, 8)))
                .flatMap(each -> each);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void packsLikeTheReference(TestDevice device) {
        packs(device, CodecSamples.pairwiseFormats());
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("devices")
    void packsEveryFormatLikeTheReference(TestDevice device) {
        packs(device, CodecSamples.formats());
    }

    private static void packs(TestDevice device, List<MxFormat> formats) {
        try (Quantizer quantizer = new Quantizer(device)) {
            int next = 0;
            for (MxFormat format : formats) {
                int columns = COLUMNS[next++ % COLUMNS.length];
                float[] values = CodecSamples.heavyTailed(next, ROWS * columns);
                quantizer.check(format, columns, values, format.toString());
            }
            for (ElementType element : ElementType.values()) {
                MxFormat format = MxFormat.of(element, 32, ScaleType.E8M0);
                float[] values = CodecSamples.heavyTailed(next++, ROWS * MOST_COLUMNS);
                quantizer.check(format, MOST_COLUMNS, values, format.toString());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void packsTheReferenceDataLikeTheReference(TestDevice device) {
        try (Quantizer quantizer = new Quantizer(device)) {
            for (CodecSamples.Case sample : CodecSamples.referenceCases()) {
                FloatArray input = FloatArray.fromSegment(sample.input());
                quantizer.check(sample.format(), input.getSize() / ROWS, input.toHeapArray(), sample.name());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void blocksThatAreNotFiniteHaveTheNanScale(TestDevice device) {
        float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        int next = 0;
        try (Quantizer quantizer = new Quantizer(device)) {
            for (ElementType element : ElementType.values()) {
                for (ScaleType scale : ScaleType.values()) {
                    float[] values = CodecSamples.heavyTailed(1, ROWS * 65);
                    values[3] = bad[next++ % 3];
                    values[40] = bad[next % 3];
                    values[65 + 64] = bad[(next + 1) % 3];
                    MxFormat format = MxFormat.of(element, 16, scale);
                    quantizer.check(format, 65, values, format.toString());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void sumsLikeTheReference(TestDevice device) {
        sums(device, CodecSamples.pairwiseFormats());
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("devices")
    void sumsEveryFormatLikeTheReference(TestDevice device) {
        sums(device, CodecSamples.formats());
    }

    private static void sums(TestDevice device, List<MxFormat> formats) {
        try (Summer summer = new Summer(device)) {
            int next = 0;
            for (MxFormat format : formats) {
                int columns = COLUMNS[next++ % COLUMNS.length];
                summer.check(format, columns, next, next % 5 == 0);
            }
            for (ElementType element : ElementType.values()) {
                summer.check(MxFormat.of(element, 32, ScaleType.E8M0), MOST_COLUMNS, next++, false);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void packsAndSumsBf16(TestDevice device) {
        for (int columns : COLUMNS) {
            DeviceCodec codec = DeviceCodec.of(PlainFormat.BF16, columns);
            float[] values = CodecSamples.heavyTailed(columns, ROWS * columns);
            values[0] = Math.nextDown(Float.POSITIVE_INFINITY);
            values[columns] = Float.NEGATIVE_INFINITY;
            FloatArray partial = FloatArray.fromArray(values);
            ByteArray packed = new ByteArray(codec.packedBytes(ROWS));
            FloatArray residual = FloatArray.fromArray(CodecSamples.heavyTailed(1, ROWS * columns));
            FloatArray expected = Operands.copy(residual);
            PartialCodec reference = PartialCodec.reference(PlainFormat.BF16);
            MemorySegment wanted = Arena.ofAuto().allocate(packed.getSize());
            reference.encode(partial.getSegment(), ROWS, columns, wanted);
            ByteArray other = new ByteArray(codec.packedBytes(ROWS));
            reference.encode(
                    MemorySegment.ofArray(CodecSamples.heavyTailed(2, ROWS * columns)),
                    ROWS,
                    columns,
                    other.getSegment());
            reference.decodeSum(new MemorySegment[] {other.getSegment(), wanted}, ROWS, columns, expected.getSegment());

            IntArray step = Operands.step(0, ROWS);
            FloatArray powers = DeviceTables.create();
            KernelGraph graph = new KernelGraph("bf16", device.kernels(), ROWS, step, powers);
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step, powers, partial, packed, other, residual);
            graph.quantize("pack", codec, partial, packed);
            graph.dequantizeSum("sum", codec, new DevicePackets(other, packed, 1, 2), residual);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, packed, residual);
            device.run(graph);
            assertSameBytes(packed.getSegment(), wanted, "bf16 of " + columns);
            Operands.assertSameBits(residual, expected);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aNanInBf16StaysNan(TestDevice device) {
        DeviceCodec codec = DeviceCodec.of(PlainFormat.BF16, 2);
        FloatArray partial = FloatArray.fromElements(Float.NaN, 1f);
        ByteArray packed = new ByteArray(4);
        IntArray step = Operands.step(0, 1);
        FloatArray powers = DeviceTables.create();
        KernelGraph graph = new KernelGraph("bf16", device.kernels(), 1, step, powers);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, powers, partial, packed);
        graph.quantize("pack", codec, partial, packed);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, packed);
        device.run(graph);
        float[] decoded = new float[2];
        PartialCodec.reference(PlainFormat.BF16).decode(packed.getSegment(), 1, 2, MemorySegment.ofArray(decoded));
        assertThat(decoded).containsExactly(Float.NaN, 1f);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void sumsFloatsInRankOrder(TestDevice device) {
        for (int ownRank = 0; ownRank <= RANKS; ownRank++) {
            sumsFloats(device, ownRank);
        }
    }

    /** Sums with the packet of one rank in an array of its own, or, for {@code RANKS}, with all in one array. */
    private static void sumsFloats(TestDevice device, int ownRank) {
        Random random = new Random(5);
        int columns = 1021;
        int elements = ROWS * columns;
        FloatArray own = Operands.gaussian(random, elements);
        FloatArray others = Operands.gaussian(random, (ownRank < RANKS ? RANKS - 1 : RANKS) * elements);
        FloatArray residual = Operands.gaussian(random, elements);
        FloatArray expected = Operands.copy(residual);
        MemorySegment[] segments = new MemorySegment[RANKS];
        long bytes = (long) elements * Float.BYTES;
        for (int rank = 0; rank < RANKS; rank++) {
            segments[rank] = rank == ownRank
                    ? own.getSegment()
                    : others.getSegment().asSlice((rank > ownRank ? rank - 1 : rank) * bytes, bytes);
        }
        PartialCodec.reference(PlainFormat.F32).decodeSum(segments, ROWS, columns, expected.getSegment());
        IntArray step = Operands.step(0, ROWS);
        KernelGraph graph = new KernelGraph("sum", device.kernels(), ROWS, step, DeviceTables.create());
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, others, own, residual);
        graph.dequantizeSum(
                "sum",
                DeviceCodec.of(PlainFormat.F32, columns),
                new DevicePackets(others, own, ownRank, RANKS),
                residual);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, residual);
        device.run(graph);
        Operands.assertSameBits(residual, expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f16", "int4:token", "int8:channel", "topk:8"})
    void baselinesAreRefusedOnDevices(String text) {
        WireFormat format = WireFormat.parse(text);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> DeviceCodec.of(format, 64))
                .withMessage("wire format " + text + " is for the host only: devices pack f32, bf16 and"
                        + " <element>[:block[:scale[:rule]]]");
    }

    private static void assertSameBytes(MemorySegment actual, MemorySegment expected, String what) {
        long difference = expected.mismatch(actual.asSlice(0, expected.byteSize()));
        assertThat(difference).as("first byte of %s that differs", what).isEqualTo(-1);
    }

    private static void copyParameters(MxFormat format, int columns, IntArray target) {
        target.getSegment().copyFrom(MxParameters.of(format, columns).getSegment());
    }

    /** One compiled kernel for all formats: only the device array of its parameters changes. */
    private static final class Quantizer implements AutoCloseable {
        private final FloatArray partial = Operands.zeros(ROWS * MOST_COLUMNS);
        private final DeviceCodec widest =
                DeviceCodec.of(MxFormat.of(ElementType.E5M2, 8, ScaleType.F16), MOST_COLUMNS);
        private final ByteArray packed = new ByteArray(widest.packedBytes(ROWS));
        private final TestDevice.TestPlan plan;

        Quantizer(TestDevice device) {
            IntArray step = Operands.step(0, ROWS);
            FloatArray powers = DeviceTables.create();
            KernelGraph graph = new KernelGraph("quantize", device.kernels(), ROWS, step, powers);
            graph.taskGraph()
                    .transferToDevice(
                            DataTransferMode.EVERY_EXECUTION, step, powers, partial, packed, widest.parameters());
            graph.quantize("pack", widest, partial, packed);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, packed);
            plan = device.plan(graph);
        }

        void check(MxFormat format, int columns, float[] values, String what) {
            copyParameters(format, columns, widest.parameters());
            partial.getSegment().asSlice(0, (long) values.length * Float.BYTES).copyFrom(MemorySegment.ofArray(values));
            plan.execute();
            MemorySegment expected = Arena.ofAuto().allocate(format.encodedBytes(ROWS, columns));
            PartialCodec.reference(format).encode(MemorySegment.ofArray(values), ROWS, columns, expected);
            assertSameBytes(packed.getSegment(), expected, what);
        }

        @Override
        public void close() {
            plan.close();
        }
    }

    /** One compiled kernel for all formats; this rank's packet has an array of its own. */
    private static final class Summer implements AutoCloseable {
        private static final int OWN_RANK = 1;

        private final DeviceCodec widest =
                DeviceCodec.of(MxFormat.of(ElementType.E5M2, 8, ScaleType.F16), MOST_COLUMNS);
        private final ByteArray others = new ByteArray((RANKS - 1) * widest.packedBytes(ROWS));
        private final ByteArray own = new ByteArray(widest.packedBytes(ROWS));
        private final FloatArray residual = Operands.zeros(ROWS * MOST_COLUMNS);
        private final TestDevice.TestPlan plan;

        Summer(TestDevice device) {
            IntArray step = Operands.step(0, ROWS);
            FloatArray powers = DeviceTables.create();
            KernelGraph graph = new KernelGraph("sum", device.kernels(), ROWS, step, powers);
            graph.taskGraph()
                    .transferToDevice(
                            DataTransferMode.EVERY_EXECUTION, step, powers, others, own, residual, widest.parameters());
            graph.dequantizeSum("sum", widest, new DevicePackets(others, own, OWN_RANK, RANKS), residual);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, residual);
            plan = device.plan(graph);
        }

        private MemorySegment packet(int rank) {
            int place = rank > OWN_RANK ? rank - 1 : rank;
            return rank == OWN_RANK
                    ? own.getSegment()
                    : others.getSegment().asSlice((long) place * widest.packedBytes(ROWS));
        }

        void check(MxFormat format, int columns, long seed, boolean withNan) {
            copyParameters(format, columns, widest.parameters());
            PartialCodec reference = PartialCodec.reference(format);
            long bytes = ((WireFormat) format).encodedBytes(ROWS, columns);
            List<MemorySegment> packed = Stream.iterate(0, rank -> rank < RANKS, rank -> rank + 1)
                    .map(rank -> packet(rank).asSlice(0, bytes))
                    .toList();
            for (int rank = 0; rank < RANKS; rank++) {
                float[] values = CodecSamples.heavyTailed(seed * RANKS + rank, ROWS * columns);
                if (withNan && rank == 1) {
                    values[0] = Float.NaN;
                }
                reference.encode(MemorySegment.ofArray(values), ROWS, columns, packed.get(rank));
            }
            float[] start = CodecSamples.heavyTailed(-seed, ROWS * columns);
            FloatArray expected = FloatArray.fromArray(start);
            residual.getSegment().asSlice(0, (long) start.length * Float.BYTES).copyFrom(MemorySegment.ofArray(start));
            reference.decodeSum(packed.toArray(MemorySegment[]::new), ROWS, columns, expected.getSegment());
            plan.execute();
            Operands.assertSameBits(residual, expected);
        }

        @Override
        public void close() {
            plan.close();
        }
    }
}

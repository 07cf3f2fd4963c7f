package dev.waterspout.kernels.fpga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.codec.CodecSamples;
import dev.waterspout.kernels.codec.ElementType;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.ScaleRule;
import dev.waterspout.kernels.codec.ScaleType;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Compares the FPGA codec of one format bit for bit with the reference, on any device that runs it. Also a program, for
 * a bitstream.
 */
final class CodecComparison {
    private static final int[] COLUMNS = {1, 31, 32, 33, 63, 64, 65, 1021, 4098};
    private static final int RANKS = 3;
    private static final int MOST_ROWS = 3;
    private static final int MOST_COLUMNS = 4098;

    private final FpgaCodec codec;
    private final PartialCodec reference;
    private int compared;

    private CodecComparison(FpgaCodec codec) {
        this.codec = codec;
        this.reference = PartialCodec.reference(codec.kernels().format());
    }

    /**
     * The compared formats: all elements of the kernels with all scale rules in blocks of 32, and OCP's formats in the
     * other blocks.
     */
    static Stream<MxFormat> formats() {
        Stream<MxFormat> rules = Stream.of(ElementType.E2M1, ElementType.E4M3, ElementType.E5M2, ElementType.INT8)
                .flatMap(element -> Stream.of(ScaleRule.values())
                        .map(rule -> MxFormat.of(element, 32, ScaleType.E8M0).withRule(rule)));
        Stream<MxFormat> blocks = Stream.of(ElementType.values())
                .filter(element -> element.bits() == 4 || element.bits() == 8)
                .flatMap(element -> Stream.of(16, 32, 64).map(block -> MxFormat.of(element, block, ScaleType.E8M0)));
        Stream<MxFormat> samples = CodecSamples.referenceCases().stream()
                .map(CodecSamples.Case::format)
                .filter(CodecComparison::hasKernels);
        return Stream.of(rules, blocks, samples).flatMap(each -> each).distinct();
    }

    static boolean hasKernels(MxFormat format) {
        int bits = format.element().bits();
        return format.scale() == ScaleType.E8M0
                && (bits == 4 || bits == 8)
                && format.block() >= 16
                && format.block() <= 64;
    }

    static FpgaKernels kernels(MxFormat format) {
        return new FpgaKernels(format, RANKS);
    }

    /** Runs all comparisons; {@return the number of compared messages and sums} */
    static int run(FpgaKernels kernels, Path file, TornadoDevice device) {
        try (FpgaCodec codec = new FpgaCodec(kernels, file, device, MOST_ROWS, MOST_COLUMNS)) {
            CodecComparison comparison = new CodecComparison(codec);
            comparison.packsTheReferenceData();
            comparison.packsAndSumsAwkwardShapes();
            comparison.blocksThatAreNotFinite();
            comparison.everyCodeAndScale();
            return comparison.compared;
        }
    }

    private void packsTheReferenceData() {
        for (CodecSamples.Case sample : CodecSamples.referenceCases()) {
            if (sample.format().equals(codec.kernels().format())) {
                int columns = Math.toIntExact(sample.input().byteSize() / Float.BYTES) / 2;
                float[] values = sample.input().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
                pack(values, 2, columns, columns);
            }
        }
    }

    private void packsAndSumsAwkwardShapes() {
        int seed = 0;
        for (int columns : COLUMNS) {
            for (int rows = 1; rows <= MOST_ROWS; rows++) {
                int stride = columns + seed % 3;
                pack(CodecSamples.heavyTailed(seed, rows * stride), rows, columns, stride);
                for (int packets = 1; packets <= RANKS; packets++) {
                    sum(packets, rows, columns, stride, seed, Float.NaN, false);
                }
                seed++;
            }
        }
    }

    private void blocksThatAreNotFinite() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] values = CodecSamples.heavyTailed(7, 2 * 130);
            values[3] = bad;
            values[130 + 129] = bad;
            pack(values, 2, 130, 130);
            sum(2, 2, 130, 130, 9, bad, true);
        }
    }

    /** Random bytes cover every code in blocks of every scale, including subnormal and infinite results. */
    private void everyCodeAndScale() {
        int columns = MOST_COLUMNS;
        byte[] message = new byte[Math.toIntExact(codec.kernels().format().encodedBytes(MOST_ROWS, columns))];
        new Random(11).nextBytes(message);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(message.length);
            packet.copyFrom(MemorySegment.ofArray(message));
            MemorySegment actual = arena.allocate((long) MOST_ROWS * columns * Float.BYTES, 64);
            MemorySegment expected = arena.allocate(actual.byteSize(), 64);
            codec.decodeSum(new MemorySegment[] {packet}, MOST_ROWS, columns, actual, columns);
            reference.decodeSum(new MemorySegment[] {packet}, MOST_ROWS, columns, expected);
            same(actual, expected, "random bytes");
        }
    }

    private void pack(float[] values, int rows, int columns, int stride) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate((long) rows * stride * Float.BYTES, 64);
            source.copyFrom(MemorySegment.ofArray(values));
            long bytes = reference.format().encodedBytes(rows, columns);
            MemorySegment actual = arena.allocate(bytes);
            MemorySegment expected = arena.allocate(bytes);
            codec.encode(source, rows, columns, stride, actual);
            reference.encode(source, rows, columns, stride, expected);
            assertThat(expected.mismatch(actual))
                    .as(
                            "first byte of %d x %d in %s that differs",
                            rows, columns, codec.kernels().format())
                    .isEqualTo(-1);
            compared++;
        }
    }

    private void sum(int packets, int rows, int columns, int stride, int seed, float bad, boolean withBad) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] messages = new MemorySegment[packets];
            for (int rank = 0; rank < packets; rank++) {
                float[] values = CodecSamples.heavyTailed(seed * 10 + rank, rows * columns);
                if (withBad && rank == 1) {
                    values[columns / 2] = bad;
                }
                messages[rank] = arena.allocate(reference.format().encodedBytes(rows, columns));
                reference.encode(MemorySegment.ofArray(values), rows, columns, messages[rank]);
            }
            MemorySegment actual = arena.allocate((long) rows * stride * Float.BYTES, 64);
            actual.copyFrom(MemorySegment.ofArray(CodecSamples.heavyTailed(-seed, rows * stride)));
            MemorySegment expected = arena.allocate(actual.byteSize(), 64);
            expected.copyFrom(actual);
            codec.decodeSum(messages, rows, columns, actual, stride);
            reference.decodeSum(messages, rows, columns, expected, stride);
            same(actual, expected, packets + " packets of " + rows + " x " + columns);
        }
    }

    private void same(MemorySegment actual, MemorySegment expected, String what) {
        for (long at = 0; at < expected.byteSize(); at += Float.BYTES) {
            float wanted = expected.get(ValueLayout.JAVA_FLOAT, at);
            float got = actual.get(ValueLayout.JAVA_FLOAT, at);
            // The payload of a NaN is not specified.
            if (Float.floatToIntBits(wanted) != Float.floatToIntBits(got)) {
                assertThat(got)
                        .as(
                                "element %d of the sum of %s in %s",
                                at / Float.BYTES, what, codec.kernels().format())
                        .isEqualTo(wanted);
            }
        }
        compared++;
    }

    /** Arguments: the format; the file to compile, or any where a bitstream is set. */
    public static void main(String[] arguments) {
        FpgaKernels kernels = kernels((MxFormat) WireFormat.parse(arguments[0]));
        TornadoDevice device =
                TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        System.out.println(List.of("platform", device.getPlatformName(), "type", device.getDeviceType()));
        System.out.println("compared " + run(kernels, Path.of(arguments[1]), device));
    }
}

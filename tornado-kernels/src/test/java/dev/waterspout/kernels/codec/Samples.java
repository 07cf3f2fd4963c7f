package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.waterspout.kernels.testing.Pairwise;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Inputs and segments of the codec tests. */
final class Samples {
    /** Hard values: zeros, subnormals, ties, the ends of the range. */
    static final float[] EDGES = {
        0f,
        -0f,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        0x1p-127f,
        -0x1.8p-127f,
        Float.MIN_NORMAL,
        Math.nextDown(Float.MIN_NORMAL),
        0x1p-120f,
        0x1p-60f,
        0.25f,
        0.5f,
        -0.75f,
        1f,
        Math.nextDown(1f),
        Math.nextUp(1f),
        -1.5f,
        1.75f,
        2.5f,
        -3f,
        3.5f,
        5f,
        7f,
        Math.nextDown(8f),
        1e10f,
        -1e20f,
        0x1p126f,
        0x1p127f,
        Math.nextDown(0x1p127f),
        Float.MAX_VALUE,
        -Float.MAX_VALUE
    };

    static final int[] COLUMNS = {1, 31, 32, 33, 63, 64, 65, 1021, 4098};

    private Samples() {}

    /** {@return every combination of element, block, scale, rounding and rule} */
    static Stream<MxFormat> formats() {
        return Stream.of(ElementType.values())
                .flatMap(element -> Stream.of(8, 16, 32, 64, 128)
                        .flatMap(block -> Stream.of(ScaleType.values())
                                .flatMap(scale -> Stream.of(Rounding.values())
                                        .flatMap(rounding -> Stream.of(ScaleRule.values())
                                                .map(rule -> new MxFormat(element, block, scale, rule, rounding))))));
    }

    /** {@return combinations of element, block, scale, rounding and rule in which every pair of two of them occurs} */
    static List<MxFormat> pairwiseFormats() {
        List<ElementType> elements = List.of(ElementType.values());
        List<Integer> blocks = List.of(8, 16, 32, 64, 128);
        List<ScaleType> scales = List.of(ScaleType.values());
        List<ScaleRule> rules = List.of(ScaleRule.values());
        List<Rounding> roundings = List.of(Rounding.values());
        return Pairwise.of(elements.size(), blocks.size(), scales.size(), rules.size(), roundings.size()).stream()
                .map(each -> new MxFormat(
                        elements.get(each[0]),
                        blocks.get(each[1]),
                        scales.get(each[2]),
                        rules.get(each[3]),
                        roundings.get(each[4])))
                .toList();
    }

    /**
     * {@return finite values like those of partials, with additional extremes: Gaussian values with outliers, a
     * magnitude that changes every few values, runs of zeros, edges, and values on or near the ties of small mantissas}
     */
    static float[] heavyTailed(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        double magnitude = 1;
        for (int i = 0; i < count; i++) {
            if (random.nextInt(40) == 0) {
                magnitude = random.nextInt(6) == 0 ? Math.pow(2, random.nextInt(250) - 125.0) : 1;
            }
            double gaussian = random.nextGaussian() * magnitude;
            values[i] = switch (random.nextInt(24)) {
                case 0 -> (float) (gaussian * Math.exp(3 * random.nextGaussian()));
                case 1 -> random.nextBoolean() ? 0f : -0f;
                case 2 -> EDGES[random.nextInt(random.nextInt(4) == 0 ? EDGES.length : 24)];
                case 3, 4, 5 -> (float) (Math.rint(gaussian * 8) / 8);
                default -> (float) gaussian;
            };
            if (!Float.isFinite(values[i])) {
                values[i] = Math.copySign(Float.MAX_VALUE, values[i]);
            }
        }
        return values;
    }

    /** {@return an off-heap segment with these values, at an odd address} */
    static MemorySegment segment(float... values) {
        MemorySegment segment = bytes((long) values.length * Float.BYTES);
        MemorySegment.copy(values, 0, segment, Layouts.F32, 0, values.length);
        return segment;
    }

    /** {@return an off-heap segment of this size, at an odd address} */
    static MemorySegment bytes(long size) {
        return Arena.ofAuto().allocate(size + 1, 16).asSlice(1, size);
    }

    static float[] floats(MemorySegment segment) {
        float[] values = new float[(int) (segment.byteSize() / Float.BYTES)];
        MemorySegment.copy(segment, Layouts.F32, 0, values, 0, values.length);
        return values;
    }

    /** Asserts that all bits are equal, including signs of zeros and payloads of NaNs. */
    static void assertSameBits(float[] actual, float[] expected, Object... what) {
        assertSame(actual, expected, Float::floatToRawIntBits, Arrays.toString(what));
    }

    /** Asserts that all bits are equal except the payloads of NaNs. */
    static void assertSameSums(float[] actual, float[] expected, Object... what) {
        assertSame(actual, expected, Float::floatToIntBits, Arrays.toString(what));
    }

    private static void assertSame(float[] actual, float[] expected, ToBits bits, String what) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            if (bits.of(actual[i]) != bits.of(expected[i])) {
                fail("%s: element %d is %s (0x%08x), not %s (0x%08x)"
                        .formatted(what, i, actual[i], bits.of(actual[i]), expected[i], bits.of(expected[i])));
            }
        }
    }

    private interface ToBits {
        int of(float value);
    }

    static MemorySegment encode(PartialCodec codec, float[] values, int rows) {
        int columns = values.length / rows;
        MemorySegment packed = bytes(codec.format().encodedBytes(rows, columns));
        packed.fill((byte) 0xa5);
        codec.encode(segment(values), rows, columns, packed);
        return packed;
    }

    static float[] decode(PartialCodec codec, MemorySegment packed, int rows, int columns) {
        MemorySegment target = bytes((long) rows * columns * Float.BYTES);
        codec.decode(packed, rows, columns, target);
        return floats(target);
    }

    static float[] roundTrip(PartialCodec codec, float... values) {
        return decode(codec, encode(codec, values, 1), 1, values.length);
    }

    static float[] decodeSum(PartialCodec codec, List<MemorySegment> packets, int rows, int columns, float[] residual) {
        MemorySegment sum = segment(residual);
        codec.decodeSum(packets.toArray(MemorySegment[]::new), rows, columns, sum);
        return floats(sum);
    }

    static byte[] array(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }
}

package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Contract of every codec of block-quantized formats. */
abstract class AbstractMxCodecTest {
    private static final int ROWS = 3;

    abstract PartialCodec codec(MxFormat format);

    private PartialCodec codec(String format) {
        return codec((MxFormat) WireFormat.parse(format));
    }

    @Test
    void namesItsFormat() {
        MxFormat format = MxFormat.of(ElementType.E2M1, 64, ScaleType.E5M0).withRounding(Rounding.AWAY);

        assertThat(codec(format).format()).isEqualTo(format);
    }

    @ParameterizedTest
    @EnumSource
    void everyCodeDecodesAndEncodesToItself(ElementType element) {
        NearestValue nearest = new NearestValue(element, Rounding.EVEN);
        MxFormat format = MxFormat.of(element, 32, ScaleType.E8M0);
        PartialCodec codec = codec(format);
        int codes = element.maxCode() + 1;
        // Each block starts with the largest value, which fixes the scale.
        int columns = 32 * Math.ceilDiv(2 * codes, 31);
        for (int exponent : new int[] {0, 1, -3, 40, -60, -127, -126, -110, 127 - element.maxExponent()}) {
            float[] values = new float[columns];
            for (int i = 0, code = 0; i < columns; i++) {
                int magnitude = i % 32 == 0 ? element.maxCode() : code / 2 % codes;
                double value = nearest.value(magnitude) * Math.pow(2, exponent);
                values[i] = (float) (code % 2 == 0 ? value : -value);
                code += i % 32 == 0 ? 0 : 1;
            }
            MemorySegment packed = encode(codec, values);

            Samples.assertSameBits(Samples.decode(codec, packed, 1, columns), values, "scale exponent", exponent);
            MxLayout layout = new MxLayout(format, columns);
            assertThat(layout.scaleCode(packed, 0, 0)).isEqualTo(exponent + 127);
            for (int i = 0; i < columns; i++) {
                double expected = Math.scalb((double) values[i], -exponent);
                assertThat(element.value(layout.elementCode(packed, 0, i))).isEqualTo((float) expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void quantizesToTheNearestValue(ElementType element) {
        for (ScaleType scale : List.of(ScaleType.E8M0, ScaleType.E5M0, ScaleType.E4M0)) {
            for (Rounding rounding : Rounding.values()) {
                for (ScaleRule rule : ScaleRule.values()) {
                    for (int block : new int[] {8, 32}) {
                        MxFormat format = new MxFormat(element, block, scale, rule, rounding);
                        float[] values = Samples.heavyTailed(element.maxCode(), 2000);

                        Samples.assertSameBits(
                                Samples.roundTrip(codec(format), values), nearest(format, values), format, rounding);
                    }
                }
            }
        }
    }

    /** {@return one row after quantization by the oracle} */
    static float[] nearest(MxFormat format, float[] values) {
        NearestValue nearest = new NearestValue(format.element(), format.rounding());
        float[] expected = new float[values.length];
        for (int start = 0; start < values.length; start += format.block()) {
            int end = Math.min(start + format.block(), values.length);
            int exponent = NearestValue.sharedExponent(format, Arrays.copyOfRange(values, start, end));
            for (int i = start; i < end; i++) {
                double magnitude = nearest.value(nearest.code(Math.scalb((double) values[i], -exponent)));
                expected[i] = (float) Math.copySign(Math.scalb(magnitude, exponent), values[i]);
            }
        }
        return expected;
    }

    @Test
    void halfScaleIsTheRoundedQuotient() {
        for (ScaleRule rule : ScaleRule.values()) {
            for (ElementType element : ElementType.values()) {
                assertHalfScales(MxFormat.of(element, 16, ScaleType.F16).withRule(rule));
            }
        }
    }

    private void assertHalfScales(MxFormat format) {
        float[] values = Samples.heavyTailed(11, 2048);
        NearestValue nearest = new NearestValue(format.element(), Rounding.EVEN);
        float[] expected = new float[values.length];
        for (int start = 0; start < values.length; start += 16) {
            float largest = 0;
            for (int i = start; i < start + 16; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            float scale = NearestValue.halfScale(format, largest);
            for (int i = start; i < start + 16; i++) {
                double magnitude = scale == 0 ? 0 : nearest.value(nearest.code(values[i] / scale)) * scale;
                expected[i] = (float) Math.copySign(magnitude, values[i]);
            }
        }

        Samples.assertSameBits(Samples.roundTrip(codec(format), values), expected, format);
    }

    @Test
    void tiesGoToEvenOrAway() {
        MxFormat even = MxFormat.of(ElementType.E2M1, 8, ScaleType.E8M0);
        float[] ties = {6f, -0.25f, 0.75f, 1.25f, 1.75f, -2.5f, 3.5f, 5f};

        assertThat(Samples.roundTrip(codec(even), ties)).containsExactly(6f, -0f, 1f, 1f, 2f, -2f, 4f, 4f);
        assertThat(Samples.roundTrip(codec(even.withRounding(Rounding.AWAY)), ties))
                .containsExactly(6f, -0.5f, 1f, 1.5f, 2f, -3f, 4f, 6f);
    }

    @Test
    void tiesWithoutMantissaGoUpExceptToZero() {
        float[] ties = {4f, 0.5f, 1.5f, 3f, Math.nextUp(0.5f), Math.nextDown(1.5f), -0.5f, -3f};

        assertThat(Samples.roundTrip(codec("e2m0:8"), ties)).containsExactly(4f, 0f, 2f, 4f, 1f, 1f, -0f, -4f);
    }

    @Test
    void packsAsDocumented() {
        // 3 bits per element: 0, 1, 2, 3 and the sign on top. Scales 2^0 and 2^-1 are 15 and 14.
        float[] values = {3f, 1f, 2f, -1f, 0f, -3f, 1f, 2f, 1.5f, -0f};

        assertThat(Samples.array(Samples.encode(codec("e1m1:8:e5m0"), values, 1)))
                .containsExactly(0b110_01111, 0b000000_01, 0b10_001_011, 0b1_000_101_0, 0b010_001_11, 0b00_100_011);
    }

    @Test
    void everySizeWritesExactlyItsBytes() {
        for (int columns : Samples.COLUMNS) {
            for (String name : List.of("e2m1:8:e4m0", "int3:32:e5m0", "e3m1:128:e8m0", "e4m3:16:f16", "e3m2:64:e8m0")) {
                MxFormat format = (MxFormat) WireFormat.parse(name);
                float[] values = Samples.heavyTailed(columns, ROWS * columns);
                long size = format.encodedBytes(ROWS, columns);
                MemorySegment padded = Samples.bytes(size + 9);
                padded.fill((byte) 0x5a);
                codec(format).encode(Samples.segment(values), ROWS, columns, padded);

                assertThat(Samples.array(padded.asSlice(size))).containsOnly(0x5a);
                // Rows are independent, and the whole target is overwritten, including the padding bits.
                long rowBytes = format.rowBytes(columns);
                for (int row = 0; row < ROWS; row++) {
                    float[] alone = Arrays.copyOfRange(values, row * columns, (row + 1) * columns);
                    MemorySegment packed = Samples.bytes(rowBytes);
                    codec(format).encode(Samples.segment(alone), 1, columns, packed);
                    assertThat(Samples.array(padded.asSlice(row * rowBytes, rowBytes)))
                            .as("%s, %d columns, row %d", name, columns, row)
                            .isEqualTo(Samples.array(packed));
                    if (format.scale().powerOfTwo()) {
                        Samples.assertSameBits(
                                Samples.decode(codec(format), packed, 1, columns), nearest(format, alone));
                    }
                }
            }
        }
    }

    @Test
    void decodeDoesNotChangeTheRestOfTheTarget() {
        for (int columns : Samples.COLUMNS) {
            PartialCodec codec = codec("e2m3:8");
            MemorySegment packed = Samples.encode(codec, Samples.heavyTailed(5, 2 * columns), 2);
            MemorySegment target = Samples.bytes(2L * columns * Float.BYTES + 64);
            target.fill((byte) 0x5a);
            codec.decode(packed, 2, columns, target);
            codec.decodeSum(new MemorySegment[] {packed, packed}, 2, columns, target);

            assertThat(Samples.array(target.asSlice(2L * columns * Float.BYTES)))
                    .containsOnly(0x5a);
        }
    }

    @Test
    void sumsInRankOrder() {
        for (String name : List.of("e2m1", "e4m3:8", "int5:128:e5m0", "e5m2:16:f16")) {
            for (int columns : Samples.COLUMNS) {
                PartialCodec codec = codec(name);
                List<MemorySegment> packets = new ArrayList<>();
                float[] residual = Samples.heavyTailed(99, ROWS * columns);
                for (int ranks = 1; ranks <= 5; ranks++) {
                    packets.add(Samples.encode(codec, Samples.heavyTailed(ranks, ROWS * columns), ROWS));
                    float[] expected = Samples.decode(codec, packets.getFirst(), ROWS, columns);
                    for (MemorySegment packet : packets.subList(1, ranks)) {
                        expected = add(expected, Samples.decode(codec, packet, ROWS, columns));
                    }

                    Samples.assertSameSums(
                            Samples.decodeSum(codec, packets, ROWS, columns, residual),
                            add(expected, residual),
                            name,
                            columns,
                            ranks);
                }
            }
        }
    }

    private static float[] add(float[] left, float[] right) {
        float[] sum = new float[left.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = left[i] + right[i];
        }
        return sum;
    }

    @Test
    void blocksThatAreNotFiniteDecodeToNan() {
        for (float bad : new float[] {
            Float.NaN, Float.intBitsToFloat(0xffc12345), Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
        }) {
            for (ScaleType scale : ScaleType.values()) {
                MxFormat format = MxFormat.of(ElementType.E3M2, 16, scale);
                float[] values = Samples.heavyTailed(3, 50);
                float[] finite = Samples.roundTrip(codec(format), values);
                values[20] = bad;
                values[49] = bad;
                MemorySegment packed = encode(codec(format), values);
                float[] decoded = Samples.decode(codec(format), packed, 1, 50);

                Arrays.fill(finite, 16, 32, Float.NaN);
                Arrays.fill(finite, 48, 50, Float.NaN);
                Samples.assertSameBits(decoded, finite, scale, bad);
                MxLayout layout = new MxLayout(format, 50);
                assertThat(layout.scaleCode(packed, 0, 1)).isEqualTo(scale.nanCode());
                assertThat(layout.elementCode(packed, 0, 17)).isZero();
                assertThat(Samples.decodeSum(codec(format), List.of(packed), 1, 50, new float[50])[20])
                        .isNaN();
            }
        }
    }

    @Test
    void finiteBlocksSaturate() {
        float max = Float.MAX_VALUE;
        for (ElementType element : ElementType.values()) {
            for (ScaleType scale : ScaleType.values()) {
                float[] values = new float[32];
                Arrays.fill(values, max);
                values[7] = -max;
                float[] decoded = Samples.roundTrip(codec(MxFormat.of(element, 32, scale)), values);

                double largest = switch (scale) {
                    case E8M0 -> element.maxNormal() * Math.pow(2, 127 - element.maxExponent());
                    case E5M0 -> element.maxNormal() * 0x1p15;
                    case E4M0 -> element.maxNormal() * 0x1p7;
                    case F16 -> element.maxNormal() * 65504.0;
                };
                float[] expected = new float[32];
                Arrays.fill(expected, (float) largest);
                expected[7] = (float) -largest;
                assertThat(decoded).as("%s %s", element, scale).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noRuleMakesAFiniteBlockInfinite(ScaleRule rule) {
        float[] values = new float[64];
        for (int i = 0; i < 64; i++) {
            values[i] = Math.scalb(1f + i % 32 / 32f, i < 32 ? 127 : 126);
        }
        values[31] = Float.MAX_VALUE;
        for (ElementType element : ElementType.values()) {
            for (ScaleType scale : ScaleType.values()) {
                MxFormat format = MxFormat.of(element, 8, scale).withRule(rule);
                for (float decoded : Samples.roundTrip(codec(format), values)) {
                    assertThat(decoded).as("%s", format).isFinite();
                }
            }
        }
    }

    @Test
    void zerosKeepTheirSigns() {
        for (ScaleType scale : ScaleType.values()) {
            float[] zeros = new float[40];
            Arrays.fill(zeros, 3, 9, -0f);
            zeros[39] = -0f;
            PartialCodec codec = codec(MxFormat.of(ElementType.INT6, 8, scale));

            Samples.assertSameBits(Samples.roundTrip(codec, zeros), zeros, scale.label());
        }
    }

    @Test
    void halfScaleThatRoundsToZeroGivesZeros() {
        float[] values = {1e-9f, -1e-9f, 1e-10f, 0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, 1e-20f, -1e-9f};

        Samples.assertSameBits(
                Samples.roundTrip(codec("int8:8:f16"), values), new float[] {0f, -0f, 0f, 0f, -0f, 0f, -0f, 0f, -0f});
    }

    @Test
    void subnormalBlocksKeepTheirPrecision() {
        // The scale is at its minimum, 2^-127; the exponents of the elements represent smaller values.
        float[] values = {0x1p-127f, -0x1.8p-128f, 0x1p-130f, 0x1p-133f, 0x1p-134f, 0x1.8p-133f, 0f, -0x1p-143f};

        assertThat(Samples.roundTrip(codec("e5m2:8"), values)).containsExactly(values);
        assertThat(Samples.roundTrip(codec("int8:8"), values))
                .containsExactly(0x1p-127f, -0x1.8p-128f, 0x1p-130f, 0x1p-133f, 0f, 0x1p-132f, 0f, -0f);
    }

    @Test
    void worksOnHeapSegmentsAndOnNoRows() {
        PartialCodec codec = codec("e2m2:16:e5m0");
        float[] values = Samples.heavyTailed(8, 2 * 45);
        byte[] packed = new byte[(int) codec.format().encodedBytes(2, 45)];
        float[] decoded = new float[90];
        float[] sum = new float[90];
        codec.encode(MemorySegment.ofArray(values), 2, 45, MemorySegment.ofArray(packed));
        codec.decode(MemorySegment.ofArray(packed), 2, 45, MemorySegment.ofArray(decoded));
        codec.decodeSum(new MemorySegment[] {MemorySegment.ofArray(packed)}, 2, 45, MemorySegment.ofArray(sum));

        assertThat(packed).isEqualTo(Samples.array(Samples.encode(codec, values, 2)));
        assertThat(decoded).isEqualTo(Samples.decode(codec, MemorySegment.ofArray(packed), 2, 45));
        assertThat(sum).isEqualTo(add(decoded, new float[90]));
        codec.encode(MemorySegment.NULL, 0, 45, MemorySegment.NULL);
        codec.decode(MemorySegment.NULL, 0, 45, MemorySegment.NULL);
        codec.decodeSum(new MemorySegment[] {MemorySegment.NULL}, 0, 45, MemorySegment.NULL);
    }

    @Test
    void refusesWrongArguments() {
        PartialCodec codec = codec("e2m1");
        MemorySegment plain = Samples.bytes(2 * 33 * 4);
        MemorySegment packed = Samples.bytes(2 * (2 + 17));
        MemorySegment[] packets = {packed, packed.asSlice(1)};

        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(plain.asSlice(1), 2, 33, packed))
                .withMessage("source has 263 bytes, but 2 x 33 elements in f32 take 264");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(plain, 2, 33, packed.asSlice(1)))
                .withMessage("target has 37 bytes, but 2 x 33 elements in e2m1:32:e8m0 take 38");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decode(packed.asSlice(1), 2, 33, plain))
                .withMessage("packed has 37 bytes, but 2 x 33 elements in e2m1:32:e8m0 take 38");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decode(packed, 2, 33, plain.asSlice(4)))
                .withMessage("target has 260 bytes, but 2 x 33 elements in f32 take 264");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decodeSum(packets, 2, 33, plain))
                .withMessage("packet 1 has 37 bytes, but 2 x 33 elements in e2m1:32:e8m0 take 38");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decodeSum(new MemorySegment[] {packed}, 2, 33, plain.asSlice(4)))
                .withMessage("residual has 260 bytes, but 2 x 33 elements in f32 take 264");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decodeSum(new MemorySegment[0], 2, 33, plain))
                .withMessage("0 packets: a sum needs 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(plain, -1, 33, packed))
                .withMessage("rows -1 is not 0 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decode(packed, 2, 0, plain))
                .withMessage("columns 0 is not 1 or more");
    }

    @Test
    void matchesTheIndependentImplementation() {
        List<ReferenceVectors> all = ReferenceVectors.load();
        assertThat(all).hasSize(160);
        for (ReferenceVectors vectors : all) {
            assertMatches(vectors);
        }
    }

    private void assertMatches(ReferenceVectors vectors) {
        MxFormat format = vectors.format();
        float[] inputs = vectors.input();
        float[] outputs = vectors.output();
        float[] actual = Samples.roundTrip(codec(format), inputs);
        int nans = 0;
        for (int start = 0; start < actual.length; start += format.block()) {
            int end = start + format.block();
            float[] block = Arrays.copyOfRange(actual, start, end);
            float[] expected = Arrays.copyOfRange(outputs, start, end);
            if (Float.isNaN(expected[0])) {
                // The reference's scale overflowed. Ours stays at its maximum, where the largest element saturates.
                float[] input = Arrays.copyOfRange(inputs, start, end);
                nans += format.block();
                assertThat(expected).as("%s at %d", vectors.file(), start).containsOnly(Float.NaN);
                expected = nearest(format, input);
                float largest = (float) Math.scalb(
                        (double) format.element().maxNormal(), format.scale().bias());
                assertThat(expected).as("%s at %d", vectors.file(), start).containsAnyOf(largest, -largest);
            }
            Samples.assertSameBits(block, expected, vectors.file(), start);
        }
        assertThat(nans).as(vectors.file()).isEqualTo(vectors.nanCount());
    }

    private static MemorySegment encode(PartialCodec codec, float[] row) {
        return Samples.encode(codec, row, 1);
    }
}

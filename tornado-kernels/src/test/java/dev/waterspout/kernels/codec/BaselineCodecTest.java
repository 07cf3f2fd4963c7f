package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the baselines: integers per token and per channel, and TopK. */
class BaselineCodecTest {
    private static final int ROWS = 3;

    private static PartialCodec reference(String text) {
        return PartialCodec.reference(WireFormat.parse(text));
    }

    private static PartialCodec fast(String text) {
        return PartialCodec.of(WireFormat.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"int4:token", "int8:token", "int4:channel", "int8:channel"})
    void vectorCodecEqualsTheReference(String text) {
        Random random = new Random(text.hashCode());
        for (int columns : Samples.COLUMNS) {
            float[] values = Samples.heavyTailed(columns, ROWS * columns);
            values[random.nextInt(values.length)] = Float.NaN;
            values[random.nextInt(values.length)] = Float.NEGATIVE_INFINITY;
            float[] more = Samples.heavyTailed(columns + 1, ROWS * columns);
            float[] residual = Samples.heavyTailed(columns + 2, ROWS * columns);
            List<MemorySegment> expected =
                    List.of(Samples.encode(reference(text), values, ROWS), Samples.encode(reference(text), more, ROWS));
            List<MemorySegment> actual =
                    List.of(Samples.encode(fast(text), values, ROWS), Samples.encode(fast(text), more, ROWS));
            for (int i = 0; i < 2; i++) {
                assertThat(Samples.array(actual.get(i)))
                        .as("%s, %d columns", text, columns)
                        .isEqualTo(Samples.array(expected.get(i)));
                Samples.assertSameBits(
                        Samples.decode(fast(text), actual.get(i), ROWS, columns),
                        Samples.decode(reference(text), actual.get(i), ROWS, columns));
            }
            Samples.assertSameSums(
                    Samples.decodeSum(fast(text), actual, ROWS, columns, residual),
                    Samples.decodeSum(reference(text), actual, ROWS, columns, residual));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"int4:token", "int8:token", "int4:channel", "int8:channel"})
    void vectorCodecDecodesArbitraryBytesLikeTheReference(String text) {
        MemorySegment noise = Samples.bytes(WireFormat.parse(text).encodedBytes(9, 333));
        byte[] bytes = new byte[(int) noise.byteSize()];
        new Random(1).nextBytes(bytes);
        noise.copyFrom(MemorySegment.ofArray(bytes));

        Samples.assertSameSums(
                Samples.decode(fast(text), noise, 9, 333), Samples.decode(reference(text), noise, 9, 333));
    }

    @ParameterizedTest
    @ValueSource(strings = {"int4", "int8"})
    void aTokenIsABlockOfAWholeRow(String element) {
        float[] values = Samples.heavyTailed(3, 128);

        assertThat(Samples.array(Samples.encode(fast(element + ":token"), values, 1)))
                .isEqualTo(Samples.array(Samples.encode(reference(element + ":128:f16"), values, 1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"int4", "int8"})
    void aChannelIsABlockOfAWholeColumn(String element) {
        int columns = 13;
        float[] values = Samples.heavyTailed(5, 64 * columns);
        float[] turned = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            turned[i % columns * 64 + i / columns] = values[i];
        }
        float[] blocks = Samples.decode(
                reference(element + ":64:f16"),
                Samples.encode(reference(element + ":64:f16"), turned, columns),
                columns,
                64);
        float[] expected = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            expected[i] = blocks[i % columns * 64 + i / columns];
        }
        PartialCodec codec = fast(element + ":channel");

        Samples.assertSameBits(
                Samples.decode(codec, Samples.encode(codec, values, 64), 64, columns), expected, element);
    }

    @Test
    void packsAsDocumented() {
        // Per token, scales 4 and 1: 7 / 1.75 and 1.75 / 1.75. Steps are a quarter of the scale.
        float[] values = {7f, -1f, 2f, 1.75f, -0.25f, 0.5f};
        assertThat(Samples.array(Samples.encode(fast("int4:token"), values, 2)))
                .containsExactly(0x00, 0x44, 0x97, 0x02, 0x00, 0x3c, 0x97, 0x02);
        // Per channel, scales 4, 4/7 and 8/7 to the nearest half.
        assertThat(Samples.array(Samples.encode(fast("int4:channel"), values, 2)))
                .containsExactly(0x00, 0x44, 0x92, 0x38, 0x92, 0x3c, 0xf7, 0x07, 0xa2, 0x02);
        // 6 columns and 2 kept: values 7 and 2 as halves, then columns 0 and 2 in 3 bits each.
        assertThat(Samples.array(Samples.encode(fast("topk:3"), values, 1)))
                .containsExactly(0x00, 0x47, 0x00, 0x40, 0b00_010_000);
    }

    @Test
    void nonFiniteValuesMakeTheirTokenOrChannelNan() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] values = {1f, bad, 3f, 4f, 5f, 6f};
            assertThat(decode("int8:token", values, 2)).startsWith(Float.NaN, Float.NaN, Float.NaN);
            assertThat(decode("int8:token", values, 2)[3]).isCloseTo(4f, within(0.05f));
            float[] channels = decode("int4:channel", values, 2);
            assertThat(new float[] {channels[1], channels[4]}).containsOnly(Float.NaN);
            assertThat(IntStream.of(0, 2, 3, 5)).allMatch(i -> Float.isFinite(channels[i]));
            assertThat(decode("topk:3", values, 2)).containsExactly(0f, bad, 0f, 0f, 0f, 6f);
        }
    }

    private static float[] decode(String text, float[] values, int rows) {
        return Samples.decode(fast(text), Samples.encode(fast(text), values, rows), rows, values.length / rows);
    }

    @Test
    void finiteTokensAndChannelsStayFinite() {
        float[] values = {Float.MAX_VALUE, -1e30f, 70000f, Float.MIN_VALUE, -0f, 1e-9f};
        for (String text : List.of("int4:token", "int8:token", "int4:channel", "int8:channel")) {
            for (float decoded : decode(text, values, 2)) {
                assertThat(decoded).isFinite();
            }
        }
        assertThat(decode("int8:token", values, 2)[0]).isEqualTo(65504f * 127 / 64);
    }

    @Test
    void topKKeepsTheLargestAndTheFirstOfEqualValues() {
        float[] values = {1f, -3f, 3f, 0f, 3f, -0.5f, 2f, -3f, 9f};

        assertThat(decode("topk:2", values, 1)).containsExactly(0f, -3f, 3f, 0f, 3f, 0f, 0f, 0f, 9f);
        assertThat(decode("topk:9", values, 1)).containsExactly(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 9f);
        assertThat(decode("topk:100", values, 1)).containsExactly(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 9f);
        assertThat(decode("topk:1", values, 1)).containsExactly(values);
        assertThat(decode("topk:1", new float[] {-0f}, 1)).containsExactly(-0f);
        // 70000 is infinite in f16.
        assertThat(decode("topk:2", new float[] {70000f, 1f}, 1)).containsExactly(Float.POSITIVE_INFINITY, 0f);
    }

    @Test
    void topKMatchesASortOfAllPairs() {
        for (int columns : Samples.COLUMNS) {
            float[] values = Samples.heavyTailed(columns, columns);
            float[] expected = new float[columns];
            IntStream.range(0, columns)
                    .boxed()
                    .sorted((a, b) -> Math.abs(values[a]) == Math.abs(values[b])
                            ? Integer.compare(a, b)
                            : Float.compare(Math.abs(values[b]), Math.abs(values[a])))
                    .limit(Math.max(1, columns / 7))
                    .forEach(i -> expected[i] = Float.float16ToFloat(Float.floatToFloat16(values[i])));

            Samples.assertSameBits(decode("topk:7", values, 1), expected, columns);
        }
    }

    @Test
    void topKRefusesColumnsOutOfRange() {
        MemorySegment packed = Samples.encode(fast("topk:5"), new float[] {1f, 2f, 3f, 4f, 5f}, 1);
        packed.set(ValueLayout.JAVA_BYTE, 2, (byte) 7);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> fast("topk:5").decode(packed, 1, 5, Samples.bytes(20)))
                .withMessage("row 0 keeps column 7, but has 5 columns");
    }

    @Test
    void refusesWrongArguments() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new IntegerFormat(5, IntegerFormat.Axis.TOKEN))
                .withMessage("bits 5 of an integer format are not 4 or 8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TopKFormat(0))
                .withMessage("keep one in 0 is not within 1..65536");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> fast("int4:channel").encode(Samples.bytes(24), 2, 3, Samples.bytes(9)))
                .withMessage("target has 9 bytes, but 2 x 3 elements in int4:channel take 10");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> fast("topk:3").decode(Samples.bytes(4), 1, 6, Samples.bytes(24)))
                .withMessage("packed has 4 bytes, but 1 x 6 elements in topk:3 take 5");
    }
}

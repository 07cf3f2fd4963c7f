package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RangeCheckTest {
    private static final int ROWS = 3;
    private static final int COLUMNS = 200; // the last block is short

    private static long count(String text, float[] values) {
        return counts(text, values)[0];
    }

    /** Returns the counts from the packed bytes only, and with the values. */
    private static long[] counts(String text, float[] values) {
        WireFormat format = WireFormat.parse(text);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate((long) values.length * Float.BYTES, 64);
            MemorySegment.copy(values, 0, source, Layouts.F32, 0, values.length);
            MemorySegment packed = arena.allocate(format.encodedBytes(ROWS, COLUMNS), 64);
            PartialCodec.of(format).encode(source, ROWS, COLUMNS, packed);
            return new long[] {
                RangeCheck.count(format, packed, ROWS, COLUMNS),
                RangeCheck.countBeyond(format, packed, ROWS, COLUMNS, source, COLUMNS)
            };
        }
    }

    private static float[] gaussian(double scale) {
        Random random = new Random(7);
        float[] values = new float[ROWS * COLUMNS];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * scale);
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "f16",
                "q8_0",
                "e2m1:32:f16",
                "e4m3:16:f16:rceil",
                "int8:token",
                "int4:token",
                "int8:channel",
                "topk:4",
                "e2m1:32:e5m0",
                "e4m3:64:e5m0:ceil",
                "int6:8:e4m0",
                "e3m2:128:e4m0:even"
            })
    void valuesBeyondTheRangeAreCounted(String format) {
        assertThat(RangeCheck.isNeeded(WireFormat.parse(format))).isTrue();
        assertThat(count(format, gaussian(1))).as("ordinary values").isZero();
        assertThat(count(format, gaussian(1e9))).as("values of 10^9").isPositive();
    }

    /** The largest value of e2m1:32:e5m0 is 6 x 2^15, that of e2m1:32:e4m0 6 x 2^7. */
    @ParameterizedTest
    @CsvSource({
        "f16, 65504, 65536, 1",
        "int8:token, 129900, 140000, 1",
        "q8_0, 129900, 140000, 1",
        "e2m1:32:f16, 390000, 400000, 1",
        "e2m1:32:e5m0, 98304, 200000, 1",
        "e2m1:32:e4m0, 512, 1000, 1"
    })
    void aSingleSaturatedValueIsCountedOnce(String format, float within, float beyond, long expected) {
        float[] values = new float[ROWS * COLUMNS];
        values[COLUMNS + 40] = -within;
        assertThat(count(format, values)).as("" + within).isZero();
        values[COLUMNS + 40] = -beyond;
        assertThat(count(format, values)).as("" + beyond).isEqualTo(expected);
    }

    /** The largest value of a format, and the smallest value that does not round to it. */
    @ParameterizedTest
    @CsvSource({
        "e2m1:32:e5m0, 196608, 229376",
        "e2m1:32:e4m0, 768, 896",
        "e2m1:32:f16, 393024, 458528",
        "q8_0, 129984.5, 130500",
        "int8:token, 129984.5, 130500",
        "int4:channel, 114632, 122820"
    })
    void theLargestValueOfAFormatIsWithinItsRange(String format, float largest, float beyond) {
        float[] values = new float[ROWS * COLUMNS];
        values[COLUMNS + 40] = -largest;
        assertThat(counts(format, values)).as("%s", largest).containsExactly(1, 0);
        values[COLUMNS + 40] = -beyond;
        assertThat(counts(format, values)).as("%s", beyond).containsExactly(1, 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "e2m1:32:e8m0", "int8:32", "e5m2:32"})
    void rangesOfF32NeedNoCheck(String format) {
        assertThat(RangeCheck.isNeeded(WireFormat.parse(format))).isFalse();
        assertThat(count(format, gaussian(1e30))).isZero();
    }
}

package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class HalvesTest {
    private static final int CODES = 1 << 16;
    private static final PartialCodec CODEC = PartialCodec.of(PlainFormat.F16);

    @Test
    void everyHalfWidensAndNarrowsToItself() {
        MemorySegment halves = Samples.bytes(2L * CODES);
        for (int code = 0; code < CODES; code++) {
            halves.set(Layouts.I16, 2L * code, (short) code);
        }
        float[] wide = Samples.decode(CODEC, halves, 1, CODES);
        MemorySegment again = Samples.encode(CODEC, wide, 1);
        for (int code = 0; code < CODES; code++) {
            float expected = Float.float16ToFloat((short) code);
            assertThat(Float.floatToIntBits(wide[code])).isEqualTo(Float.floatToIntBits(expected));
            int quiet = Float.isNaN(expected) ? 0x200 : 0;
            assertThat(again.get(Layouts.I16, 2L * code)).isEqualTo((short) (code | quiet));
        }
    }

    @Test
    void roundsAsTheJdkDoes() {
        // Around every half: itself, the tie above it, and one unit beside each.
        float[] values = new float[6 * CODES];
        for (int code = 0; code < CODES; code++) {
            int bits = Float.floatToRawIntBits(Float.float16ToFloat((short) code));
            float next = Float.float16ToFloat((short) (code + 1));
            float tie = Float.isFinite(next) ? (Float.intBitsToFloat(bits) + next) / 2 : Math.copySign(65520f, next);
            values[6 * code] = Float.intBitsToFloat(bits);
            values[6 * code + 1] = Math.nextUp(values[6 * code]);
            values[6 * code + 2] = Math.nextDown(values[6 * code]);
            values[6 * code + 3] = tie;
            values[6 * code + 4] = Math.nextUp(tie);
            values[6 * code + 5] = Math.nextDown(tie);
        }
        assertRounds(values);
        assertRounds(Samples.heavyTailed(1, 5000));
        assertRounds(Samples.EDGES);
    }

    private static void assertRounds(float[] values) {
        MemorySegment packed = Samples.encode(CODEC, values, 1);
        for (int i = 0; i < values.length; i++) {
            short actual = packed.get(Layouts.I16, 2L * i);
            if (Float.isNaN(values[i])) {
                assertThat(Float.float16ToFloat(actual)).isNaN();
            } else {
                assertThat(actual).as("%s", values[i]).isEqualTo(Float.floatToFloat16(values[i]));
            }
            assertThat(Halves.narrow(Float.floatToRawIntBits(values[i]))).isEqualTo(actual);
        }
    }
}

package dev.waterspout.kernels.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares halves by arithmetic with those of the JDK. */
class HalfBitsTest {
    @Test
    void everyHalfHasItsValue() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float expected = Float.float16ToFloat((short) bits);
            float value = HalfBits.value(bits);
            assertThat(value).isEqualTo(Float.isNaN(expected) ? infinity(bits) : expected);
        }
    }

    private static float infinity(int bits) {
        return bits > 0x7FFF ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
    }

    @Test
    void valuesAreRoundedToTheNearestHalf() {
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            float value = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(44) - 26));
            assertThat(HalfBits.of(value)).isEqualTo(Float.floatToFloat16(value) & 0xFFFF);
        }
        // Halfway between two halves, and next to that.
        for (int bits = 1; bits < 0x7C00; bits++) {
            float middle = (Float.float16ToFloat((short) (bits - 1)) + Float.float16ToFloat((short) bits)) / 2;
            for (float value : new float[] {middle, Math.nextDown(middle), Math.nextUp(middle)}) {
                assertThat(HalfBits.of(value)).isEqualTo(Float.floatToFloat16(value) & 0xFFFF);
                assertThat(HalfBits.of(-value)).isEqualTo(Float.floatToFloat16(-value) & 0xFFFF);
            }
        }
        assertThat(HalfBits.of(65519)).isEqualTo(0x7BFF);
        assertThat(HalfBits.of(65520)).isEqualTo(0x7C00);
        assertThat(HalfBits.of(Float.NEGATIVE_INFINITY)).isEqualTo(0xFC00);
    }
}

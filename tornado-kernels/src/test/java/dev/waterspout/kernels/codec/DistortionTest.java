package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class DistortionTest {
    @Test
    void comparesElements() {
        Distortion distortion = Distortion.between(
                Samples.segment(3f, 4f, 0.5f, 0f, Float.NaN, 2f),
                Samples.segment(3f, 5f, -0f, 0f, 1f, Float.NaN),
                2,
                3);

        assertThat(distortion).isEqualTo(new Distortion(4, 25.25, 1.25, 1, 1, 2));
        assertThat(distortion.sqnr()).isCloseTo(10 * Math.log10(25.25 / 1.25), within(1e-12));
    }

    @Test
    void addsParts() {
        float[] original = Samples.heavyTailed(1, 200);
        float[] decoded = Samples.roundTrip(PartialCodec.of(WireFormat.parse("e2m1:8")), original);
        Distortion whole = Distortion.between(Samples.segment(original), Samples.segment(decoded), 2, 100);
        Distortion parts = Distortion.NONE;
        for (int start = 0; start < 200; start += 50) {
            parts = parts.plus(Distortion.between(
                    Samples.segment(original).asSlice(start * 4L),
                    Samples.segment(decoded).asSlice(start * 4L),
                    1,
                    50));
        }

        assertThat(parts.elements()).isEqualTo(200).isEqualTo(whole.elements());
        assertThat(parts.zerosCreated()).isPositive().isEqualTo(whole.zerosCreated());
        assertThat(parts.maxError()).isPositive().isEqualTo(whole.maxError());
        assertThat(parts.sqnr()).isCloseTo(whole.sqnr(), within(1e-9));
    }

    @Test
    void nothingLostIsInfinitelyGood() {
        assertThat(Distortion.between(Samples.segment(1f, 2f), Samples.segment(1f, 2f), 1, 2)
                        .sqnr())
                .isEqualTo(Double.POSITIVE_INFINITY);
    }

    @Test
    void countsBlocksThatWereClamped() {
        // Blocks of 8 in e2m1: largest value 6 and, with an unlimited exponent, 8 next; 7 is their tie.
        float[] values = new float[8 * 8];
        values[0] = 6f;
        values[8] = Math.nextDown(7f);
        values[16] = -7f;
        values[24] = 7.5f;
        values[32] = Float.NaN;
        values[40] = Float.MIN_VALUE;
        values[48] = 14f;

        assertThat(saturated("e2m1:8", values)).isEqualTo(3);
        assertThat(saturated("e2m1:64:f16", new float[] {1e-9f, 0f})).isZero();
        // 2^7 x 6 is the largest there is.
        assertThat(saturated("e2m1:8:e4m0", new float[] {768f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 1e9f}))
                .isEqualTo(1);
        assertThat(saturated("int8:32", new float[] {127f / 64, 1f})).isZero();
        assertThat(saturated("int8:32", new float[] {Math.nextDown(2f), 1f})).isEqualTo(1);
    }

    private static long saturated(String text, float[] values) {
        MxFormat format = (MxFormat) WireFormat.parse(text);
        return Distortion.saturatedBlocks(
                format, Samples.segment(values), Samples.encode(PartialCodec.of(format), values, 1), 1, values.length);
    }

    @Test
    void refusesShortSegments() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Distortion.between(Samples.segment(1f), Samples.segment(1f, 2f), 1, 2))
                .withMessage("original has 4 bytes, but 1 x 2 elements in f32 take 8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Distortion.saturatedBlocks(
                        (MxFormat) WireFormat.parse("e4m3"), Samples.segment(1f, 2f), Samples.bytes(2), 1, 2))
                .withMessage("packed has 2 bytes, but 1 x 2 elements in e4m3:32:e8m0 take 3");
    }
}

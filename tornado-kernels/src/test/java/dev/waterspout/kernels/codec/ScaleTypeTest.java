package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ScaleTypeTest {
    @Test
    void scalesArePowersOfTwoAroundTheirBias() {
        assertThat(ScaleType.E8M0.value(127)).isEqualTo(1f);
        assertThat(ScaleType.E8M0.value(0)).isEqualTo(0x1p-127f);
        assertThat(ScaleType.E8M0.value(1)).isEqualTo(0x1p-126f);
        assertThat(ScaleType.E8M0.value(254)).isEqualTo(0x1p127f);
        assertThat(ScaleType.E5M0.value(0)).isEqualTo(0x1p-15f);
        assertThat(ScaleType.E5M0.value(30)).isEqualTo(0x1p15f);
        assertThat(ScaleType.E4M0.value(0)).isEqualTo(0x1p-7f);
        assertThat(ScaleType.E4M0.value(14)).isEqualTo(0x1p7f);
        assertThat(ScaleType.F16.value(0x3c00)).isEqualTo(1f);
        assertThat(ScaleType.F16.value(0x7bff)).isEqualTo(65504f);
        assertThat(ScaleType.F16.value(0x7c00)).isNaN();
        for (ScaleType scale : ScaleType.values()) {
            assertThat(scale.value(scale.nanCode())).isNaN();
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScaleType.E5M0.value(32))
                .withMessage("scale code 32 of e5m0 is not within 0..31");
    }
}

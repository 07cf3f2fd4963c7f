package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ElementTypeTest {
    @ParameterizedTest
    @CsvSource({
        "E5M2, 8, -14, 15, 57344, 0x7B",
        "E4M3, 8, -6, 8, 448, 0x7E",
        "E3M2, 6, -2, 4, 28, 0x1F",
        "E2M3, 6, 0, 2, 7.5, 0x1F",
        "E3M1, 5, -2, 4, 24, 0xF",
        "E2M2, 5, 0, 2, 7, 0xF",
        "E2M1, 4, 0, 2, 6, 7",
        "E1M2, 4, 1, 1, 3.5, 7",
        "E3M0, 4, -2, 4, 16, 7",
        "E2M0, 3, 0, 2, 4, 3",
        "E1M1, 3, 1, 1, 3, 3",
        "INT8, 8, 0, 0, 1.984375, 0x7F",
        "INT6, 6, 0, 0, 1.9375, 0x1F",
        "INT5, 5, 0, 0, 1.875, 0xF",
        "INT4, 4, 0, 0, 1.75, 7",
        "INT3, 3, 0, 0, 1.5, 3"
    })
    void constantsFollowFromTheBits(
            ElementType type, int bits, int minExponent, int maxExponent, float maxNormal, String maxCode) {
        assertThat(type.bits()).isEqualTo(bits);
        assertThat(type.minExponent()).isEqualTo(minExponent);
        assertThat(type.maxExponent()).isEqualTo(maxExponent);
        assertThat(type.maxNormal()).isEqualTo(maxNormal);
        assertThat(type.maxCode()).isEqualTo(Integer.decode(maxCode));
        assertThat(type.value(type.maxCode())).isEqualTo(maxNormal);
    }

    @Test
    void valuesOfSmallTypes() {
        assertThat(values(ElementType.E2M1)).containsExactly(0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f);
        assertThat(values(ElementType.E1M2)).containsExactly(0f, 0.5f, 1f, 1.5f, 2f, 2.5f, 3f, 3.5f);
        assertThat(values(ElementType.E3M0)).containsExactly(0f, 0.25f, 0.5f, 1f, 2f, 4f, 8f, 16f);
        assertThat(values(ElementType.E2M0)).containsExactly(0f, 1f, 2f, 4f);
        assertThat(values(ElementType.E1M1)).containsExactly(0f, 1f, 2f, 3f);
        assertThat(values(ElementType.INT4)).containsExactly(0f, 0.25f, 0.5f, 0.75f, 1f, 1.25f, 1.5f, 1.75f);
    }

    private static float[] values(ElementType type) {
        float[] values = new float[type.maxCode() + 1];
        for (int code = 0; code < values.length; code++) {
            values[code] = type.value(code);
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource
    void theTopBitIsTheSign(ElementType type) {
        int sign = 1 << (type.bits() - 1);
        for (int code = 0; code < sign; code++) {
            assertThat(Float.floatToRawIntBits(type.value(sign | code)))
                    .isEqualTo(Float.floatToRawIntBits(-type.value(code)));
        }
    }

    @Test
    void refusesCodesThatAreTooWide() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ElementType.E2M1.value(16))
                .withMessage("code 16 of e2m1 is not within 0..15");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ElementType.INT3.value(-1))
                .withMessage("code -1 of int3 is not within 0..7");
    }
}

package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ScaleRuleTest {
    private static final int TRIES = 4000;

    @ParameterizedTest
    @CsvSource({
        // amax, exponents by FLOOR, EVEN, CEIL and RCEIL
        "E2M1, 4,      0, 0, 0, 0",
        "E2M1, 4.001,  0, 0, 1, 0",
        "E2M1, 6,      0, 0, 1, 0",
        "E2M1, 6.001,  0, 0, 1, 1",
        "E2M1, 6.999,  0, 0, 1, 1",
        "E2M1, 7,      0, 1, 1, 1",
        "E2M1, 8,      1, 1, 1, 1",
        "E4M3, 448,    0, 0, 1, 0",
        "E4M3, 449,    0, 0, 1, 1",
        "E4M3, 495.9,  0, 0, 1, 1",
        "E4M3, 496,    0, 1, 1, 1",
        "E5M2, 57345,  0, 0, 1, 1",
        "E3M0, 16,     0, 0, 0, 0",
        "E3M0, 23.999, 0, 0, 1, 1",
        "E3M0, 24,     0, 1, 1, 1",
        "INT8, 1.984375, 0, 0, 1, 0",
        "INT8, 1.985,  0, 0, 1, 1",
        "INT8, 1.993,  0, 1, 1, 1",
        "INT4, 1,      0, 0, 0, 0"
    })
    void exponentsOfKnownBlocks(ElementType element, float amax, int floor, int even, int ceil, int rceil) {
        Map<ScaleRule, Integer> expected =
                Map.of(ScaleRule.FLOOR, floor, ScaleRule.EVEN, even, ScaleRule.CEIL, ceil, ScaleRule.RCEIL, rceil);
        for (ScaleRule rule : ScaleRule.values()) {
            for (int exponent : new int[] {-100, -3, 0, 7, 90}) {
                float largest = Math.scalb(amax, exponent);
                MxFormat format = MxFormat.of(element, 8, ScaleType.E8M0).withRule(rule);
                int code = new BlockQuantizer(format).scaleCode(Float.floatToRawIntBits(largest));

                assertThat(code - 127 - exponent)
                        .as("%s of %s", format, largest)
                        .isEqualTo(expected.get(rule));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void rulesThatRoundUpNeverSaturate(ElementType element) {
        for (ScaleType scale : ScaleType.values()) {
            for (float amax : Samples.heavyTailed(7, TRIES)) {
                int bits = Float.floatToRawIntBits(Math.abs(amax));
                Map<ScaleRule, Integer> codes = new EnumMap<>(ScaleRule.class);
                for (ScaleRule rule : ScaleRule.values()) {
                    MxFormat format = MxFormat.of(element, 8, scale).withRule(rule);
                    BlockQuantizer quantizer = new BlockQuantizer(format);
                    int code = quantizer.scaleCode(bits);
                    codes.put(rule, code);
                    int most = scale.powerOfTwo() ? format.maxScaleExponent() + scale.bias() : 0x7bff;
                    assertThat(code).isLessThanOrEqualTo(most);
                    assertThat(element.maxNormal() * scale.value(code)).isFinite();
                    if (rule.roundsUp() && code < most) {
                        assertThat((double) element.maxNormal() * scale.value(code))
                                .as("%s of %s", format, amax)
                                .isGreaterThanOrEqualTo(Math.abs(amax));
                        assertThat(quantizer.magnitudeCode(amax, code)).isLessThanOrEqualTo(element.maxCode());
                    }
                }
                assertOrder(codes, element + " " + scale + " of " + amax);
            }
        }
    }

    private static void assertOrder(Map<ScaleRule, Integer> codes, String what) {
        assertThat(List.of(
                        codes.getOrDefault(ScaleRule.FLOOR, -1),
                        codes.getOrDefault(ScaleRule.EVEN, -1),
                        codes.getOrDefault(ScaleRule.RCEIL, -1),
                        codes.getOrDefault(ScaleRule.CEIL, -1),
                        codes.getOrDefault(ScaleRule.FLOOR, -1) + 1))
                .as(what)
                .isSorted();
    }

    @ParameterizedTest
    @EnumSource
    void theSmallestThatDoesNotSaturate(ElementType element) {
        for (ScaleType scale : ScaleType.values()) {
            BlockQuantizer quantizer =
                    new BlockQuantizer(MxFormat.of(element, 8, scale).withRule(ScaleRule.RCEIL));
            for (float amax : Samples.heavyTailed(9, TRIES)) {
                int code = quantizer.scaleCode(Float.floatToRawIntBits(amax) & 0x7fffffff);
                if (code > 0) {
                    assertThat((double) element.maxNormal() * scale.value(code - 1))
                            .as("%s %s of %s", element, scale, amax)
                            .isLessThan(Math.abs(amax));
                }
            }
        }
    }
}

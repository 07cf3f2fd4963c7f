package dev.waterspout.interconnect.policy;

import static dev.waterspout.interconnect.policy.SimulatedRank.BF16;
import static dev.waterspout.interconnect.policy.SimulatedRank.E2M1;
import static dev.waterspout.interconnect.policy.SimulatedRank.E4M3;
import static dev.waterspout.interconnect.policy.SimulatedRank.F32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommQualityTest {
    private static final CommQuality TABLE =
            CommQuality.parse(List.of("# a remark", "", "e4m3:32:e8m0  0.2 # another", "e2m1 1.5", "bf16 -0.01"));

    @Test
    void allowsFormatsWithinTheLimitAndAlwaysF32() {
        assertThat(TABLE.allowed(0)).containsExactly(F32, BF16);
        assertThat(TABLE.allowed(0.2)).containsExactly(F32, E4M3, BF16);
        assertThat(TABLE.allowed(2)).containsExactly(F32, E4M3, E2M1, BF16);
        assertThat(CommQuality.parse(List.of("f32 5")).allowed(0)).containsExactly(F32);
    }

    @Test
    void formatsNamedByTheUserAreAllowed() {
        assertThat(CommQuality.of(List.of(E2M1)).allowed(0)).containsExactly(F32, E2M1);
        assertThat(CommQuality.of(List.of()).allowed(100)).containsExactly(F32);
    }

    @Test
    void theTableOfThisVersionCanBeRead() {
        assertThat(CommQuality.measured().allowed(0)).contains(F32);
        assertThat(CommQuality.measured().allowed(1)).contains(F32, BF16, WireFormat.parse("int8:32:e8m0:rceil"));
        assertThat(CommQuality.measured().increasePercent().values()).allMatch(percent -> percent >= 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"e2m1", "e2m1 1 2", "e9m9 1", "e2m1 much", "e2m1 NaN"})
    void refusesOtherText(String line) {
        assertThatIllegalArgumentException().isThrownBy(() -> CommQuality.parse(List.of("f32 0", line)));
    }

    @Test
    void namesTheWrongLine() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CommQuality.parse(List.of("f32 0", "bf16 0", "f32 1")))
                .withMessageContaining("line 3, 'f32 1'");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN})
    void refusesAnInvalidQuality(double quality) {
        assertThatIllegalArgumentException().isThrownBy(() -> TABLE.allowed(quality));
    }
}

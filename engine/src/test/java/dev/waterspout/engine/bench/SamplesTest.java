package dev.waterspout.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SamplesTest {
    private static Samples of(double... seconds) {
        return new Samples(
                100,
                java.util.Arrays.stream(seconds)
                        .mapToObj(each -> Math.round(each * 1e9))
                        .toList());
    }

    @Test
    void meanAndDeviationAreOfTheSpeeds() {
        Samples samples = of(1, 2, 4); // 100, 50 and 25 tokens/s
        assertThat(samples.meanSpeed()).isEqualTo(175 / 3.0, within(1e-9));
        assertThat(samples.speedDeviation()).isEqualTo(38.18813, within(1e-5)); // of the sample: divided by 2
        assertThat(samples.meanNanos()).isEqualTo(7e9 / 3, within(1.0));
        assertThat(samples.nanosDeviation()).isEqualTo(1.527525e9, within(1e3));
    }

    @Test
    void theMedianIsTheMiddleOneOrBetweenTheTwo() {
        assertThat(of(4, 1, 2).medianSpeed()).isEqualTo(50);
        assertThat(of(4, 1, 2, 1).medianSpeed()).isEqualTo(75);
        assertThat(of(4, 1, 2).medianSeconds()).isEqualTo(2);
    }

    @Test
    void oneRunHasNoDeviation() {
        assertThat(of(2).speedDeviation()).isZero();
        assertThatThrownBy(() -> new Samples(1, List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}

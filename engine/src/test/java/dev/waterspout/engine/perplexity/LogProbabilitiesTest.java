package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class LogProbabilitiesTest {
    private static LogProbabilities of(int rows, float... logits) {
        LogProbabilities made = new LogProbabilities(rows, logits.length / rows);
        made.read(MemorySegment.ofArray(logits), rows);
        return made;
    }

    @Test
    void equalTheLogarithmOfSoftmax() {
        // The first row has probabilities 1/2, 1/4 and 1/4; the second adds a constant at which exp would overflow.
        float half = (float) Math.log(2);
        LogProbabilities two = of(2, half, 0, 0, 1000 - half, 1000 - half, 1000);
        assertThat(two.log(0, 0)).isCloseTo(-Math.log(2), within(1e-7));
        assertThat(two.log(0, 2)).isCloseTo(-Math.log(4), within(1e-7));
        assertThat(two.log(1, 2)).isCloseTo(-Math.log(2), within(1e-4));
        assertThat(two.top(0)).isZero();
        assertThat(two.top(1)).isEqualTo(2);
    }

    @Test
    void divergenceEqualsTheKullbackLeiblerFormula() {
        LogProbabilities p = of(1, (float) Math.log(0.5), (float) Math.log(0.25), (float) Math.log(0.25));
        LogProbabilities q = of(1, (float) Math.log(0.25), (float) Math.log(0.25), (float) Math.log(0.5));
        // 1/2 log 2 + 0 - 1/4 log 2
        assertThat(p.divergences(q, 1)[0]).isCloseTo(0.25 * Math.log(2), within(1e-7));
        assertThat(p.divergences(p, 1)[0]).isZero();
    }

    @Test
    void meansHaveTheirStandardErrors() {
        Mean.Sum sum = new Mean.Sum();
        for (double value : new double[] {1, 2, 3, 4}) {
            sum.add(value);
        }
        Mean mean = sum.mean();
        assertThat(mean.value()).isEqualTo(2.5);
        // Sample variance 5/3, over 4 values.
        assertThat(mean.standardError()).isCloseTo(Math.sqrt(5.0 / 3 / 4), within(1e-12));
        assertThat(mean.expError()).isCloseTo(Math.exp(2.5) * mean.standardError(), within(1e-12));
        assertThat(new Mean.Sum().mean().value()).isNaN();
    }
}

package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.model.ModelException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {
    private static final int DRAWS = 20_000;

    private static MemorySegment logits(double... probabilities) {
        float[] values = new float[probabilities.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.log(probabilities[i]);
        }
        return MemorySegment.ofArray(values);
    }

    private static int[] counts(Sampler sampler, MemorySegment logits, int vocabulary) {
        int[] counts = new int[vocabulary];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.sample(logits)]++;
        }
        return counts;
    }

    private static Set<Integer> drawn(int topK, double topP, double minP, double temperature, MemorySegment logits) {
        int[] counts = counts(new Sampler(new SamplingParameters(topK, topP, minP, temperature, 1)), logits, 5);
        Set<Integer> drawn = new TreeSet<>();
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0) {
                drawn.add(i);
            }
        }
        return drawn;
    }

    @Test
    void greedyTakesTheLargestLogitAndTheLowestIdOfATie() {
        Sampler greedy = new Sampler(SamplingParameters.greedy());
        assertThat(greedy.sample(logits(0.1, 0.6, 0.3))).isEqualTo(1);
        assertThat(greedy.sample(logits(0.2, 0.4, 0.4))).isEqualTo(1);
        assertThat(greedy.sample(MemorySegment.ofArray(new float[] {-5, -3, Float.NEGATIVE_INFINITY})))
                .isEqualTo(1);
    }

    @Test
    void drawsWithTheModelsProbabilities() {
        Sampler sampler = new Sampler(new SamplingParameters(0, 1, 0, 1, 7));
        int[] counts = counts(sampler, logits(0.5, 0.05, 0.25, 0.2), 4);
        assertThat(counts[0] / (double) DRAWS).isCloseTo(0.5, within(0.02));
        assertThat(counts[1] / (double) DRAWS).isCloseTo(0.05, within(0.01));
        assertThat(counts[2] / (double) DRAWS).isCloseTo(0.25, within(0.02));
        assertThat(counts[3] / (double) DRAWS).isCloseTo(0.2, within(0.02));
    }

    @Test
    void temperatureSharpensAndFlattens() {
        MemorySegment logits = logits(0.6, 0.3, 0.1);
        int[] cold = counts(new Sampler(new SamplingParameters(0, 1, 0, 0.5, 7)), logits, 3);
        int[] hot = counts(new Sampler(new SamplingParameters(0, 1, 0, 2, 7)), logits, 3);
        // p^(1/T) normalized
        assertThat(cold[0] / (double) DRAWS).isCloseTo(0.36 / 0.46, within(0.02));
        double flat = Math.sqrt(0.6) + Math.sqrt(0.3) + Math.sqrt(0.1);
        assertThat(hot[0] / (double) DRAWS).isCloseTo(Math.sqrt(0.6) / flat, within(0.02));
    }

    @Test
    void filtersKeepTheExpectedTokens() {
        MemorySegment logits = logits(0.1, 0.4, 0.05, 0.3, 0.15);
        assertThat(drawn(2, 1, 0, 1, logits)).containsExactly(1, 3);
        assertThat(drawn(0, 1, 0, 1, logits)).containsExactly(0, 1, 2, 3, 4);
        assertThat(drawn(0, 0.65, 0, 1, logits)).containsExactly(1, 3);
        assertThat(drawn(0, 0.75, 0, 1, logits)).containsExactly(1, 3, 4);
        assertThat(drawn(0, 0, 0, 1, logits)).containsExactly(1);
        assertThat(drawn(0, 1, 0.3, 1, logits)).containsExactly(1, 3, 4);
        assertThat(drawn(0, 1, 1, 1, logits)).containsExactly(1);
        assertThat(drawn(1, 1, 0, 5, logits)).containsExactly(1);
        assertThat(drawn(100, 1, 0, 1, logits)).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void topKOfALargeVocabularyEqualsThatOfASort() {
        Random random = new Random(3);
        float[] values = new float[100_003];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (10 * random.nextGaussian());
        }
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        float least = sorted[sorted.length - 50];
        Sampler sampler = new Sampler(new SamplingParameters(50, 1, 0, 1000, 5));
        Set<Integer> drawn = new TreeSet<>();
        MemorySegment logits = MemorySegment.ofArray(values);
        for (int i = 0; i < 2000; i++) {
            drawn.add(sampler.sample(logits));
        }
        assertThat(drawn).hasSize(50).allMatch(id -> values[id] >= least);
    }

    @Test
    void theSameSeedDrawsTheSameTokens() {
        MemorySegment logits = logits(0.25, 0.25, 0.25, 0.25);
        int[] first = counts(new Sampler(new SamplingParameters(0, 1, 0, 1, 11)), logits, 4);
        assertThat(counts(new Sampler(new SamplingParameters(0, 1, 0, 1, 11)), logits, 4))
                .isEqualTo(first);
        assertThat(counts(new Sampler(new SamplingParameters(0, 1, 0, 1, 12)), logits, 4))
                .isNotEqualTo(first);
    }

    @Test
    void refusesDamagedLogitsAndParametersOutOfRange() {
        assertThatThrownBy(() -> new Sampler(SamplingParameters.greedy())
                        .sample(MemorySegment.ofArray(new float[] {0, Float.NaN})))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("token 1");
        assertThatThrownBy(() -> new SamplingParameters(-1, 1, 0, 1, 0)).hasMessageContaining("top-k is -1");
        assertThatThrownBy(() -> new SamplingParameters(0, 1.5, 0, 1, 0)).hasMessageContaining("top-p is 1.5");
        assertThatThrownBy(() -> new SamplingParameters(0, 1, -0.1, 1, 0)).hasMessageContaining("min-p is -0.1");
        assertThatThrownBy(() -> new SamplingParameters(0, 1, 0, Double.NaN, 0)).hasMessageContaining("temperature");
    }

    private static int greedy(LogitAdjustments adjustments, float[] logits, int... text) {
        Sampler sampler = new Sampler(SamplingParameters.greedy().withAdjustments(adjustments));
        for (int token : text) {
            sampler.accept(token);
        }
        return sampler.sample(MemorySegment.ofArray(logits));
    }

    @Test
    void penaltiesCountTheLastTokensOfTheText() {
        float[] logits = {4, 3.5f, -1, -1.5f};
        LogitAdjustments repeat = new LogitAdjustments(2, 2, 0, 0, Map.of());
        assertThat(greedy(repeat, logits)).isZero();
        assertThat(greedy(repeat, logits, 0)).isEqualTo(1);
        assertThat(greedy(repeat, logits, 0, 1, 0)).isZero();
        // The token has left the window.
        assertThat(greedy(repeat, logits, 0, 2, 3)).isZero();
        // A logit that is not positive is multiplied.
        assertThat(greedy(repeat, new float[] {-1, -1.5f}, 0)).isEqualTo(1);
        assertThat(greedy(new LogitAdjustments(-1, 1, 0.4, 0, Map.of()), logits, 0, 0, 0))
                .isZero();
        assertThat(greedy(new LogitAdjustments(-1, 1, 0, 0.2, Map.of()), logits, 0, 0))
                .isZero();
        assertThat(greedy(new LogitAdjustments(-1, 1, 0, 0.2, Map.of()), logits, 0, 0, 0))
                .isEqualTo(1);
        assertThat(greedy(new LogitAdjustments(0, 1, 9, 9, Map.of()), logits, 0))
                .isZero();
    }

    @Test
    void biasesAreAddedFirst() {
        float[] logits = {4, 3, 1};
        assertThat(greedy(new LogitAdjustments(0, 1, 0, 0, Map.of(2, 4.0)), logits))
                .isEqualTo(2);
        assertThat(greedy(new LogitAdjustments(0, 1, 0, 0, Map.of(0, Double.NEGATIVE_INFINITY)), logits))
                .isEqualTo(1);
        // Biased to 8, then halved.
        assertThat(greedy(new LogitAdjustments(-1, 2, 0, 0, Map.of(2, 7.0)), logits, 2))
                .isZero();
        assertThatThrownBy(() -> greedy(new LogitAdjustments(0, 1, 0, 0, Map.of(3, 1.0)), logits))
                .hasMessage("bias of token 3; the vocabulary has 3 tokens, from 0");
        assertThatThrownBy(() -> new LogitAdjustments(-2, 1, 0, 0, Map.of())).hasMessageContaining("-2");
        assertThatThrownBy(() -> new LogitAdjustments(0, 0, 0, 0, Map.of()))
                .hasMessageContaining("repeat penalty is 0");
    }

    /** Allows one token, and records the tokens that were chosen. */
    private static final class Only implements TokenConstraint {
        private final int allowed;
        private final List<Integer> taken = new ArrayList<>();

        private Only(int allowed) {
            this.allowed = allowed;
        }

        @Override
        public void restrict(float[] logits) {
            for (int id = 0; id < logits.length; id++) {
                logits[id] = id == allowed ? logits[id] : Float.NEGATIVE_INFINITY;
            }
        }

        @Override
        public void accept(int token) {
            taken.add(token);
        }
    }

    @Test
    void aConstraintAppliesBeforeTheFiltersAndReceivesTheChosenToken() {
        for (double temperature : new double[] {0, 1}) {
            Only only = new Only(3);
            Sampler sampler = new Sampler(new SamplingParameters(2, 0.5, 0.5, temperature, 1), only, -1);
            sampler.accept(0);
            assertThat(sampler.sample(logits(0.6, 0.3, 0.09, 0.01))).isEqualTo(3);
            assertThat(only.taken).containsExactly(3);
            assertThat(sampler.chosen(0)).isEmpty();
        }
    }

    @Test
    void reportedProbabilitiesIgnoreTheConstraint() {
        Sampler sampler = new Sampler(SamplingParameters.greedy(), new Only(2), 3);
        sampler.sample(logits(0.1, 0.5, 0.15, 0.25));
        sampler.sample(logits(0.25, 0.25, 0.4, 0.1));
        List<ChosenToken> chosen = sampler.chosen(0);
        assertThat(chosen).hasSize(2);
        assertThat(Math.exp(chosen.get(0).logProbability())).isCloseTo(0.15, within(1e-6));
        assertThat(chosen.get(0).likeliest())
                .extracting(ChosenToken.Candidate::token)
                .containsExactly(1, 3, 2);
        assertThat(chosen.get(1).likeliest())
                .extracting(ChosenToken.Candidate::token)
                .containsExactly(2, 0, 1);
        assertThat(Math.exp(chosen.get(1).likeliest().get(1).logProbability())).isCloseTo(0.25, within(1e-6));
        assertThat(sampler.chosen(1)).containsExactly(chosen.get(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-1|1|temperature is -1.0; it must be at least 0.0, and finite",
                "Infinity|1|temperature is Infinity; it must be at least 0.0, and finite",
                "1|1.5|top-p is 1.5; it must be within 0.0 to 1.0"
            })
    void parametersOutOfTheirRangesAreNamedWithIt(float temperature, float topP, String message) {
        assertThatThrownBy(() -> new SamplingParameters(0, topP, 0, temperature, 1))
                .hasMessage(message);
    }
}

package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.logits.CandidateRanks;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.LogitsRequest.Extent;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sampling from the candidates of all ranks chooses the same token as sampling from all logits. */
class CandidateSamplingTest {
    private static final int TOKENS = 2003;
    private static final int[][] CUTS = {{2010}, {1000, 2010}, {1, 700, 2003, 2010}};

    private static List<SamplingParameters> samplers() {
        List<SamplingParameters> samplers = new ArrayList<>();
        for (int topK : new int[] {0, 1, 40, 300}) {
            for (double topP : new double[] {1, 0.95, 0.3}) {
                for (double minP : new double[] {0, 0.05}) {
                    for (double temperature : new double[] {0, 0.2, 1, 1.7}) {
                        samplers.add(new SamplingParameters(topK, topP, minP, temperature, samplers.size()));
                    }
                }
            }
        }
        return samplers;
    }

    private static List<LogitAdjustments> adjustments() {
        return List.of(
                LogitAdjustments.NONE,
                new LogitAdjustments(20, 1.3, 0.5, 0.2, Map.of()),
                new LogitAdjustments(-1, 1, 0, 0.1, Map.of(3, 4.0, 1500, Double.NEGATIVE_INFINITY, 2002, -2.0)));
    }

    /** Logits whose likeliest tokens have a large or a small share of the probability. */
    private static float[] logits(Random random) {
        float[] logits = new float[2010];
        double spread = 0.5 + 5 * random.nextDouble();
        for (int i = 0; i < logits.length; i++) {
            logits[i] = random.nextInt(50) == 0 ? Float.NEGATIVE_INFINITY : (float) (spread * random.nextGaussian());
        }
        return logits;
    }

    /** Numbers of draws, of requests that were widened, and of draws that needed all logits. */
    private static final class Tally {
        private int draws;
        private int widened;
        private int all;
    }

    private static int choose(Sampler sampler, float[] logits, CandidateRanks ranks, Tally tally) {
        LogitsRequest request = sampler.request(TOKENS);
        ranks.hold(logits);
        boolean first = true;
        while (request.extent() == Extent.BEST) {
            OptionalInt chosen = sampler.sample(ranks.answer(request));
            if (chosen.isPresent()) {
                return chosen.getAsInt();
            }
            tally.widened += first ? 1 : 0;
            first = false;
            request = request.wider();
        }
        tally.all++;
        return sampler.sample(MemorySegment.ofArray(Arrays.copyOf(logits, TOKENS)));
    }

    @Test
    void candidatesGiveTheTokenOfAllLogits() {
        Random random = new Random(17);
        Tally tally = new Tally();
        for (SamplingParameters each : samplers()) {
            for (LogitAdjustments adjustments : adjustments()) {
                SamplingParameters parameters = each.withAdjustments(adjustments);
                Sampler whole = new Sampler(parameters);
                Sampler parts = new Sampler(parameters);
                for (int draw = 0; draw < 36; draw++) {
                    float[] logits = logits(random);
                    CandidateRanks ranks = new CandidateRanks(CUTS[draw % CUTS.length]);
                    int expected = whole.sample(MemorySegment.ofArray(Arrays.copyOf(logits, TOKENS)));
                    assertThat(choose(parts, logits, ranks, tally))
                            .as("%s, draw %d", parameters, draw)
                            .isEqualTo(expected);
                    whole.accept(expected);
                    parts.accept(expected);
                    tally.draws++;
                }
            }
        }
        assertThat(tally.draws).isGreaterThanOrEqualTo(10_000);
        // Both ways occur often enough to be tested.
        assertThat(tally.widened).isBetween(tally.draws / 40, tally.draws / 3);
        assertThat(tally.all).isLessThan(tally.draws / 3);
    }

    @Test
    void candidatesGiveTheLogProbabilitiesOfAllLogits() {
        Random random = new Random(23);
        Tally tally = new Tally();
        for (SamplingParameters each : samplers()) {
            SamplingParameters parameters = each.withAdjustments(adjustments().getLast());
            Sampler whole = new Sampler(parameters, TokenConstraint.NONE, 5);
            Sampler parts = new Sampler(parameters, TokenConstraint.NONE, 5);
            for (int draw = 0; draw < 5; draw++) {
                float[] logits = logits(random);
                int expected = whole.sample(MemorySegment.ofArray(Arrays.copyOf(logits, TOKENS)));
                assertThat(choose(parts, logits, new CandidateRanks(CUTS[draw % CUTS.length]), tally))
                        .isEqualTo(expected);
                ChosenToken of = parts.chosen(draw).getFirst();
                ChosenToken all = whole.chosen(draw).getFirst();
                assertThat(of.token()).isEqualTo(expected);
                assertThat(of.logProbability()).isCloseTo(all.logProbability(), within(1e-9));
                assertThat(of.likeliest()).hasSize(5);
                for (int i = 0; i < 5; i++) {
                    assertThat(of.likeliest().get(i).token())
                            .isEqualTo(all.likeliest().get(i).token());
                    assertThat(of.likeliest().get(i).logProbability())
                            .isCloseTo(all.likeliest().get(i).logProbability(), within(1e-9));
                }
            }
        }
    }

    @Test
    void constraintsNeedAllLogits() {
        TokenConstraint odd = new TokenConstraint() {
            @Override
            public void restrict(float[] logits) {
                for (int id = 0; id < logits.length; id += 2) {
                    logits[id] = Float.NEGATIVE_INFINITY;
                }
            }

            @Override
            public void accept(int token) {
                assertThat(token).isOdd();
            }
        };
        Sampler sampler = new Sampler(new SamplingParameters(3, 1, 0, 2, 4), odd, -1);
        assertThat(sampler.request(TOKENS)).isEqualTo(LogitsRequest.ALL);
        for (int draw = 0; draw < 20; draw++) {
            assertThat(sampler.sample(MemorySegment.ofArray(logits(new Random(draw)))))
                    .isOdd();
        }
    }

    @Test
    void theLikeliestTokensOfTopKAlwaysSuffice() {
        Random random = new Random(5);
        Tally tally = new Tally();
        for (int topK : new int[] {1, 2, 40, 900}) {
            Sampler sampler = new Sampler(new SamplingParameters(topK, 0.9, 0, 3, topK));
            for (int draw = 0; draw < 50; draw++) {
                choose(sampler, logits(random), new CandidateRanks(CUTS[draw % CUTS.length]), tally);
            }
        }
        assertThat(tally.widened).isZero();
        assertThat(tally.all).isZero();
    }

    @Test
    void choosesNoTokenWithinTheRoundingErrorOfTheSum() {
        // Two tokens of the same probability, and as much again in tokens that are no candidates: with top-p 0.25 the
        // sum
        // of the first lies on the limit.
        float[] logits = new float[TOKENS];
        Arrays.fill(logits, (float) Math.log(2.0 / (TOKENS - 2)));
        logits[10] = 0;
        logits[20] = 0;
        CandidateRanks ranks = new CandidateRanks(TOKENS);
        ranks.hold(logits);
        double sum = 2 + (TOKENS - 2) * Math.exp(logits[0]);
        Sampler near = new Sampler(new SamplingParameters(0, (1 + 1e-10) / sum, 0, 1, 1));
        assertThat(near.sample(ranks.answer(near.request(TOKENS)))).isEmpty();
        Sampler apart = new Sampler(new SamplingParameters(0, (1 + 1e-6) / sum, 0, 1, 1));
        assertThat(apart.sample(ranks.answer(apart.request(TOKENS)))).isPresent();
    }

    @Test
    void requestsOnlyWhatTheSamplerNeeds() {
        assertThat(new Sampler(SamplingParameters.greedy()).request(TOKENS))
                .isEqualTo(LogitsRequest.best(TOKENS, 1, List.of(), List.of()));
        assertThat(new Sampler(new SamplingParameters(40, 0.95, 0.05, 0.8, 1)).request(TOKENS))
                .isEqualTo(LogitsRequest.best(TOKENS, 40, List.of(), List.of()));
        assertThat(new Sampler(new SamplingParameters(0, 0.95, 0, 0.8, 1)).request(TOKENS))
                .isEqualTo(LogitsRequest.best(TOKENS, 64, List.of(1.0), List.of()));
        assertThat(new Sampler(new SamplingParameters(0, 1, 0, 0.8, 1)).request(TOKENS))
                .isEqualTo(LogitsRequest.best(TOKENS, 64, List.of(0.8), List.of()));
        assertThat(new Sampler(new SamplingParameters(0, 1, 0, 0.8, 1)).request(100))
                .isEqualTo(LogitsRequest.ALL);
        Sampler adjusting = new Sampler(
                SamplingParameters.greedy().withAdjustments(new LogitAdjustments(2, 1.1, 0, 0, Map.of(9, 1.0))));
        adjusting.accept(4);
        adjusting.accept(12);
        adjusting.accept(1);
        assertThat(adjusting.request(TOKENS).named()).containsExactly(1, 9, 12);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> adjusting.request(9))
                .withMessage("bias of token 9; the vocabulary has 9 tokens, from 0");
    }

    @Test
    void biasesMustAllowAToken() {
        Sampler sampler = new Sampler(SamplingParameters.greedy()
                .withAdjustments(new LogitAdjustments(
                        0, 1, 0, 0, Map.of(0, Double.NEGATIVE_INFINITY, 1, Double.NEGATIVE_INFINITY))));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sampler.sample(MemorySegment.ofArray(new float[] {1, 2})))
                .withMessage("biases forbid every token that the model could choose");
    }
}

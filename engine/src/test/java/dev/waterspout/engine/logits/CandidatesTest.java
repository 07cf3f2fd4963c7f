package dev.waterspout.engine.logits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.model.ModelException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CandidatesTest {
    private static final int TOKENS = 701;
    private static final int[] ENDS = {3, 400, 401, 710};
    /** Processors return a NaN with a sign for an invalid operation. */
    private static final float NEGATIVE_NAN = Float.intBitsToFloat(0xffc00000);

    private static float[] random(long seed) {
        Random random = new Random(seed);
        float[] logits = new float[ENDS[ENDS.length - 1]];
        for (int i = 0; i < logits.length; i++) {
            // Multiples of 1/2, so that many are equal. A few are negative infinity.
            logits[i] = random.nextInt(40) == 0 ? Float.NEGATIVE_INFINITY : Math.round(8 * random.nextGaussian()) / 2f;
        }
        return logits;
    }

    /**
     * Ids of all tokens with a positive probability that are not named, by descending logit and then by ascending id.
     */
    private static List<Integer> sorted(float[] logits, List<Integer> named) {
        return IntStream.range(0, TOKENS)
                .boxed()
                .filter(id -> !named.contains(id) && logits[id] > Float.NEGATIVE_INFINITY)
                .sorted((a, b) -> logits[a] == logits[b] ? a - b : Float.compare(logits[b], logits[a]))
                .toList();
    }

    @Test
    void certainCandidatesAreAPrefixOfTheOrderOfAllTokens() {
        List<Integer> named = List.of(0, 7, 399, 400, 401, 700);
        CandidateRanks ranks = new CandidateRanks(ENDS);
        for (int seed = 0; seed < 200; seed++) {
            float[] logits = random(seed);
            ranks.hold(logits);
            List<Integer> sorted = sorted(logits, named);
            for (int best : new int[] {1, 2, 5, 64, 300, 900}) {
                Candidates found = ranks.answer(LogitsRequest.best(TOKENS, best, List.of(), named));
                float[] forbidden = new float[named.size()];
                Arrays.fill(forbidden, Float.NEGATIVE_INFINITY);
                Ranking certain = found.ranking(forbidden);
                int size = certain.size();
                assertThat(size).isGreaterThanOrEqualTo(Math.min(best, sorted.size()));
                assertThat(certain.isWhole()).isEqualTo(size == sorted.size());
                assertThat(IntStream.range(0, size).mapToObj(certain::id))
                        .containsExactlyElementsOf(sorted.subList(0, size));
                assertThat(IntStream.range(0, size).mapToObj(certain::logit))
                        .containsExactlyElementsOf(sorted.stream()
                                .limit(size)
                                .map(id -> logits[id])
                                .toList());
                for (int i = 0; i < named.size(); i++) {
                    assertThat(found.named()[i]).isEqualTo(logits[named.get(i)]);
                    assertThat(found.logit(named.get(i))).isEqualTo(logits[named.get(i)]);
                }
            }
        }
    }

    @Test
    void candidatesOfAVocabularyOfManyStretchesAreTheMostLikelyOnes() {
        int[] ends = {4000, 4001, 9000};
        List<Integer> named = List.of(5, 3999, 8999);
        CandidateRanks ranks = new CandidateRanks(ends);
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            float[] logits = new float[9000];
            for (int i = 0; i < logits.length; i++) {
                // Rising and falling over the stretches, so that some of them have no candidate.
                logits[i] = (float) (random.nextGaussian() + 4 * Math.sin(i / 900.0 + seed));
            }
            named.forEach(id -> logits[id] = 20 + id);
            ranks.hold(logits);
            Candidates found = ranks.answer(LogitsRequest.best(9000, 40, List.of(), named));
            Ranking top = Ranking.top(logits, 43);
            Ranking ranking = found.ranking(found.named());
            assertThat(ranking.size()).isGreaterThanOrEqualTo(43);
            for (int place = 0; place < 43; place++) {
                assertThat(ranking.id(place)).isEqualTo(top.id(place));
            }
        }
    }

    @Test
    void sumsCoverAllTokensThatAreNotNamed() {
        List<Integer> named = List.of(5, 500);
        CandidateRanks ranks = new CandidateRanks(ENDS);
        for (int seed = 0; seed < 50; seed++) {
            float[] logits = random(seed);
            ranks.hold(logits);
            Candidates found = ranks.answer(LogitsRequest.best(TOKENS, 3, List.of(1.0, 0.3), named));
            for (int i = 0; i < 2; i++) {
                double temperature = i == 0 ? 1 : 0.3;
                double expected = sorted(logits, named).stream()
                        .mapToDouble(id -> Math.exp((logits[id] - 2.0) / temperature))
                        .sum();
                assertThat(found.sum(i, 2)).isCloseTo(expected, within(1e-12 * expected));
            }
        }
    }

    @Test
    void ranksSendTheWordsOfTheFormula() {
        // 5 + 2 sums + 1 for their error + named + 2 min(k, tokens); rank 0 has 3 tokens, rank 2 one, rank 3 rows
        // beyond the vocabulary.
        LogitsRequest request = LogitsRequest.best(TOKENS, 64, List.of(1.0), List.of(2, 3, 401, 402, 700));
        assertThat(new CandidateRanks(ENDS).words(request))
                .containsExactly(5 + 3 + 1 + 6, 5 + 3 + 1 + 128, 5 + 3 + 2, 5 + 3 + 3 + 128);
        assertThat(new CandidateRanks(ENDS).words(LogitsRequest.best(2, 1, List.of(), List.of())))
                .containsExactly(7, 5, 5, 5);
    }

    @Test
    void widerRequestsEndWithAllLogits() {
        LogitsRequest first = LogitsRequest.best(32_000, 64, List.of(0.7), List.of(1, 2));
        LogitsRequest second = first.wider();
        assertThat(second).isEqualTo(LogitsRequest.best(32_000, 1024, List.of(0.7), List.of(1, 2)));
        assertThat(second.wider()).isEqualTo(LogitsRequest.ALL);
        assertThat(LogitsRequest.ofWords(LogitsRequest.ALL.toWords())).isEqualTo(LogitsRequest.ALL);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LogitsRequest.best(9, 0, List.of(), List.of()))
                .withMessage("0 candidates of 9 tokens; both must be at least 1");
    }

    @Test
    void refusesLogitsWithoutAChoice() {
        CandidateRanks ranks = new CandidateRanks(ENDS);
        LogitsRequest request = LogitsRequest.best(TOKENS, 1, List.of(), List.of(450));
        float[] logits = random(1);
        ranks.hold(logits);
        assertThat(ranks.answer(request).require("none").named()).containsExactly(logits[450]);
        for (int id : new int[] {0, 2, 400, 450, 700}) {
            for (float bad : new float[] {Float.NaN, NEGATIVE_NAN, Float.POSITIVE_INFINITY}) {
                float[] damaged = logits.clone();
                damaged[id] = bad;
                ranks.hold(damaged);
                assertThatThrownBy(() -> ranks.answer(request).require("damaged weights"))
                        .isInstanceOf(ModelException.class)
                        .hasMessage("the logit of token " + id + " is "
                                + (Float.isNaN(bad) ? "not a number" : "infinite") + "; likely cause: damaged weights");
            }
        }
        float[] beyond = logits.clone();
        beyond[TOKENS] = Float.NaN;
        ranks.hold(beyond);
        assertThat(ranks.answer(request).require("none").named()).containsExactly(logits[450]);
        float[] equal = new float[logits.length];
        Arrays.fill(equal, -2);
        ranks.hold(equal);
        assertThatThrownBy(() -> ranks.answer(request).require("x"))
                .hasMessage("all " + TOKENS + " logits are equal, -2.0; likely cause: x");
    }
}

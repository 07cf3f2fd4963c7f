package dev.waterspout.engine.generate;

import dev.waterspout.engine.logits.Ranking;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Records the log-probabilities of a text's tokens. One thread adds to it, any thread may read it. */
final class LogProbabilityRecord {
    private final int likeliest;
    private final List<ChosenToken> chosen = Collections.synchronizedList(new ArrayList<>());
    private Ranking ranking = Ranking.whole();
    private IntToDoubleFunction logits = _ -> Double.NaN;
    /** The logarithm of the sum of the exponentials of all logits. */
    private double normalizer;

    /** @param likeliest number of the most likely tokens recorded at each position; negative to record nothing */
    LogProbabilityRecord(int likeliest) {
        this.likeliest = likeliest;
    }

    boolean isKept() {
        return likeliest >= 0;
    }

    /** {@return the number of most likely tokens recorded at each position; negative if nothing is recorded} */
    int likeliest() {
        return likeliest;
    }

    /**
     * Stores the logits of a position.
     *
     * @param tokens the most likely tokens, at least as many as are recorded
     * @param logit logits by token id
     */
    void look(Ranking tokens, IntToDoubleFunction logit) {
        ranking = tokens;
        logits = logit;
        normalizer = tokens.logit(0) + Math.log(tokens.sum(tokens.odds(1), 1));
    }

    /** Records the token that was chosen at this position. */
    void choose(int token) {
        if (isKept()) {
            List<ChosenToken.Candidate> first = IntStream.range(0, Math.min(likeliest, ranking.size()))
                    .mapToObj(place -> new ChosenToken.Candidate(ranking.id(place), ranking.logit(place) - normalizer))
                    .toList();
            chosen.add(new ChosenToken(token, logits.applyAsDouble(token) - normalizer, first));
        }
    }

    /** Returns the tokens from a position on. */
    List<ChosenToken> from(int place) {
        synchronized (chosen) {
            return List.copyOf(chosen.subList(Math.min(place, chosen.size()), chosen.size()));
        }
    }
}

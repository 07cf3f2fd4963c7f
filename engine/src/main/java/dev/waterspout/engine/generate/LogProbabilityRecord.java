package dev.waterspout.engine.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Notes how likely the tokens of a text were. One thread adds to it, any thread reads. */
final class LogProbabilityRecord {
    private final int likeliest;
    private final List<ChosenToken> chosen = Collections.synchronizedList(new ArrayList<>());
    private double[] logs = {};

    /** @param likeliest how many of the most likely tokens are noted at each place; negative to note nothing */
    LogProbabilityRecord(int likeliest) {
        this.likeliest = likeliest;
    }

    /** Looks at the logits of a place, as the model computed them. */
    void look(float[] logits) {
        if (likeliest < 0) {
            return;
        }
        if (logs.length != logits.length) {
            logs = new double[logits.length];
        }
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        double normalizer = largest + Math.log(sum);
        for (int id = 0; id < logs.length; id++) {
            logs[id] = logits[id] - normalizer;
        }
    }

    /** Notes the token that was chosen at that place. */
    void choose(int token) {
        if (likeliest >= 0) {
            chosen.add(new ChosenToken(token, logs[token], mostLikely()));
        }
    }

    private List<ChosenToken.Candidate> mostLikely() {
        int count = Math.min(likeliest, logs.length);
        int[] best = new int[count];
        int filled = 0;
        for (int id = 0; id < logs.length && count > 0; id++) {
            if (filled == count && logs[id] <= logs[best[count - 1]]) {
                continue;
            }
            int at = filled == count ? count - 1 : filled++;
            while (at > 0 && logs[id] > logs[best[at - 1]]) {
                best[at] = best[at - 1];
                at--;
            }
            best[at] = id;
        }
        return Arrays.stream(best)
                .mapToObj(id -> new ChosenToken.Candidate(id, logs[id]))
                .toList();
    }

    /** Returns the tokens from a place on. */
    List<ChosenToken> from(int place) {
        synchronized (chosen) {
            return List.copyOf(chosen.subList(Math.min(place, chosen.size()), chosen.size()));
        }
    }
}

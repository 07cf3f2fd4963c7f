package dev.waterspout.engine.generate;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The number of occurrences of each token among the last ones of a text. */
final class TokenCounts {
    private final int window;
    private final Deque<Integer> last = new ArrayDeque<>();
    private final Map<Integer, Integer> counts = new HashMap<>();

    /** @param window number of the last tokens that count; -1 for all */
    TokenCounts(int window) {
        this.window = window;
    }

    void add(int token) {
        counts.merge(token, 1, Integer::sum);
        if (window < 0) {
            return;
        }
        last.addLast(token);
        if (last.size() > window) {
            counts.computeIfPresent(last.removeFirst(), (_, count) -> count == 1 ? null : count - 1);
        }
    }

    /** Returns the tokens among the last ones. */
    Set<Integer> tokens() {
        return Collections.unmodifiableSet(counts.keySet());
    }

    /** Returns the logit of a token, penalized if it is among the last ones. */
    float penalized(int token, float logit, LogitAdjustments adjustments) {
        Integer count = counts.get(token);
        if (count == null) {
            return logit;
        }
        float repeated = (float) (logit <= 0 ? logit * adjustments.repeat() : logit / adjustments.repeat());
        return (float) (repeated - count * adjustments.frequency() - adjustments.presence());
    }
}

package dev.waterspout.engine.generate;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** How often each token is among the last ones of a text. */
final class TokenCounts {
    private final int window;
    private final Deque<Integer> last = new ArrayDeque<>();
    private final Map<Integer, Integer> counts = new HashMap<>();

    /** @param window how many tokens count; -1 for all */
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

    /** Changes the logits of the tokens that are among the last ones. */
    void penalize(float[] logits, LogitAdjustments adjustments) {
        counts.forEach((token, count) -> {
            if (token < logits.length) {
                float logit = logits[token];
                logit = (float) (logit <= 0 ? logit * adjustments.repeat() : logit / adjustments.repeat());
                logits[token] = (float) (logit - count * adjustments.frequency() - adjustments.presence());
            }
        });
    }
}

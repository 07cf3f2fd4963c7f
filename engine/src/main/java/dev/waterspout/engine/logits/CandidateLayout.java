package dev.waterspout.engine.logits;

import dev.waterspout.engine.plan.Span;
import java.util.Collections;

/**
 * A rank's answer about one token's logits, in 32-bit words:
 *
 * <pre>
 *   word 0        id of the first logit that is NaN or plus infinity, -1 for none
 *   word 1        that logit
 *   word 2, 3     the smallest and the largest logit of the rank
 *   word 4        M, the largest logit of those that are not named
 *   2 words each  for every temperature T: the sum of exp((logit - M) / T) of those that are not named, f64
 *   1 word        bound of the relative error of these sums, f32; without sums there is no such word
 *   1 word each   the logits of the rank's named tokens, by ascending id
 *   2 words each  the keys of the rank's best tokens that are not named, by {@link LikeliestTokens}
 * </pre>
 *
 * @param tokens the ids of the rank that may be chosen
 * @param firstNamed index of the rank's first named token in the request's list
 * @param named number of named tokens of the rank
 * @param sums number of temperatures
 * @param keys number of keys that follow; unused places have the key {@link #UNUSED}
 */
record CandidateLayout(Span tokens, int firstNamed, int named, int sums, int keys) {
    static final long UNUSED = Long.MAX_VALUE;
    static final int UNUSABLE_ID = 0;
    static final int UNUSABLE = 1;
    static final int LEAST = 2;
    static final int MOST = 3;
    static final int LARGEST_OTHER = 4;
    static final int SUMS = 5;

    /**
     * Returns the layout of a rank's answer.
     *
     * @param request the request
     * @param rows the rank's rows of the output head
     */
    static CandidateLayout of(LogitsRequest request, Span rows) {
        int from = Math.min(rows.from(), request.vocabulary());
        Span tokens = new Span(from, Math.min(rows.to(), request.vocabulary()));
        int firstNamed = place(request, tokens.from());
        return new CandidateLayout(
                tokens,
                firstNamed,
                place(request, tokens.to()) - firstNamed,
                request.temperatures().size(),
                Math.min(request.best(), tokens.size()));
    }

    /** How many named tokens are below an id. */
    private static int place(LogitsRequest request, int id) {
        int place = Collections.binarySearch(request.named(), id);
        return place < 0 ? -place - 1 : place;
    }

    int errorAt() {
        return SUMS + 2 * sums;
    }

    int namedAt() {
        return errorAt() + (sums > 0 ? 1 : 0);
    }

    int keysAt() {
        return namedAt() + named;
    }

    /** How many words there are. */
    int words() {
        return keysAt() + 2 * keys;
    }

    /** Whether the keys may be all tokens of the rank that have a probability. */
    boolean isWhole() {
        return keys == tokens.size();
    }
}

package dev.waterspout.engine.logits;

import dev.waterspout.engine.model.ModelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The candidates for one token on rank 0: the ranks' answers to a {@link LogitsRequest}, merged.
 *
 * <p>The most likely tokens are known up to a certain point. Each rank sends its best tokens in order, so a token that
 * it did not send ranks after all that it sent. Consider the ranks that have further tokens, and the last token that
 * each of them sent. In the merged list, all tokens up to the first of these last tokens are the most likely ones in
 * their exact order, because every token that was not sent ranks after them. If every rank sends k tokens, at least the
 * k most likely tokens are known, since each of these is among the k most likely of its rank. The logit of a named
 * token is always known, and the token is sorted in among the others.
 */
public final class Candidates {
    /** Bound of the relative error that the addition of the ranks' sums makes, with a margin. */
    private static final double ADDITION = 8.8e-10;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final LogitsRequest request;
    private final float[] namedLogits;
    private final long[] certain;
    private final boolean whole;
    private final List<Answer> answers;

    /** One rank's answer. */
    record Answer(CandidateLayout layout, MemorySegment words) {
        private float logit(int word) {
            return words.get(FLOAT, (long) word * Integer.BYTES);
        }

        private long key(int number) {
            return words.get(LONG, (layout.keysAt() + 2L * number) * Integer.BYTES);
        }

        private int sent() {
            int sent = layout.keys();
            while (sent > 0 && key(sent - 1) == CandidateLayout.UNUSED) {
                sent--;
            }
            return sent;
        }

        private boolean hasMore() {
            return !layout.isWhole() && sent() == layout.keys();
        }
    }

    Candidates(LogitsRequest request, List<Answer> answers) {
        this.request = request;
        this.answers = List.copyOf(answers);
        this.namedLogits = new float[request.named().size()];
        long bound = Long.MAX_VALUE;
        int count = 0;
        for (Answer answer : answers) {
            CandidateLayout layout = answer.layout();
            for (int i = 0; i < layout.named(); i++) {
                namedLogits[layout.firstNamed() + i] = answer.logit(layout.namedAt() + i);
            }
            if (answer.hasMore()) {
                bound = Math.min(bound, answer.key(layout.keys() - 1));
            }
            count += answer.sent();
        }
        long[] merged = new long[count];
        int at = 0;
        for (Answer answer : answers) {
            for (int i = 0; i < answer.sent(); i++) {
                merged[at++] = answer.key(i);
            }
        }
        Arrays.sort(merged);
        int known = 0;
        while (known < count && merged[known] <= bound) {
            known++;
        }
        this.certain = Arrays.copyOf(merged, known);
        this.whole = answers.stream().noneMatch(Answer::hasMore);
    }

    /** Returns the request that was answered. */
    public LogitsRequest request() {
        return request;
    }

    /**
     * Returns the most likely tokens.
     *
     * @param named logits of the named tokens, as they count
     */
    public Ranking ranking(float... named) {
        long bound = whole ? Long.MAX_VALUE : certain[certain.length - 1];
        long[] merged = Arrays.copyOf(certain, certain.length + named.length);
        int count = certain.length;
        for (int i = 0; i < named.length; i++) {
            long key = LikeliestTokens.key(request.named().get(i), named[i]);
            if (key < LikeliestTokens.FORBIDDEN && key <= bound) {
                merged[count++] = key;
            }
        }
        long[] keys = Arrays.copyOf(merged, count);
        Arrays.sort(keys);
        return new Ranking(
                keys,
                whole,
                temperature -> {
                    double first = LikeliestTokens.logit(keys[0]);
                    double sum = sum(request.temperatures().indexOf(temperature), first);
                    for (float logit : named) {
                        sum += Math.exp((logit - first) / temperature);
                    }
                    return sum;
                },
                error());
    }

    /**
     * Returns the logit of a token, as the model computed it.
     *
     * @param token a named one, or one that is certainly among the most likely
     */
    public double logit(int token) {
        int place = Collections.binarySearch(request.named(), token);
        if (place >= 0) {
            return namedLogits[place];
        }
        return Arrays.stream(certain)
                .filter(key -> LikeliestTokens.id(key) == token)
                .mapToDouble(LikeliestTokens::logit)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("token " + token + " is not among the candidates"));
    }

    /** Returns the logits of the named tokens, in the order of the request. */
    public float[] named() {
        return namedLogits.clone();
    }

    /**
     * Bound of the relative error of the sums: that of the rank with the largest error, and of the addition of ranks.
     */
    private double error() {
        double most = 0;
        for (Answer answer : answers) {
            CandidateLayout layout = answer.layout();
            most = Math.max(most, layout.sums() > 0 ? answer.logit(layout.errorAt()) : 0);
        }
        return most + ADDITION;
    }

    /**
     * The sum of {@code exp((logit - reference) / temperature)} of all tokens that are not named. Its relative error is
     * at most that which the ranks state, and {@link #ADDITION}.
     */
    double sum(int index, double reference) {
        double temperature = request.temperatures().get(index);
        double sum = 0;
        for (Answer answer : answers) {
            double largest = answer.logit(CandidateLayout.LARGEST_OTHER);
            if (largest > Double.NEGATIVE_INFINITY) {
                double own = answer.words()
                        .get(ValueLayout.JAVA_DOUBLE_UNALIGNED, (CandidateLayout.SUMS + 2L * index) * Integer.BYTES);
                sum += own * Math.exp((largest - reference) / temperature);
            }
        }
        return sum;
    }

    /**
     * Returns these candidates if {@link LogitsCheck} finds their logits usable.
     *
     * @param likelyCause likely cause of unusable logits, for the message
     * @throws ModelException naming the value and the likely cause
     */
    public Candidates require(String likelyCause) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (Answer answer : answers) {
            if (answer.layout().tokens().size() > 0) {
                int unusable = answer.words()
                        .get(ValueLayout.JAVA_INT_UNALIGNED, (long) CandidateLayout.UNUSABLE_ID * Integer.BYTES);
                if (unusable >= 0) {
                    throw LogitsCheck.unusable(unusable, answer.logit(CandidateLayout.UNUSABLE), likelyCause);
                }
                least = Math.min(least, answer.logit(CandidateLayout.LEAST));
                most = Math.max(most, answer.logit(CandidateLayout.MOST));
            }
        }
        if (least == most && request.vocabulary() > 1) {
            throw LogitsCheck.equal(request.vocabulary(), least, likelyCause);
        }
        return this;
    }
}

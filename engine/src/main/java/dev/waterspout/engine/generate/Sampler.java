package dev.waterspout.engine.generate;

import dev.waterspout.engine.logits.Candidates;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.Ranking;
import dev.waterspout.engine.model.ModelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * Chooses tokens from logits: top-k, top-p (nucleus sampling, arXiv 1904.09751), min-p (arXiv 2407.01082), temperature.
 * The same parameters and logits give the same tokens, from all logits or from candidates.
 *
 * <p>Candidates are the most likely tokens of the whole vocabulary, in exact order ({@link Candidates}), and the sums
 * of exponentials of all others. The choice from candidates either equals the choice from all logits or is undecided:
 *
 * <ul>
 *   <li>The most likely token, and the k most likely ones of top-k, are candidates if every rank sends one, or k. The
 *       choice then depends on them alone.
 *   <li>Top-p and min-p keep the most likely tokens up to one that is found by adding odds in order. If this token is a
 *       candidate, so are all tokens that are kept. Top-p compares with the sum of all odds, which is known with an
 *       error; a comparison within this error is undecided.
 *   <li>If all tokens are kept, a random number is compared with the cumulative odds, divided by the sum of all odds. A
 *       candidate is drawn if no comparison is within the error of the sum. A draw beyond the candidates is undecided.
 * </ul>
 */
public final class Sampler {
    /** Number of candidates per rank if the filters do not limit it. */
    static final int CANDIDATES = 64;

    private static final OptionalInt UNDECIDED = OptionalInt.empty();

    private final SamplingParameters parameters;
    private final SplittableRandom random;
    /** The logits. The array is reused, because a new array for every token would cause cache misses. */
    private float[] values = {};

    private final TokenCounts recent;
    private final TokenConstraint constraint;
    private final LogProbabilityRecord record;
    /** The random number of the token that is being chosen; NaN before it is drawn. */
    private double chance = Double.NaN;

    /** @param parameters filters of the tokens, and the seed */
    public Sampler(SamplingParameters parameters) {
        this(parameters, TokenConstraint.NONE, -1);
    }

    /**
     * @param parameters filters of the tokens, and the seed
     * @param constraint constraint on the next tokens
     * @param likeliest number of the most likely tokens that are {@linkplain #chosen recorded} at each position; -1 to
     *     record nothing
     */
    public Sampler(SamplingParameters parameters, TokenConstraint constraint, int likeliest) {
        this.parameters = parameters;
        this.constraint = constraint;
        this.record = new LogProbabilityRecord(likeliest);
        this.recent = new TokenCounts(parameters.adjustments().window());
        this.random = new SplittableRandom(parameters.seed());
    }

    /**
     * Adds a token of the text, for the penalties.
     *
     * @param token id, of the prompt or chosen
     */
    public void accept(int token) {
        if (parameters.adjustments().penalizes()) {
            recent.add(token);
        }
    }

    /**
     * Adds a token that was chosen in an earlier attempt at the same text, and advances the random numbers as if it
     * had been chosen now.
     *
     * @param token id
     */
    void repeat(int token) {
        if (!takesTheLikeliest()) {
            var _ = random.nextDouble();
        }
        constraint.accept(token);
        accept(token);
    }

    /** Returns whether it records probabilities, for which it needs logits. */
    boolean notesProbabilities() {
        return record.isKept();
    }

    /**
     * Returns the form of the logits that the choice of the next token needs. A constraint needs all of them.
     *
     * @param vocabulary number of tokens
     * @throws IllegalArgumentException if a bias is for a token that does not exist
     */
    public LogitsRequest request(int vocabulary) {
        List<Integer> named = named(vocabulary);
        int wanted = takesTheLikeliest() ? 1 : parameters.topK() == 0 ? CANDIDATES : parameters.topK();
        int best = Math.max(wanted, record.likeliest());
        if (!constraint.equals(TokenConstraint.NONE) || 2L * best + named.size() >= vocabulary) {
            return LogitsRequest.ALL;
        }
        return LogitsRequest.best(vocabulary, best, temperatures(), named);
    }

    /** Tokens whose logits are adjusted, by ascending id. */
    private List<Integer> named(int vocabulary) {
        TreeSet<Integer> named = new TreeSet<>(parameters.adjustments().bias().keySet());
        if (!named.isEmpty() && named.last() >= vocabulary) {
            throw new IllegalArgumentException(
                    "bias of token " + named.last() + "; the vocabulary has " + vocabulary + " tokens, from 0");
        }
        if (parameters.adjustments().penalizes()) {
            recent.tokens().stream().filter(token -> token < vocabulary).forEach(named::add);
        }
        return List.copyOf(named);
    }

    /** Temperatures of the sums that the choice and the record may need. */
    private List<Double> temperatures() {
        TreeSet<Double> temperatures = new TreeSet<>();
        if (record.isKept()) {
            temperatures.add(1.0);
        }
        if (!takesTheLikeliest() && parameters.topK() == 0) {
            if (parameters.topP() < 1) {
                temperatures.add(1.0);
            } else if (parameters.minP() == 0) {
                temperatures.add(parameters.temperature());
            }
        }
        return List.copyOf(temperatures);
    }

    private boolean takesTheLikeliest() {
        return parameters.temperature() == 0 || parameters.topK() == 1;
    }

    /**
     * Chooses a token from all logits.
     *
     * @param logits f32 {@code [vocabulary]}
     * @return its id; the lowest of equally likely ones where the temperature is 0
     * @throws ModelException if the logits have a NaN
     * @throws IllegalArgumentException if a bias is for a token that does not exist, or if biases forbid all tokens
     * @throws GenerationException if the constraint allows no token
     */
    public int sample(MemorySegment logits) {
        int count = Math.toIntExact(logits.byteSize() / Float.BYTES);
        if (values.length != count) {
            values = new float[count];
        }
        MemorySegment.copy(logits, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, count);
        if (record.isKept()) {
            float[] computed = values.clone();
            record.look(Ranking.top(computed, Math.max(1, record.likeliest())), token -> computed[token]);
        }
        for (int token : named(count)) {
            values[token] = adjusted(token, values[token]);
        }
        constraint.restrict(values);
        int wanted = takesTheLikeliest() ? 1 : parameters.topK() == 0 ? count : Math.min(parameters.topK(), count);
        return noted(choose(Ranking.top(values, wanted))).orElseThrow();
    }

    /**
     * Chooses a token from candidates.
     *
     * @param candidates the answer to {@link #request}, or to a wider one
     * @return its id, the same as from all logits; empty if these candidates do not determine the token, which must
     *     then be chosen from more candidates
     * @throws IllegalArgumentException if biases forbid all tokens
     */
    public OptionalInt sample(Candidates candidates) {
        float[] named = candidates.named();
        if (record.isKept()) {
            record.look(candidates.ranking(named.clone()), candidates::logit);
        }
        for (int i = 0; i < named.length; i++) {
            named[i] = adjusted(candidates.request().named().get(i), named[i]);
        }
        return noted(choose(candidates.ranking(named)));
    }

    private OptionalInt noted(OptionalInt token) {
        token.ifPresent(id -> {
            constraint.accept(id);
            record.choose(id);
            chance = Double.NaN;
        });
        return token;
    }

    /**
     * Returns the recorded probabilities of the tokens so far.
     *
     * @param place number of positions that are left out
     */
    public List<ChosenToken> chosen(int place) {
        return record.from(place);
    }

    /** A token's logit with its bias and penalties. */
    private float adjusted(int token, float logit) {
        LogitAdjustments adjustments = parameters.adjustments();
        Double bias = adjustments.bias().get(token);
        float biased = bias == null ? logit : logit + bias.floatValue();
        float adjusted = adjustments.penalizes() ? recent.penalized(token, biased, adjustments) : biased;
        if (Float.isNaN(adjusted)) {
            throw notANumber(token);
        }
        return adjusted;
    }

    private static ModelException notANumber(int token) {
        return new ModelException("the logit of token " + token + " is not a number: weights or input are damaged");
    }

    private OptionalInt choose(Ranking ranking) {
        if (ranking.size() == 0) {
            throw new IllegalArgumentException("biases forbid every token that the model could choose");
        }
        if (Float.isNaN(ranking.logit(0))) {
            throw notANumber(ranking.id(0));
        }
        if (takesTheLikeliest()) {
            return OptionalInt.of(ranking.id(0));
        }
        int topK = parameters.topK();
        if (topK == 0 || (ranking.isWhole() && topK >= ranking.size())) {
            return nucleus(ranking);
        }
        return ranking.size() < topK ? UNDECIDED : nucleus(ranking.first(topK));
    }

    /** Applies top-p and min-p, which keep at least one token, and draws from the remaining tokens. */
    private OptionalInt nucleus(Ranking ranking) {
        double[] odds = ranking.odds(1);
        boolean ends = parameters.topP() < 1;
        double sum = ends ? ranking.sum(odds, 1) : Double.POSITIVE_INFINITY;
        double limit = parameters.topP() * sum;
        double slack = ends ? ranking.slack(sum) : 0;
        double reached = 0;
        for (int kept = 0; kept < odds.length; kept++) {
            if (kept > 0 && slack > 0 && Math.abs(reached - limit) <= slack) {
                return UNDECIDED;
            }
            if (kept > 0 && (reached >= limit || odds[kept] < parameters.minP())) {
                return draw(ranking.first(kept));
            }
            reached += odds[kept];
        }
        boolean keepsAll = ranking.isWhole() || (!ends && parameters.minP() == 0);
        return keepsAll ? draw(ranking) : UNDECIDED;
    }

    private OptionalInt draw(Ranking ranking) {
        if (Double.isNaN(chance)) {
            chance = random.nextDouble();
        }
        double[] odds = ranking.odds(parameters.temperature());
        double sum = ranking.sum(odds, parameters.temperature());
        double slack = ranking.slack(sum);
        double target = chance * sum;
        for (int drawn = 0; drawn < odds.length; drawn++) {
            if (slack > 0 && Math.abs(target - odds[drawn]) <= slack) {
                return UNDECIDED;
            }
            if (target < odds[drawn] || (ranking.isWhole() && drawn == odds.length - 1)) {
                return OptionalInt.of(ranking.id(drawn));
            }
            target -= odds[drawn];
        }
        return UNDECIDED;
    }
}

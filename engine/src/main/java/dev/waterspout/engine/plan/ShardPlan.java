package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The division of a model among ranks: attention by heads, the FFN by columns, experts by columns or whole, and the
 * output head by vocabulary rows. Blocks of weights are split only if there are fewer blocks than ranks. Shares may be
 * uneven; each boundary is rounded to the nearest allowed one.
 *
 * @param shards one per rank, in rank order; together they cover every FFN column and vocabulary row exactly once, and
 *     every query head, unless all of them have all heads; with more ranks than KV heads, several shards have the same
 *     KV head
 */
public record ShardPlan(List<Shard> shards) {
    /** Copies the list. */
    public ShardPlan {
        shards = List.copyOf(shards);
    }

    /**
     * Divides a model.
     *
     * @param model the model, of which only the shape and the tensor types are used
     * @param ranks number of ranks, at least 1
     * @param split shares of the ranks
     * @throws PlanException as {@link #of(ModelConfig, WeightBlocks, int, Split)} does
     */
    public static ShardPlan of(Model model, int ranks, Split split) {
        return of(model.config(), WeightBlocks.of(model), ranks, split);
    }

    /**
     * Divides a model, every expert by columns.
     *
     * @param model the model, of which only the shape and the tensor types are used
     * @param ranks number of ranks, at least 1
     * @param shares relative share of every rank, positive; empty for equal shares
     * @throws PlanException as {@link #of(ModelConfig, WeightBlocks, int, Split)} does
     */
    public static ShardPlan of(Model model, int ranks, List<Double> shares) {
        return of(model, ranks, new Split(shares, false));
    }

    /**
     * Divides a model given by its shape, every expert by columns.
     *
     * @param config its shape
     * @param blocks block sizes of the divided matrices
     * @param ranks number of ranks, at least 1
     * @param shares relative share of every rank, positive; empty for equal shares
     * @throws PlanException as {@link #of(ModelConfig, WeightBlocks, int, Split)} does
     */
    public static ShardPlan of(ModelConfig config, WeightBlocks blocks, int ranks, List<Double> shares) {
        return of(config, blocks, ranks, new Split(shares, false));
    }

    /**
     * Divides a model given by its shape.
     *
     * @param config its shape
     * @param blocks block sizes of the divided matrices
     * @param ranks number of ranks, at least 1
     * @param split shares of the ranks
     * @throws PlanException if there are more ranks than units to divide, if the shares are not one positive number
     *     per rank, or if whole experts are requested of a model without experts
     */
    public static ShardPlan of(ModelConfig config, WeightBlocks blocks, int ranks, Split split) {
        if (ranks < 1) {
            throw new PlanException("tensor-parallel size " + ranks + "; it must be at least 1");
        }
        double[] weights = weights(ranks, split.shares());
        AttentionCuts cuts = new AttentionCuts(config, blocks.attention());
        boolean wholeAttention = split.wholeAttention() && ranks > 1;
        List<Span> heads =
                wholeAttention ? Collections.nCopies(ranks, new Span(0, config.heads())) : cuts.divide(weights);
        Experts experts = config.experts();
        List<Span> ffn = columns("FFN", config.hasDenseLayers() ? config.ffnWidth() : 0, blocks.ffn(), weights);
        Mixture mixture = Mixture.of(experts, blocks.ffn(), split.wholeExperts(), weights);
        List<Span> shared =
                columns("shared expert", experts == null ? 0 : experts.sharedWidth(), blocks.ffn(), weights);
        List<Span> tokens = divide("vocabulary rows", config.vocabulary(), weights);
        List<Shard> shards = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            shards.add(new Shard(
                    rank,
                    heads.get(rank),
                    cuts.kvHeads(heads.get(rank)),
                    ffn.get(rank),
                    mixture.experts.get(rank),
                    mixture.columns.get(rank),
                    shared.get(rank),
                    tokens.get(rank),
                    wholeAttention));
        }
        return new ShardPlan(shards);
    }

    /**
     * The division of a mixture of experts.
     *
     * @param experts experts of every rank
     * @param columns columns of each of them
     */
    private record Mixture(List<Span> experts, List<Span> columns) {
        static Mixture of(@Nullable Experts experts, int block, boolean whole, double[] weights) {
            int count = experts == null ? 0 : experts.count();
            int width = experts == null ? 0 : experts.width();
            if (!whole) {
                return new Mixture(
                        Collections.nCopies(weights.length, new Span(0, count)),
                        ShardPlan.columns("expert", width, block, weights));
            }
            if (experts == null) {
                throw new PlanException("the model has no experts to distribute");
            }
            return new Mixture(
                    divide("experts", count, weights), Collections.nCopies(weights.length, new Span(0, width)));
        }
    }

    /** Divides the columns of an FFN or an expert among ranks; returns empty spans for 0 columns. */
    private static List<Span> columns(String what, int width, int block, double[] weights) {
        if (width == 0) {
            return Collections.nCopies(weights.length, new Span(0, 0));
        }
        if (width % block != 0) {
            throw new PlanException(what + " width " + width + " does not divide into weight blocks of " + block);
        }
        int unit = block;
        while (unit % 2 == 0 && width / unit < weights.length) {
            unit /= 2; // fewer blocks than ranks: blocks are split, and their weights decoded
        }
        int together = unit;
        String units = unit == 1 ? " columns" : " groups of " + unit + " columns";
        return divide(what + units, width / unit, weights).stream()
                .map(span -> span.times(together))
                .toList();
    }

    /**
     * Returns the largest number of ranks among which a model can be divided.
     *
     * @param model the model, of which only the shape is used
     * @param split shares of the ranks
     */
    public static int mostRanks(Model model, Split split) {
        ModelConfig config = model.config();
        Experts experts = config.experts();
        int heads = split.wholeAttention() ? Integer.MAX_VALUE : config.heads();
        return IntStream.of(
                        config.hasDenseLayers() ? config.ffnWidth() : 0,
                        experts == null ? 0 : split.wholeExperts() ? experts.count() : experts.width(),
                        experts == null ? 0 : experts.sharedWidth())
                .filter(units -> units > 0)
                .reduce(Math.min(heads, config.vocabulary()), Math::min);
    }

    /** Returns the number of ranks. */
    public int ranks() {
        return shards.size();
    }

    /** Returns whether every rank computes attention of all heads. */
    public boolean wholeAttention() {
        return shards.getFirst().wholeAttention();
    }

    /** Returns the number of partials per layer that the ranks exchange. */
    public int exchangesPerLayer() {
        return wholeAttention() ? 1 : 2;
    }

    /** Returns the vocabulary rows of every rank, in rank order. */
    public int[] vocabularyShares() {
        return shards.stream().mapToInt(shard -> shard.vocabulary().size()).toArray();
    }

    private static double[] weights(int ranks, List<Double> shares) {
        if (shares.isEmpty()) {
            double[] equal = new double[ranks];
            Arrays.fill(equal, 1);
            return equal;
        }
        String text = shares.stream()
                .map(share -> String.format(Locale.ROOT, "%s", share))
                .collect(Collectors.joining(","));
        if (shares.size() != ranks) {
            throw new PlanException("tensor split " + text + " has " + shares.size() + " shares for " + ranks
                    + " ranks; it needs one per rank");
        }
        if (shares.stream().anyMatch(share -> !(share > 0) || share.isInfinite())) {
            throw new PlanException("tensor split " + text + " has a share that is not a positive number");
        }
        // A power of two brings the largest to 1 or 2, without rounding: sums and products of any shares are finite.
        int exponent = Math.getExponent(Collections.max(shares));
        return shares.stream()
                .mapToDouble(share -> Math.scalb(share, -exponent))
                .toArray();
    }

    /**
     * Divides units in proportion to weights, at least one for each rank. Every share is rounded down; each unit that
     * remains goes to the rank that is furthest below its share, the lower rank on ties.
     */
    static List<Span> divide(String what, int units, double[] weights) {
        int ranks = weights.length;
        if (ranks > units) {
            throw new PlanException("tensor-parallel size " + ranks + " is more than the model's " + units + " " + what
                    + "; every rank needs at least one");
        }
        double sum = Arrays.stream(weights).sum();
        int[] counts = new int[ranks];
        double[] missing = new double[ranks];
        int left = units;
        for (int rank = 0; rank < ranks; rank++) {
            double share = units * weights[rank] / sum;
            counts[rank] = Math.max(1, (int) share);
            missing[rank] = share - counts[rank];
            left -= counts[rank];
        }
        for (; left != 0; left -= Integer.signum(left)) {
            int chosen = left > 0 ? furthestBelowShare(missing) : furthestAboveShare(missing, counts);
            counts[chosen] += Integer.signum(left);
            missing[chosen] -= Integer.signum(left);
        }
        return spans(counts);
    }

    private static int furthestBelowShare(double[] missing) {
        int best = 0;
        for (int rank = 1; rank < missing.length; rank++) {
            best = missing[rank] > missing[best] ? rank : best;
        }
        return best;
    }

    /**
     * Returns, among the ranks with more than one unit, the one furthest above its share. It loses a unit to a rank
     * that has none.
     */
    private static int furthestAboveShare(double[] missing, int[] counts) {
        int best = -1;
        for (int rank = 0; rank < missing.length; rank++) {
            if (counts[rank] > 1 && (best < 0 || missing[rank] < missing[best])) {
                best = rank;
            }
        }
        return best;
    }

    private static List<Span> spans(int[] counts) {
        List<Span> spans = new ArrayList<>();
        int from = 0;
        for (int count : counts) {
            spans.add(new Span(from, from + count));
            from += count;
        }
        return spans;
    }
}

package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How a model is divided among ranks: attention by whole KV groups, the FFN by multiples of the weight block, the output
 * head by vocabulary rows. Shares may be uneven.
 *
 * @param shards one per rank, in rank order; together they cover every unit exactly once
 */
public record ShardPlan(List<Shard> shards) {
    /** Copies the list. */
    public ShardPlan {
        shards = List.copyOf(shards);
    }

    /**
     * Divides a model.
     *
     * @param config its shape
     * @param ffnUnit FFN columns that cannot be separated, the weight block
     * @param ranks how many ranks, at least 1
     * @param shares relative share of every rank, positive; empty for equal shares
     * @throws PlanException if there are more ranks than units, or if the shares are not one positive number per rank
     */
    public static ShardPlan of(ModelConfig config, int ffnUnit, int ranks, List<Double> shares) {
        if (ranks < 1) {
            throw new PlanException("tensor-parallel size " + ranks + "; it must be at least 1");
        }
        double[] weights = weights(ranks, shares);
        if (config.ffnWidth() % ffnUnit != 0) {
            throw new PlanException(
                    "FFN width " + config.ffnWidth() + " does not divide into weight blocks of " + ffnUnit);
        }
        List<Span> groups = divide("KV heads", config.kvHeads(), weights);
        List<Span> blocks = divide("FFN blocks of " + ffnUnit, config.ffnWidth() / ffnUnit, weights);
        List<Span> tokens = divide("vocabulary rows", config.vocabulary(), weights);
        List<Shard> shards = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            Span kvHeads = groups.get(rank);
            shards.add(new Shard(
                    rank,
                    kvHeads.times(config.groupSize()),
                    kvHeads,
                    blocks.get(rank).times(ffnUnit),
                    tokens.get(rank)));
        }
        return new ShardPlan(shards);
    }

    /** Returns how many ranks there are. */
    public int ranks() {
        return shards.size();
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
        return shares.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /**
     * Divides units by weights, to the nearest whole unit and at least one each: shares are rounded down, and what is left
     * goes one by one to the rank that has least of its share, the lower rank on ties.
     */
    private static List<Span> divide(String what, int units, double[] weights) {
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
            int chosen = left > 0 ? neediest(missing) : richest(missing, counts);
            counts[chosen] += Integer.signum(left);
            missing[chosen] -= Integer.signum(left);
        }
        return spans(counts);
    }

    private static int neediest(double[] missing) {
        int best = 0;
        for (int rank = 1; rank < missing.length; rank++) {
            best = missing[rank] > missing[best] ? rank : best;
        }
        return best;
    }

    /** Where the minimum of one unit per rank gave out too many, they are taken from those who can spare one. */
    private static int richest(double[] missing, int[] counts) {
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

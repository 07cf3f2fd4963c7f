package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.ModelConfig;
import java.util.List;

/**
 * Where attention can be cut. The columns of the attention output go with the query heads, so a cut must split no block
 * of its weights. As long as there are enough KV heads for all ranks, a rank has whole KV heads and the query heads
 * that share them. With more ranks than that, query heads are divided, and each rank has a copy of the KV heads that
 * its own need.
 *
 * @param config the model's shape
 * @param block neighbouring weights of a row of the attention output that cannot be separated
 */
record AttentionCuts(ModelConfig config, int block) {
    /** Returns the largest number of ranks. */
    int mostRanks() {
        return Math.max(runs(config.kvHeads(), kvUnit()), runs(config.heads(), queryUnit()));
    }

    /**
     * Returns the query heads of every rank, in rank order.
     *
     * @param weights share of every rank
     * @throws PlanException if there are more ranks than {@link #mostRanks}
     */
    List<Span> divide(double[] weights) {
        if (weights.length <= runs(config.kvHeads(), kvUnit())) {
            return heads("KV heads", kvUnit() * config.groupSize(), kvUnit(), weights);
        }
        return heads("query heads", queryUnit(), queryUnit(), weights);
    }

    /** Returns the KV heads that query heads need. */
    Span kvHeads(Span heads) {
        return new Span(heads.from() / config.groupSize(), Math.ceilDiv(heads.to(), config.groupSize()));
    }

    private List<Span> heads(String kind, int together, int named, double[] weights) {
        String what = named == 1
                ? kind
                : "runs of " + named + " " + kind + " (the attention output's weights lie in blocks of " + block
                        + ", and " + together / named * config.attendedDim() + " columns belong to each)";
        return ShardPlan.divide(what, runs(config.heads(), together), weights).stream()
                .map(run -> new Span(run.from() * together, Math.min(run.to() * together, config.heads())))
                .toList();
    }

    private int kvUnit() {
        return whole(config.groupSize() * config.attendedDim());
    }

    private int queryUnit() {
        return whole(config.attendedDim());
    }

    /** The least number of neighbours, of so many columns each, that are whole blocks together. */
    private int whole(int columns) {
        return block / gcd(block, columns);
    }

    private static int runs(int heads, int together) {
        return Math.ceilDiv(heads, together);
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}

package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.ModelConfig;
import java.util.List;

/**
 * Where attention can be cut. The columns of the attention output go with the query heads, and a cut had better split
 * no block of its weights: columns of split blocks are decoded. As long as there are enough KV heads for all ranks, a
 * rank has whole KV heads and the query heads that share them. With more ranks than that, query heads are divided, and
 * each rank has a copy of the KV heads that its own need. With more ranks than that allows, cuts fall inside blocks.
 *
 * @param config the model's shape
 * @param block neighbouring weights of a row of the attention output that cannot be separated
 */
record AttentionCuts(ModelConfig config, int block) {
    /**
     * Returns the query heads of every rank, in rank order.
     *
     * @param weights share of every rank
     * @throws PlanException if there are more ranks than query heads
     */
    List<Span> divide(double[] weights) {
        int ranks = weights.length;
        int kvUnit = whole(config.groupSize() * config.attendedDim()) * config.groupSize();
        int queryUnit = whole(config.attendedDim());
        int together = ranks <= runs(kvUnit)
                ? kvUnit
                : ranks <= runs(queryUnit) ? queryUnit : ranks <= config.kvHeads() ? config.groupSize() : 1;
        return ShardPlan.divide("query heads", runs(together), weights).stream()
                .map(run -> new Span(run.from() * together, Math.min(run.to() * together, config.heads())))
                .toList();
    }

    /** Returns the KV heads that query heads need. */
    Span kvHeads(Span heads) {
        return new Span(heads.from() / config.groupSize(), Math.ceilDiv(heads.to(), config.groupSize()));
    }

    /** The least number of neighbours, of so many columns each, that are whole blocks together. */
    private int whole(int columns) {
        return block / gcd(block, columns);
    }

    private int runs(int together) {
        return Math.ceilDiv(config.heads(), together);
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}

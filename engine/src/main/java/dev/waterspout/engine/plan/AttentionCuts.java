package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.ModelConfig;
import java.util.List;

/**
 * Divides attention among ranks by query heads, with the corresponding columns of the attention output. Divisions at
 * block boundaries of its weights are preferred, because a shard of split blocks is decoded to f32. If there are
 * enough KV heads for all ranks, each rank has whole KV heads and the query heads that share them. With more ranks,
 * query heads are divided, and each rank has a copy of the KV heads that its query heads need. With still more ranks,
 * blocks are split.
 *
 * @param config the model's shape
 * @param block block size of the attention output, in weights of a row
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

    /** Returns the smallest number of heads, each of {@code columns} columns, that together are whole blocks. */
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

package dev.waterspout.engine.plan;

/**
 * One rank's part of every layer.
 *
 * @param rank number of the rank, from 0
 * @param heads query heads
 * @param kvHeads the KV heads that they need
 * @param ffn FFN columns; none in a model whose layers all have experts
 * @param experts experts with columns on this rank; none in a model without experts
 * @param expert columns of each of them
 * @param sharedExpert columns of the shared expert; none in a model without one
 * @param vocabulary rows of the output head
 * @param wholeAttention whether every rank computes attention for all heads, so that its output is complete and not a
 *     partial
 */
public record Shard(
        int rank,
        Span heads,
        Span kvHeads,
        Span ffn,
        Span experts,
        Span expert,
        Span sharedExpert,
        Span vocabulary,
        boolean wholeAttention) {
    /**
     * Returns whether the rank has the first columns of its experts and therefore adds the terms that are added once
     * per expert, such as biases.
     */
    public boolean leadsExperts() {
        return expert.from() == 0;
    }

    /** Returns the largest number of columns of any FFN or expert of the shard. */
    public int widestFfn() {
        return Math.max(ffn.size(), Math.max(expert.size(), sharedExpert.size()));
    }
}

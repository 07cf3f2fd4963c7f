package dev.waterspout.engine.plan;

/**
 * One rank's part of every layer.
 *
 * @param rank from 0
 * @param heads query heads
 * @param kvHeads the KV heads that they need
 * @param ffn FFN columns; none in a model whose layers all have experts
 * @param experts experts with columns on this rank; none in a model without experts
 * @param expert columns of each of them
 * @param sharedExpert columns of the expert that every token goes to; none in a model without one
 * @param vocabulary rows of the output head
 * @param wholeAttention whether attention is computed by every rank, for all heads, and its output is no partial
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
    /** Returns whether the rank has the first columns of its experts, and so adds what is added once per expert. */
    public boolean leadsExperts() {
        return expert.from() == 0;
    }

    /** Returns the most columns that any FFN or expert of the shard has. */
    public int widestFfn() {
        return Math.max(ffn.size(), Math.max(expert.size(), sharedExpert.size()));
    }
}

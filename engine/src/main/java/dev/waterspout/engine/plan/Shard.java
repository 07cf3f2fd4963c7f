package dev.waterspout.engine.plan;

/**
 * One rank's part of every layer.
 *
 * @param rank from 0
 * @param heads query heads
 * @param kvHeads the KV heads that they need
 * @param ffn FFN columns; none in a model whose layers all have experts
 * @param expert columns of every expert; none in a model without experts
 * @param sharedExpert columns of the expert that every token goes to; none in a model without one
 * @param vocabulary rows of the output head
 */
public record Shard(int rank, Span heads, Span kvHeads, Span ffn, Span expert, Span sharedExpert, Span vocabulary) {
    /** Returns the most columns that any FFN or expert of the shard has. */
    public int widestFfn() {
        return Math.max(ffn.size(), Math.max(expert.size(), sharedExpert.size()));
    }
}

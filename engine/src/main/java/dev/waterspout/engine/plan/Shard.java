package dev.waterspout.engine.plan;

/**
 * One rank's part of every layer.
 *
 * @param rank from 0
 * @param heads query heads, whole groups of them
 * @param kvHeads the KV heads of those groups
 * @param ffn FFN columns
 * @param vocabulary rows of the output head
 */
public record Shard(int rank, Span heads, Span kvHeads, Span ffn, Span vocabulary) {}

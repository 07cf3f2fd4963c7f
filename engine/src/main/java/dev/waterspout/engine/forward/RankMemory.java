package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;

/**
 * The memory that one rank needs, in bytes.
 *
 * @param weights its shard, read from the file's mapping
 * @param cache its KV cache
 * @param activations its buffers for a chunk
 * @param frames its buffers for exchange
 */
public record RankMemory(long weights, long cache, long activations, long frames) {
    /**
     * Computes the sizes without allocating anything.
     *
     * @param model the model to divide
     * @param shard shard of the rank
     * @param ranks number of ranks
     * @param options common to all ranks
     */
    public static RankMemory of(Model model, Shard shard, int ranks, RankOptions options) {
        int width = model.config().width();
        long frames = options.schedule()
                .choices()
                .mapToLong(choice -> CollectiveSet.frameBytes(choice, ranks, options.chunk(), width)
                        + (options.overlap() == Overlap.OFF
                                ? 0
                                : LayerPipeline.frameBytes(choice, ranks, options.chunk(), width)))
                .sum();
        return new RankMemory(
                ShardWeights.bytes(model, shard),
                Buffers.cacheBytes(model.config(), shard, options),
                Buffers.activationBytes(model.config(), shard, options),
                frames);
    }

    /** Returns the sum. */
    public long total() {
        return weights + cache + activations + frames;
    }
}

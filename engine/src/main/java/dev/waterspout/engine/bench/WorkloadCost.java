package dev.waterspout.engine.bench;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.kernels.host.WeightMatrix;
import org.jspecify.annotations.Nullable;

/**
 * The minimum of memory reads and operations for the matrices of a workload. Every pass of up to a chunk of tokens
 * reads the weights of all layers once, and those of the output head if logits are needed. Of a mixture of experts a
 * pass reads the experts that its tokens are routed to; every expert counts as equally likely. Reads and products of
 * attention itself are not counted.
 *
 * @param weightBytes bytes read from memory by all ranks together
 * @param flops multiplications and additions
 */
public record WorkloadCost(double weightBytes, double flops) {
    /**
     * Counts them.
     *
     * @param model the model of the weights
     * @param plan division of the weights
     * @param chunk most tokens in one pass
     * @param workload the workload
     */
    public static WorkloadCost of(Model model, ShardPlan plan, int chunk, Workload workload) {
        double dense = 0;
        double stored = 0;
        double head = 0;
        for (var shard : plan.shards()) {
            ShardWeights weights = ShardWeights.of(model, shard);
            WeightMatrix output = weights.output();
            double rows = (double) output.rows() * output.format().rowBytes(output.columns());
            dense += weights.bytes() - weights.expertBytes() - rows;
            stored += weights.expertBytes();
            head += rows;
        }
        int sequences = workload.sequences();
        int prompts = sequences * workload.prompt();
        int passes = Math.ceilDiv(prompts, chunk) + workload.generate();
        int logits = Math.min(1, workload.prompt()) + workload.generate();
        ModelConfig config = model.config();
        Experts experts = config.experts();
        double ffn = config.activeColumns(
                config.ffnWidth(), experts == null ? 0 : experts.width(), experts == null ? 0 : experts.sharedWidth());
        double layers =
                config.width() * (config.layers() * (2.0 * config.queryWidth() + 2.0 * config.kvWidth()) + 3.0 * ffn);
        double output = (double) config.width() * config.vocabulary();
        int fullChunks = prompts / chunk;
        double wholes = fullChunks * share(experts, chunk)
                + share(experts, prompts % chunk)
                + workload.generate() * share(experts, sequences);
        return new WorkloadCost(
                dense * passes + stored * wholes + head * logits,
                2 * (layers * workload.tokens() + output * logits * sequences));
    }

    /** {@return the expected share of the experts that at least one of some tokens is routed to} */
    private static double share(@Nullable Experts experts, int tokens) {
        return experts == null ? 0 : 1 - Math.pow(1 - (double) experts.used() / experts.count(), tokens);
    }
}

package dev.waterspout.engine.bench;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.kernels.host.WeightMatrix;

/**
 * The minimum of memory reads and operations for the matrices of a workload. Every pass of up to a chunk of tokens
 * reads the weights of all layers once, and those of the output head if logits are needed. Reads and products of
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
        double all = 0;
        double head = 0;
        for (var shard : plan.shards()) {
            ShardWeights weights = ShardWeights.of(model, shard);
            WeightMatrix output = weights.output();
            all += weights.bytes();
            head += (double) output.rows() * output.format().rowBytes(output.columns());
        }
        int sequences = workload.sequences();
        int passes = Math.ceilDiv(sequences * workload.prompt(), chunk) + workload.generate();
        int logits = Math.min(1, workload.prompt()) + workload.generate();
        ModelConfig config = model.config();
        Experts experts = config.experts();
        double ffn = config.activeColumns(
                config.ffnWidth(), experts == null ? 0 : experts.width(), experts == null ? 0 : experts.sharedWidth());
        double layers =
                config.width() * (config.layers() * (2.0 * config.queryWidth() + 2.0 * config.kvWidth()) + 3.0 * ffn);
        double output = (double) config.width() * config.vocabulary();
        return new WorkloadCost(
                (all - head) * passes + head * logits, 2 * (layers * workload.tokens() + output * logits * sequences));
    }
}

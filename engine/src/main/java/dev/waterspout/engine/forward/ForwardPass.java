package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.LogitsGather;
import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.KvCacheView;
import dev.waterspout.kernels.host.RotaryTable;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A chunk of tokens through one rank's shard of all layers: pre-norm transformer with grouped-query attention, rotary
 * positions and SwiGLU (arXiv 2302.13971), cut as in Megatron-LM (arXiv 1909.08053). Twice per layer the ranks exchange
 * partials; all else is local.
 */
final class ForwardPass {
    private final ModelConfig config;
    private final ShardWeights weights;
    private final HeadShape queryHeads;
    private final HeadShape kvHeads;
    private final int ffn;
    private final Buffers buffers;
    private final HostCompute compute;
    private final Collective collective;
    private final LogitsGather logitsGather;

    ForwardPass(
            Model model,
            Shard shard,
            ShardWeights weights,
            Buffers buffers,
            HostCompute compute,
            Collective collective,
            LogitsGather logitsGather) {
        this.config = model.config();
        this.weights = weights;
        this.queryHeads = new HeadShape(shard.heads().size(), config.headDim());
        this.kvHeads = new HeadShape(shard.kvHeads().size(), config.headDim());
        this.ffn = shard.ffn().size();
        this.buffers = buffers;
        this.compute = compute;
        this.collective = collective;
        this.logitsGather = logitsGather;
    }

    /**
     * Runs a chunk; the cache must hold all positions before it.
     *
     * @param tokens ids
     * @param position of the first
     * @param logits receives the last token's logits {@code [vocabulary]} on rank 0; null if they are not needed
     */
    void run(int[] tokens, int position, @Nullable MemorySegment logits) {
        int rows = tokens.length;
        MemorySegment x = buffers.hidden; // [rows][width]
        compute.embed(weights.embedding(), tokens, x);
        RotaryTable rotary = buffers.angles.at(position, rows);
        for (int layer = 0; layer < config.layers(); layer++) {
            ShardWeights.Layer w = weights.layers().get(layer);
            attention(layer, w, rotary, position, rows); // partial [rows][width]
            collective.sumInto(2 * layer, buffers.partial, rows, x);
            feedForward(w, rows); // partial [rows][width]
            collective.sumInto(2 * layer + 1, buffers.partial, rows, x);
        }
        if (logits != null) {
            output(rows, logits);
        }
    }

    private void attention(int layer, ShardWeights.Layer w, RotaryTable rotary, int position, int rows) {
        MemorySegment h = buffers.normed; // [rows][width]
        MemorySegment q = buffers.queries; // [rows][heads][headDim]
        MemorySegment k = buffers.keys; // [rows][kvHeads][headDim]
        MemorySegment v = buffers.values; // [rows][kvHeads][headDim]
        compute.rmsNorm(buffers.hidden, w.attentionNorm(), config.rmsEpsilon(), h, config.width(), rows);
        compute.linear(w.q(), w.qBias(), h, rows, q);
        compute.linear(w.k(), w.kBias(), h, rows, k);
        compute.linear(w.v(), w.vBias(), h, rows, v);
        normHeads(q, w.qNorm(), queryHeads, rows);
        normHeads(k, w.kNorm(), kvHeads, rows);
        compute.rope(rotary, q, queryHeads, rows);
        compute.rope(rotary, k, kvHeads, rows);
        buffers.store(layer, position, rows);
        KvCacheView cache = buffers.cache.get(layer);
        compute.attention(new AttentionCall(cache, q, q, queryHeads.heads(), position, rows)); // in place
        compute.linear(w.attentionOutput(), null, q, rows, buffers.partial);
    }

    private void feedForward(ShardWeights.Layer w, int rows) {
        MemorySegment h = buffers.normed; // [rows][width]
        compute.rmsNorm(buffers.hidden, w.ffnNorm(), config.rmsEpsilon(), h, config.width(), rows);
        compute.linear(w.gate(), null, h, rows, buffers.gate); // [rows][ffn]
        compute.linear(w.up(), null, h, rows, buffers.up); // [rows][ffn]
        compute.swiglu(buffers.gate, buffers.up, rows * ffn);
        compute.linear(w.down(), null, buffers.gate, rows, buffers.partial);
    }

    private void output(int rows, MemorySegment logits) {
        long rowBytes = (long) config.width() * Float.BYTES;
        MemorySegment last = buffers.hidden.asSlice((rows - 1) * rowBytes, rowBytes); // [1][width]
        compute.rmsNorm(last, weights.outputNorm(), config.rmsEpsilon(), buffers.normed, config.width(), 1);
        compute.linear(weights.output(), null, buffers.normed, 1, buffers.logits); // [1][vocabulary of the shard]
        logitsGather.gather(buffers.logits, 1, logits);
    }

    /** Qwen3 normalizes every head of Q and K by itself. */
    private void normHeads(MemorySegment x, @Nullable MemorySegment weight, HeadShape heads, int rows) {
        if (weight != null) {
            compute.rmsNorm(x, weight, config.rmsEpsilon(), x, heads.headDim(), rows * heads.heads());
        }
    }
}

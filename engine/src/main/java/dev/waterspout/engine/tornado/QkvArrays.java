package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.DeviceColumns;
import dev.waterspout.kernels.device.DeviceNorm;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowCount;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The projections of queries, keys and values on a device, with their biases and norms. */
final class QkvArrays implements HeadInputs {
    private final DeviceArrays arrays;
    private final ModelConfig config;
    private final Shard shard;
    private final StackedWeights q;
    private final StackedWeights k;
    private final StackedWeights v;
    private final @Nullable FloatArray qBias;
    private final @Nullable FloatArray kBias;
    private final @Nullable FloatArray vBias;
    /** Queries of all ranks' heads, [rows][all heads][headDim]; null unless one norm spans all heads. */
    private final @Nullable FloatArray wideQueries;
    /** Keys of all ranks' heads, [rows][all KV heads][headDim]; null unless one norm spans all heads. */
    private final @Nullable FloatArray wideKeys;
    /** Norm of each head, or one norm over all ranks' heads. */
    private final @Nullable DeviceNorm qNorm;

    private final @Nullable DeviceNorm kNorm;

    QkvArrays(ModelConfig config, Shard shard, List<ShardWeights.Layer> layers, DeviceArrays arrays) {
        this.arrays = arrays;
        this.config = config;
        this.shard = shard;
        this.q = arrays.stack("Q", layers, TensorRole.ATTN_Q);
        this.k = arrays.stack("K", layers, TensorRole.ATTN_K);
        this.v = arrays.stack("V", layers, TensorRole.ATTN_V);
        this.qBias = arrays.vectors(layers, TensorRole.ATTN_Q_BIAS);
        this.kBias = arrays.vectors(layers, TensorRole.ATTN_K_BIAS);
        this.vBias = arrays.vectors(layers, TensorRole.ATTN_V_BIAS);
        boolean wide = config.architecture().hasWideNorms();
        int heads = shard.heads().size();
        int kvHeads = shard.kvHeads().size();
        int headDim = config.headDim();
        this.qNorm = wide
                ? arrays.norm(config, layers, TensorRole.ATTN_Q_NORM, 1, config.queryWidth())
                : arrays.norm(config, layers, TensorRole.ATTN_Q_NORM, heads, headDim);
        this.kNorm = wide
                ? arrays.norm(config, layers, TensorRole.ATTN_K_NORM, 1, config.kvWidth())
                : arrays.norm(config, layers, TensorRole.ATTN_K_NORM, kvHeads, headDim);
        this.wideQueries = wide ? arrays.ofRows(config.queryWidth()) : null;
        this.wideKeys = wide ? arrays.ofRows(config.kvWidth()) : null;
    }

    @Override
    public void addTo(KernelGraph graph, int layer, FloatArray h) {
        DeviceArrays a = arrays;
        FloatArray queries = wideQueries == null ? a.queries : wideQueries;
        FloatArray keys = wideKeys == null ? a.keys : wideKeys;
        graph.linear("q", q.of(layer), qBias, h, queries, RowCount.CHUNK);
        graph.linear("k", k.of(layer), kBias, h, keys, RowCount.CHUNK);
        graph.linear("v", v.of(layer), vBias, h, a.values, RowCount.CHUNK);
        norm(graph, "qNorm", qNorm, queries);
        norm(graph, "kNorm", kNorm, keys);
        takeHeads(graph, "qOwn", queries, config.queryWidth(), a.queries, shard.heads());
        takeHeads(graph, "kOwn", keys, config.kvWidth(), a.keys, shard.kvHeads());
    }

    private void norm(KernelGraph graph, String task, @Nullable DeviceNorm norm, FloatArray x) {
        if (norm != null) {
            graph.normalize(task, norm, x, x, RowCount.CHUNK);
        }
    }

    /** Copies the rank's own heads out of the heads that were normalized together. */
    @SuppressWarnings("ReferenceEquality") // if both are the same array, the projection computed only the rank's heads
    private void takeHeads(KernelGraph graph, String task, FloatArray all, int allWidth, FloatArray own, Span heads) {
        if (all != own) {
            Span columns = heads.times(config.headDim());
            graph.copyColumns(
                    task,
                    new DeviceColumns(all, allWidth, columns.from()),
                    new DeviceColumns(own, columns.size(), 0),
                    1,
                    columns.size());
        }
    }

    @Override
    public FloatArray addExpansion(KernelGraph graph, int layer) {
        return arrays.attended;
    }

    @Override
    public Stream<StackedWeights> stacks() {
        return Stream.of(q, k, v);
    }
}

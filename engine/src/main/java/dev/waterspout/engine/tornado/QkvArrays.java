package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.DeviceColumns;
import dev.waterspout.kernels.device.DeviceNorm;
import dev.waterspout.kernels.device.HeadColumns;
import dev.waterspout.kernels.device.KernelGraph;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The projections of queries, keys and values on a device, with their biases and norms. */
final class QkvArrays implements HeadInputs {
    private final DeviceArrays arrays;
    private final ModelConfig config;
    private final Shard shard;
    private final JointWeights weights;
    /** Norms of all heads of queries and keys; null if they have none, or norms over all heads. */
    private final @Nullable DeviceNorm norms;
    /** Norm over the queries of all ranks' heads, or null. */
    private final @Nullable DeviceNorm qNorm;
    /** Norm over the keys of all ranks' heads, or null. */
    private final @Nullable DeviceNorm kNorm;

    QkvArrays(ModelConfig config, Shard shard, List<ShardWeights.Layer> layers, DeviceArrays arrays) {
        this.arrays = arrays;
        this.config = config;
        this.shard = shard;
        this.weights = new JointWeights(JointWeights.HEADS, layers, shard.experts(), 1, null, arrays);
        int heads = shard.heads().size();
        int kvHeads = shard.kvHeads().size();
        boolean wide = config.architecture().hasWideNorms();
        this.norms = wide ? null : arrays.headNorms(config, layers, heads, kvHeads);
        this.qNorm = wide ? arrays.norm(config, layers, TensorRole.ATTN_Q_NORM, 1, config.queryWidth()) : null;
        this.kNorm = wide ? arrays.norm(config, layers, TensorRole.ATTN_K_NORM, 1, config.kvWidth()) : null;
    }

    @Override
    public HeadColumns addTo(KernelGraph graph, int layer, FloatArray h) {
        weights.addTo(graph, layer, h);
        List<DeviceColumns> made = weights.outputs(layer);
        DeviceColumns queries = made.get(0);
        DeviceColumns keys = made.get(1);
        norm(graph, "qNorm", qNorm, queries);
        norm(graph, "kNorm", kNorm, keys);
        // After a norm over all ranks' heads, the rank uses its own heads only.
        return config.architecture().hasWideNorms()
                ? new HeadColumns(own(queries, shard.heads()), own(keys, shard.kvHeads()), made.get(2))
                : new HeadColumns(queries, keys, made.get(2), norms);
    }

    private DeviceColumns own(DeviceColumns all, Span heads) {
        return new DeviceColumns(all.array(), all.width(), all.from() + heads.from() * config.headDim());
    }

    private static void norm(KernelGraph graph, String task, @Nullable DeviceNorm norm, DeviceColumns x) {
        if (norm != null) {
            graph.normalize(task, norm, x);
        }
    }

    @Override
    public FloatArray addExpansion(KernelGraph graph, int layer) {
        return arrays.attended;
    }

    @Override
    public Stream<StackedWeights> stacks() {
        return weights.stacks();
    }
}

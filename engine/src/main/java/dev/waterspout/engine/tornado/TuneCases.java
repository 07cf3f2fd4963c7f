package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.tune.AttentionCase;
import dev.waterspout.kernels.device.tune.LinearCase;
import dev.waterspout.kernels.device.tune.QuantizeCase;
import dev.waterspout.kernels.device.tune.SumCase;
import dev.waterspout.kernels.device.tune.TuneCase;
import dev.waterspout.kernels.host.WeightMatrix;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Lists the kernels and shapes that the shards of a model need, one per shape class. Shapes of decode come first,
 * because decode computes most tokens. Products of a chunk are timed with fewer tokens, since their time is
 * proportional to the number of tokens.
 */
public final class TuneCases {
    private static final int CPU_TOKENS = 32;
    private static final int GPU_TOKENS = 256;
    /** Kinds of weights that are multiplied together. */
    private static final List<List<JointWeights.Kind>> JOINT =
            List.of(JointWeights.HEADS, JointWeights.FFN, JointWeights.SHARED_EXPERT);

    private final Model model;
    private final RankOptions options;
    private final Set<KernelGroup> groups;
    private final boolean cpu;
    private final Map<KernelShape, TuneCase> cases = new LinkedHashMap<>();

    private TuneCases(Model model, RankOptions options, Set<KernelGroup> groups, boolean cpu) {
        this.model = model;
        this.options = options;
        this.groups = groups;
        this.cpu = cpu;
    }

    /**
     * Returns the cases.
     *
     * @param model the model whose weights are multiplied
     * @param shards the shards of the device
     * @param ranks number of ranks; at least 2 if encoding is to be tuned
     * @param options options of the run
     * @param format wire format of partials
     * @param groups groups of kernels to tune
     * @param device device to tune
     * @throws IllegalArgumentException if encoding is to be tuned and devices have no kernel for the format
     */
    public static List<TuneCase> of(
            Model model,
            List<Shard> shards,
            int ranks,
            RankOptions options,
            WireFormat format,
            Set<KernelGroup> groups,
            TunableDevice device) {
        if (groups.contains(KernelGroup.MX)) {
            DeviceCodec.of(format, model.config().width());
            if (format == PlainFormat.F32) {
                throw new IllegalArgumentException("wire format f32 has no kernels to tune: a partial is f32 already");
            }
        }
        TuneCases cases = new TuneCases(model, options, groups, device.isCpu());
        for (int tokens : Stream.of(1, options.chunk()).distinct().toList()) {
            for (Shard shard : shards) {
                cases.add(shard, ranks, tokens, format);
            }
        }
        return List.copyOf(cases.cases.values());
    }

    private void add(Shard shard, int ranks, int tokens, WireFormat format) {
        int timed = Math.min(tokens, cpu ? CPU_TOKENS : GPU_TOKENS);
        int headDim = model.config().headDim();
        if (groups.contains(KernelGroup.LINEAR)) {
            ShardWeights weights = ShardWeights.of(model, shard);
            int layers = model.config().layers();
            for (ShardWeights.Layer layer : weights.layers()) {
                for (List<JointWeights.Kind> kinds : JOINT) {
                    JointWeights.shapes(kinds, layer)
                            .forEach(shape -> add(new LinearCase(
                                    shape.format(), layers, shape.rows(), shape.columns(), tokens, timed)));
                }
                layer.matrices().entrySet().stream()
                        .filter(matrix ->
                                JOINT.stream().flatMap(List::stream).noneMatch(kind -> kind.role() == matrix.getKey()))
                        .forEach(matrix -> add(linear(matrix.getValue(), layers, tokens, timed)));
            }
            int logitRows = options.logitRows();
            add(linear(weights.output(), 1, logitRows, Math.min(logitRows, timed)));
        }
        if (groups.contains(KernelGroup.ATTENTION)) {
            add(new AttentionCase(
                    shard.heads().size(), shard.kvHeads().size(), headDim, options.context(), tokens, timed));
        }
        if (groups.contains(KernelGroup.MX)) {
            int width = model.config().width();
            add(new QuantizeCase(format, width, tokens, timed));
            add(new SumCase(format, ranks, width, tokens, timed));
        }
    }

    private static TuneCase linear(WeightMatrix matrix, int layers, int tokens, int timed) {
        return new LinearCase(matrix.format(), layers, matrix.rows(), matrix.columns(), tokens, timed);
    }

    private void add(TuneCase one) {
        cases.putIfAbsent(one.shape().shapeClass(), one);
    }
}

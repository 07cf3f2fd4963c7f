package dev.waterspout.engine.tornado;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.DeviceCache;
import dev.waterspout.kernels.device.DeviceNorm;
import dev.waterspout.kernels.device.DeviceScoring;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The arrays of a shard that stay on its device between graphs. The weights of one kind and tensor type are stacked
 * over the layers. An output head that is the embedding table is stored once. Shapes are those of the shard; rows are
 * the tokens of the largest chunk.
 */
final class DeviceArrays {
    /** {@link DeviceTables#create()}. */
    final FloatArray powers = DeviceTables.create();

    final DeviceWeights embedding;
    final @Nullable DeviceNorm attentionNorm;
    final StackedWeights q;
    final StackedWeights k;
    final StackedWeights v;
    final @Nullable FloatArray qBias;
    final @Nullable FloatArray kBias;
    final @Nullable FloatArray vBias;
    /** [layers][heads]. */
    final FloatArray sinks;
    /** Queries of all ranks' heads, [rows][all heads][headDim], where a norm is that of all together, else null. */
    final @Nullable FloatArray wideQueries;
    /** Keys of all ranks' heads, [rows][all KV heads][headDim], where a norm is that of all together, else null. */
    final @Nullable FloatArray wideKeys;
    /** Of each head, or of all ranks' heads together. */
    final @Nullable DeviceNorm qNorm;

    final @Nullable DeviceNorm kNorm;
    final StackedWeights attentionOutput;
    final @Nullable FloatArray attentionOutputBias;
    final @Nullable DeviceNorm attentionPostNorm;
    final @Nullable DeviceNorm ffnNorm;
    /** Null where experts take its place. */
    final @Nullable FfnArrays ffn;

    final @Nullable ExpertArrays experts;
    final @Nullable DeviceNorm ffnPostNorm;
    final DeviceNorm outputNorm;
    final DeviceWeights output;

    /** Keys and values, each [layers][kvHeads][capacity][headDim]; sequences share the capacity in blocks. */
    final DeviceCache cache;
    /** The residual stream, [rows][width]. */
    final FloatArray hidden;
    /** The normalized residual stream, [rows][width]. */
    final FloatArray normed;
    /** Scratch memory of the norms, [rows][heads]. */
    final FloatArray factors;
    /** [rows][heads][headDim]. */
    final FloatArray queries;
    /** Output of attention, [rows][heads][headDim]. */
    final FloatArray attended;
    /** [rows][kvHeads][headDim]. */
    final FloatArray keys;
    /** [rows][kvHeads][headDim]. */
    final FloatArray values;
    /** [rows][ffn]; of one element where experts have their own. */
    final FloatArray gate;
    /** [rows][ffn]; of one element where experts have their own. */
    final FloatArray up;
    /** Output of a row-parallel layer, [rows][width]. */
    final FloatArray partial;
    /** Sum of the partials before it is normalized or scaled and added to the residual stream, [rows][width]. */
    final FloatArray sum;
    /** The rows whose logits are computed, [rows][width]. */
    final FloatArray selected;
    /** [logit rows][vocabulary of the shard]. */
    final FloatArray logits;

    private final List<TornadoNativeArray> all = new ArrayList<>();
    /** Arrays that are not read on the host once they are on the device. */
    private final List<TornadoNativeArray> onDeviceOnly = new ArrayList<>();

    private final long mostBytes;

    /**
     * Copies the weights.
     *
     * @param model model of the file
     * @param shard the rank's
     * @param options options of the run
     * @param mostBytes largest size of one array on the device
     */
    DeviceArrays(Model model, Shard shard, RankOptions options, long mostBytes) {
        this.mostBytes = mostBytes;
        ModelConfig config = model.config();
        ShardWeights weights = ShardWeights.of(model, shard);
        List<ShardWeights.Layer> layers = weights.layers();
        int rows = options.chunk();
        int heads = shard.heads().size();
        int kvHeads = shard.kvHeads().size();
        all.add(powers);
        embedding = keep(StackedWeights.single("embedding", weights.embedding(), mostBytes));
        attentionNorm = norm(config, layers, TensorRole.ATTN_NORM, TensorRole.ATTN_NORM_BIAS);
        q = stack("Q", layers, TensorRole.ATTN_Q);
        k = stack("K", layers, TensorRole.ATTN_K);
        v = stack("V", layers, TensorRole.ATTN_V);
        qBias = vectors(layers, TensorRole.ATTN_Q_BIAS);
        kBias = vectors(layers, TensorRole.ATTN_K_BIAS);
        vBias = vectors(layers, TensorRole.ATTN_V_BIAS);
        boolean wide = config.architecture().hasWideNorms();
        qNorm = wide
                ? norm(config, layers, TensorRole.ATTN_Q_NORM, config.queryWidth())
                : headNorm(config, layers, TensorRole.ATTN_Q_NORM, heads);
        kNorm = wide
                ? norm(config, layers, TensorRole.ATTN_K_NORM, config.kvWidth())
                : headNorm(config, layers, TensorRole.ATTN_K_NORM, kvHeads);
        wideQueries = wide ? floats(rows, config.queryWidth()) : null;
        wideKeys = wide ? floats(rows, config.kvWidth()) : null;
        sinks = sinks(layers, heads);
        attentionOutput = stack("attention output", layers, TensorRole.ATTN_OUTPUT);
        ffnNorm = norm(config, layers, TensorRole.FFN_NORM, TensorRole.FFN_NORM_BIAS);
        attentionPostNorm = norm(config, layers, TensorRole.ATTN_POST_NORM, null);
        ffnPostNorm = norm(config, layers, TensorRole.FFN_POST_NORM, null);
        Experts mixture = config.experts();
        ffn = mixture == null ? FfnArrays.of(layers, this) : null;
        experts = mixture == null ? null : new ExpertArrays(config, mixture, shard, layers, rows, this);
        attentionOutputBias = vectors(layers, TensorRole.ATTN_OUTPUT_BIAS);
        MemorySegment outputBias = weights.outputNormBias();
        outputNorm = keep(new DeviceNorm(
                kind(config),
                StackedWeights.vectors(List.of(weights.outputNorm())),
                outputBias == null ? null : StackedWeights.vectors(List.of(outputBias)),
                1,
                config.width(),
                config.epsilon()));
        output = model.tied()
                ? embedding.slice(shard.vocabulary().from(), shard.vocabulary().to())
                : keep(StackedWeights.single("output head", weights.output(), mostBytes));
        cache = cache(config, kvHeads, options.limits());
        onDeviceOnly.addAll(List.of(cache.keys(), cache.values()));
        hidden = floats(rows, config.width());
        normed = floats(rows, config.width());
        factors = floats(rows, heads);
        queries = floats(rows, heads * config.headDim());
        attended = floats(rows, heads * config.headDim());
        keys = floats(rows, kvHeads * config.headDim());
        values = floats(rows, kvHeads * config.headDim());
        int between = mixture == null ? shard.ffn().size() : 1;
        gate = floats(rows, between);
        up = floats(rows, between);
        partial = floats(rows, config.width());
        sum = floats(rows, config.width());
        selected = floats(rows, config.width());
        logits = floats(options.logitRows(), shard.vocabulary().size());
    }

    /** Returns all arrays. */
    List<TornadoNativeArray> all() {
        return Collections.unmodifiableList(all);
    }

    /**
     * Releases the host's memory of the weights and the cache, which lie on the device and are not read on the host.
     *
     * @return the bytes that were released
     */
    long releaseHostCopies() {
        return onDeviceOnly.stream().mapToLong(HostCopies::release).sum();
    }

    /**
     * Adds an array of zeros. Must be called before the first graph is built, because every graph takes over all
     * arrays.
     *
     * @param array array of floats or bytes
     */
    <T extends TornadoNativeArray> T keepCleared(T array) {
        array.getSegment().fill((byte) 0);
        all.add(array);
        return array;
    }

    /** Copies a matrix of every layer. */
    StackedWeights stack(String kind, List<ShardWeights.Layer> layers, TensorRole role) {
        return stacked(
                kind, layers.stream().map(layer -> List.of(layer.matrix(role))).toList());
    }

    /** Copies the matrices of the rank's experts of every layer. */
    StackedWeights experts(String kind, List<ShardWeights.Layer> layers, TensorRole role) {
        return stacked(kind, layers.stream().map(layer -> layer.stack(role)).toList());
    }

    private StackedWeights stacked(String kind, List<List<WeightMatrix>> matrices) {
        StackedWeights stacked = new StackedWeights(kind, matrices, mostBytes);
        stacked.stacks().forEach(this::keep);
        return stacked;
    }

    /** Copies some rows of a matrix of f32 of every layer, [layers][rows][columns]; null where there is none. */
    @Nullable
    FloatArray rows(List<ShardWeights.Layer> layers, TensorRole role, Span rows) {
        if (!layers.getFirst().has(role)) {
            return null;
        }
        List<List<WeightMatrix>> some = layers.stream()
                .map(layer -> List.of(layer.matrix(role).rowSlice(rows.from(), rows.to())))
                .toList();
        return keep((FloatArray)
                new StackedWeights("bias", some, Long.MAX_VALUE).of(0).data());
    }

    /** A score per query head, or the lowest one where there are none. */
    private FloatArray sinks(List<ShardWeights.Layer> layers, int heads) {
        FloatArray present = vectors(layers, TensorRole.ATTN_SINKS);
        return present == null ? keep(DeviceScoring.noSinks(layers.size(), heads)) : present;
    }

    /** Copies the vectors of the layers that have them; null where none has. */
    @Nullable
    FloatArray vectors(List<ShardWeights.Layer> layers, TensorRole role) {
        FloatArray stacked = stacked(layers, role);
        return stacked == null ? null : keep(stacked);
    }

    /** The vectors of one role, stacked over the layers that have them; null where no layer has them. */
    private static @Nullable FloatArray stacked(List<ShardWeights.Layer> layers, @Nullable TensorRole role) {
        if (role == null) {
            return null;
        }
        List<MemorySegment> present = new ArrayList<>();
        for (ShardWeights.Layer layer : layers) {
            MemorySegment each = layer.vector(role);
            if (each != null) {
                present.add(each);
            }
        }
        return present.isEmpty() ? null : StackedWeights.vectors(present);
    }

    /** The norm of a hidden state. */
    private @Nullable DeviceNorm norm(
            ModelConfig config, List<ShardWeights.Layer> layers, TensorRole role, @Nullable TensorRole biasRole) {
        FloatArray weight = stacked(layers, role);
        return weight == null
                ? null
                : keep(new DeviceNorm(
                        kind(config), weight, stacked(layers, biasRole), 1, config.width(), config.epsilon()));
    }

    /** The norm of all heads together. */
    private @Nullable DeviceNorm norm(ModelConfig config, List<ShardWeights.Layer> layers, TensorRole role, int width) {
        FloatArray weight = stacked(layers, role);
        return weight == null ? null : keep(new DeviceNorm(kind(config), weight, null, 1, width, config.epsilon()));
    }

    /** The norm of each head. */
    private @Nullable DeviceNorm headNorm(
            ModelConfig config, List<ShardWeights.Layer> layers, TensorRole role, int heads) {
        FloatArray weight = stacked(layers, role);
        return weight == null
                ? null
                : keep(new DeviceNorm(kind(config), weight, null, heads, config.headDim(), config.epsilon()));
    }

    private static DeviceNorm.Kind kind(ModelConfig config) {
        return switch (config.architecture().norm()) {
            case RMS -> DeviceNorm.Kind.RMS;
            case LAYER -> DeviceNorm.Kind.LAYER;
        };
    }

    private DeviceCache cache(ModelConfig config, int kvHeads, BatchLimits limits) {
        long elements = config.layers() * limits.positions() * kvHeads * config.headDim();
        if (elements > DeviceWeights.MOST_ELEMENTS) {
            throw new DeviceException("a KV cache of " + limits.positions() + " positions is too large for a device: "
                    + "its keys take " + elements + " elements, and one array holds " + DeviceWeights.MOST_ELEMENTS);
        }
        int cached = (int) elements;
        return new DeviceCache(
                floats(cached, 1),
                floats(cached, 1),
                kvHeads,
                (int) limits.positions(),
                config.headDim(),
                limits.blockSize());
    }

    /** Allocates zeros. */
    FloatArray floats(int rows, int columns) {
        FloatArray array = new FloatArray(Math.multiplyExact(rows, columns));
        array.init(0);
        return keep(array);
    }

    private FloatArray keep(FloatArray array) {
        all.add(array);
        return array;
    }

    private DeviceWeights keep(DeviceWeights weights) {
        all.add(weights.data());
        onDeviceOnly.add(weights.data());
        return weights;
    }

    private DeviceNorm keep(DeviceNorm norm) {
        all.add(norm.weight());
        FloatArray bias = norm.bias();
        if (bias != null) {
            all.add(bias);
        }
        return norm;
    }
}

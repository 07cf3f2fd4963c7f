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
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.Panels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The arrays of a shard that stay on its device between graphs. All layers' weights of one kind and tensor type are
 * stacked in one array. An output head that equals the embedding table is stored once. Shapes are those of the shard;
 * the number of rows is the number of tokens in the largest chunk.
 */
final class DeviceArrays {
    /** Table of powers of two, {@link DeviceTables#create()}. */
    final FloatArray powers = DeviceTables.create();

    final DeviceWeights embedding;
    final @Nullable DeviceNorm attentionNorm;
    /** Tasks that compute queries, keys and values. */
    final HeadInputs inputs;
    /** Attention sinks, [layers][heads]. */
    final FloatArray sinks;

    final StackedWeights attentionOutput;
    final @Nullable FloatArray attentionOutputBias;
    final @Nullable DeviceNorm attentionPostNorm;
    final @Nullable DeviceNorm ffnNorm;
    /** Weights of the FFN; null if all layers have experts instead. */
    final @Nullable FfnArrays ffn;

    final @Nullable ExpertArrays experts;
    final @Nullable DeviceNorm ffnPostNorm;
    final DeviceNorm outputNorm;
    final DeviceWeights output;

    /**
     * Keys and values, each [layers][kvHeads][capacity][a head]; sequences share the capacity in blocks. With latent
     * attention a latent vector is both key and value.
     */
    final DeviceCache cache;
    /** The residual stream, [rows][width]. */
    final FloatArray hidden;
    /** The normalized residual stream, [rows][width]. */
    final FloatArray normed;
    /** Rotated queries, [rows][heads][headDim]. */
    final FloatArray queries;
    /** Output of attention, [rows][heads][headDim]. */
    final FloatArray attended;
    /** Output of a row-parallel layer, [rows][width]. */
    final FloatArray partial;
    /** Working memory of half layers that do not normalize the residual stream, [rows][width]. */
    final FloatArray sum;
    /** [logit rows][vocabulary of the shard]. */
    final FloatArray logits;

    /**
     * Tokens of the largest pass that stores its keys and values as it attends. What it takes grows with the square of
     * this number.
     */
    private static final int MOST_OWN = 16;

    private final List<TornadoNativeArray> all = new ArrayList<>();
    /** Arrays that the host does not read after their upload. */
    private final List<TornadoNativeArray> onDeviceOnly = new ArrayList<>();

    private final long mostBytes;
    private final int rows;

    /**
     * Copies the weights to arrays, and allocates all other arrays.
     *
     * @param model model of the file
     * @param shard shard of the rank
     * @param options options of the run
     * @param mostBytes largest size of one array on the device
     */
    DeviceArrays(Model model, Shard shard, RankOptions options, long mostBytes) {
        this.mostBytes = mostBytes;
        ModelConfig config = model.config();
        ShardWeights weights = ShardWeights.of(model, shard);
        List<ShardWeights.Layer> layers = weights.layers();
        this.rows = options.chunk();
        int heads = shard.heads().size();
        all.add(powers);
        embedding = keep(StackedWeights.single("embedding", weights.embedding(), mostBytes));
        attentionNorm = norm(config, layers, TensorRole.ATTN_NORM, TensorRole.ATTN_NORM_BIAS);
        sinks = sinks(layers, heads);
        attentionOutput = stack("attention output", layers, TensorRole.ATTN_OUTPUT);
        ffnNorm = norm(config, layers, TensorRole.FFN_NORM, TensorRole.FFN_NORM_BIAS);
        attentionPostNorm = norm(config, layers, TensorRole.ATTN_POST_NORM, null);
        ffnPostNorm = norm(config, layers, TensorRole.FFN_POST_NORM, null);
        Experts mixture = config.experts();
        ffn = config.hasDenseLayers() ? FfnArrays.of(config.architecture().gate(), shard, layers, this) : null;
        experts = mixture == null ? null : new ExpertArrays(config, mixture, shard, layers, rows, this);
        attentionOutputBias = vectors(layers, TensorRole.ATTN_OUTPUT_BIAS);
        MemorySegment outputBias = weights.outputNormBias();
        outputNorm = keep(new DeviceNorm(
                kind(config),
                StackedWeights.vectors(List.of(weights.outputNorm())),
                outputBias == null ? null : StackedWeights.vectors(List.of(outputBias)),
                1,
                1,
                config.width(),
                config.epsilon()));
        output = sharesTable(model, shard)
                ? embedding.slice(shard.vocabulary().from(), shard.vocabulary().to())
                : keep(StackedWeights.single("output head", weights.output(), mostBytes));
        cache = cache(config, shard, options);
        onDeviceOnly.add(cache.keys());
        if (config.latent() == null) {
            onDeviceOnly.add(cache.values());
        }
        hidden = floats(rows, config.width());
        normed = floats(rows, config.width());
        queries = floats(rows, heads * config.headDim());
        attended = floats(rows, heads * config.headDim());
        inputs = config.latent() == null
                ? new QkvArrays(config, shard, layers, this)
                : new LatentArrays(config, config.latent(), shard, layers, this);
        partial = floats(rows, config.width());
        sum = floats(rows, config.width());
        logits = floats(options.logitRows(), shard.vocabulary().size());
    }

    /** Returns whether the output head is a part of the embedding table: a part of panels begins with a panel. */
    static boolean sharesTable(Model model, Shard shard) {
        WeightMatrix table = model.embedding();
        return model.tied()
                && (!Panels.exist(table.format(), table.columns())
                        || shard.vocabulary().from() % Panels.ROWS == 0);
    }

    /** Returns all arrays. */
    List<TornadoNativeArray> all() {
        return Collections.unmodifiableList(all);
    }

    /**
     * Releases the host memory behind the weights and the cache. Their contents are on the device, and the host does
     * not read them.
     *
     * @return the number of released bytes
     */
    long releaseHostCopies() {
        return onDeviceOnly.stream().mapToLong(HostCopies::release).sum();
    }

    /**
     * Sets an array to zeros and adds it to the arrays that stay on the device. Must be called before the first graph
     * is built, because every graph takes over all arrays.
     *
     * @param array array of floats or bytes
     */
    <T extends TornadoNativeArray> T keepCleared(T array) {
        array.getSegment().fill((byte) 0);
        all.add(array);
        return array;
    }

    /** Copies one matrix per layer. At least one layer must have it. */
    StackedWeights stack(String kind, List<ShardWeights.Layer> layers, TensorRole role) {
        return stacked(
                kind,
                layers.stream()
                        .map(layer -> layer.has(role) ? List.of(layer.matrix(role)) : List.<WeightMatrix>of())
                        .toList(),
                true);
    }

    /**
     * Copies the matrices of the rank's experts or heads, for all layers that have them. At least one layer must have
     * them.
     */
    StackedWeights each(String kind, List<ShardWeights.Layer> layers, TensorRole role) {
        List<List<WeightMatrix>> matrices = layers.stream()
                .map(layer -> layer.stacks().getOrDefault(role, List.of()))
                .toList();
        return stacked(
                kind,
                matrices,
                matrices.stream().flatMap(List::stream).allMatch(matrix -> matrix.rows() % Panels.ROWS == 0));
    }

    /**
     * Copies matrices.
     *
     * @param kind kind of the weights, for error messages
     * @param matrices those of each layer, one below the other
     * @param panels whether they lie in {@link Panels}, if there are any for them; each expert's matrix has to begin
     *     with a panel
     */
    StackedWeights stacked(String kind, List<List<WeightMatrix>> matrices, boolean panels) {
        StackedWeights stacked = new StackedWeights(kind, matrices, panels, mostBytes);
        stacked.stacks().forEach(this::keep);
        return stacked;
    }

    /**
     * Copies some rows of an f32 matrix of all layers, [layers][rows][columns]. A layer without the matrix gets zeros.
     * {@return the array; null if no layer has the matrix}
     */
    @Nullable
    FloatArray rows(List<ShardWeights.Layer> layers, TensorRole role, Span rows) {
        return vectors(layers.stream()
                .map(layer -> layer.has(role)
                        ? StackedWeights.elements(layer.matrix(role).rowSlice(rows.from(), rows.to()))
                        : null)
                .toList());
    }

    /** Returns one sink score per query head; the lowest score, which has no effect, for layers without sinks. */
    private FloatArray sinks(List<ShardWeights.Layer> layers, int heads) {
        FloatArray present = vectors(layers, TensorRole.ATTN_SINKS);
        return present == null ? keep(DeviceScoring.noSinks(layers.size(), heads)) : present;
    }

    /**
     * Copies one vector per layer, [layers][elements]. A layer without it gets zeros.
     * {@return the array; null if no layer has it}
     */
    @Nullable
    FloatArray vectors(List<ShardWeights.Layer> layers, TensorRole role) {
        return vectors(layers.stream().map(layer -> layer.vector(role)).toList());
    }

    /** Copies vectors of all layers, [layers][elements]; zeros for those that are null, null if all are. */
    @Nullable
    FloatArray vectors(List<@Nullable MemorySegment> vectors) {
        return vectors.stream().allMatch(Objects::isNull) ? null : keep(StackedWeights.vectors(vectors));
    }

    /** Returns the weights of a norm; null if no layer has it. */
    private static @Nullable FloatArray stacked(List<ShardWeights.Layer> layers, @Nullable TensorRole role) {
        if (role == null) {
            return null;
        }
        List<@Nullable MemorySegment> each =
                layers.stream().map(layer -> layer.vector(role)).toList();
        return each.stream().allMatch(Objects::isNull) ? null : StackedWeights.vectors(each);
    }

    /** Returns the norm of a hidden state; null if no layer has it. */
    private @Nullable DeviceNorm norm(
            ModelConfig config, List<ShardWeights.Layer> layers, TensorRole role, @Nullable TensorRole biasRole) {
        FloatArray weight = stacked(layers, role);
        return weight == null
                ? null
                : keep(new DeviceNorm(
                        kind(config), weight, stacked(layers, biasRole), 1, 1, config.width(), config.epsilon()));
    }

    /** Returns the norm of several vectors of a token, such as heads; null if no layer has it. */
    @Nullable
    DeviceNorm norm(ModelConfig config, List<ShardWeights.Layer> layers, TensorRole role, int vectors, int width) {
        FloatArray weight = stacked(layers, role);
        return weight == null
                ? null
                : keep(new DeviceNorm(kind(config), weight, null, 1, vectors, width, config.epsilon()));
    }

    /** The norms of the heads of queries and keys of a token, one behind the other; null if no layer has them. */
    @Nullable
    DeviceNorm headNorms(ModelConfig config, List<ShardWeights.Layer> layers, int heads, int kvHeads) {
        FloatArray queries = stacked(layers, TensorRole.ATTN_Q_NORM);
        FloatArray keys = stacked(layers, TensorRole.ATTN_K_NORM);
        if (queries == null || keys == null) {
            return null;
        }
        int dim = config.headDim();
        int vectors = heads + kvHeads;
        FloatArray each = new FloatArray(layers.size() * vectors * dim);
        for (int i = 0; i < each.getSize(); i++) {
            int layer = i / (vectors * dim);
            int vector = i / dim % vectors;
            each.set(i, (vector < heads ? queries : keys).get(layer * dim + i % dim));
        }
        return keep(new DeviceNorm(kind(config), each, null, vectors, vectors, dim, config.epsilon()));
    }

    private static DeviceNorm.Kind kind(ModelConfig config) {
        return switch (config.architecture().norm()) {
            case RMS -> DeviceNorm.Kind.RMS;
            case LAYER -> DeviceNorm.Kind.LAYER;
        };
    }

    /**
     * Returns the elements behind the layers of each array of the cache, for passes that store their keys and values
     * as they attend: those of few tokens.
     */
    static long ownElements(ModelConfig config, Shard shard, RankOptions options) {
        int rows = PhaseRows.of(options).getLast().most();
        return config.latent() != null || rows > MOST_OWN
                ? 0
                : DeviceCache.ownElements(
                        options.cacheType(), config.headDim(), shard.heads().size(), rows);
    }

    private DeviceCache cache(ModelConfig config, Shard shard, RankOptions options) {
        BatchLimits limits = options.limits();
        CacheType type = options.cacheType();
        int kvHeads = shard.kvHeads().size();
        long heads = config.layers() * limits.positions() * kvHeads;
        long own = ownElements(config, shard, options);
        long elements = own + Math.multiplyExact(heads, DeviceCache.rowElements(type, config.headDim()));
        if (elements > DeviceWeights.MOST_ELEMENTS) {
            throw new DeviceException("a KV cache of " + limits.positions() + " positions is too large for a device: "
                    + "its keys take " + elements + " elements, and one array holds " + DeviceWeights.MOST_ELEMENTS);
        }
        TornadoNativeArray keys = keepCleared(DeviceCache.allocate(type, (int) elements));
        return new DeviceCache(
                keys,
                config.latent() == null ? keepCleared(DeviceCache.allocate(type, (int) elements)) : keys,
                type,
                kvHeads,
                (int) limits.positions(),
                config.headDim(),
                limits.blockSize(),
                (int) own);
    }

    /** Returns the number of tokens in the largest chunk. */
    int rows() {
        return rows;
    }

    /** Allocates zeros for every token of the largest chunk. */
    FloatArray ofRows(int columns) {
        return floats(rows, columns);
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

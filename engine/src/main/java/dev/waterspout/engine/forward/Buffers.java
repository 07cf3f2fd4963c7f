package dev.waterspout.engine.forward;

import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.KvCacheView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** One rank's activations and KV cache, allocated once. Shapes are of the shard; rows are the tokens of a chunk. */
final class Buffers {
    private static final long ALIGNMENT = 64;

    /** The residual stream, {@code [rows][width]}: the same bits on every rank. */
    final MemorySegment hidden;
    /** The normalized residual stream, {@code [rows][width]}. */
    final MemorySegment normed;
    /** Queries, later the output of attention, {@code [rows][heads][headDim]}. */
    final MemorySegment queries;
    /** {@code [rows][kvHeads][headDim]}. */
    final MemorySegment keys;
    /** {@code [rows][kvHeads][headDim]}. */
    final MemorySegment values;
    /** Queries of all ranks' heads, {@code [rows][heads][headDim]}; empty unless they are normalized together. */
    final MemorySegment wideQueries;
    /** Keys of all ranks' heads, {@code [rows][kvHeads][headDim]}; empty unless they are normalized together. */
    final MemorySegment wideKeys;
    /** {@code [rows][ffn]}. */
    final MemorySegment gate;
    /** {@code [rows][ffn]}. */
    final MemorySegment up;
    /** Output of a row-parallel layer, {@code [rows][width]}. */
    final MemorySegment partial;
    /**
     * Sum of the partials before it is added to the hidden state, {@code [rows][width]}; empty if it is added directly.
     */
    final MemorySegment sum;
    /** {@code [logit rows][vocabulary of the shard]}. */
    final MemorySegment logits;

    private final RankOptions options;
    private final HeadShape cached;
    /** Per layer: whether it keeps only its window. */
    private final boolean[] windowed;
    /** One per layer, {@code [blocks][kvHeads][block size][headDim]}. */
    private final List<MemorySegment> cachedKeys = new ArrayList<>();
    /** One per layer. With latent attention, values are keys. */
    private final List<MemorySegment> cachedValues = new ArrayList<>();

    Buffers(ModelConfig config, Shard shard, RankOptions options, Arena arena) {
        int rows = options.chunk();
        hidden = floats(arena, rows, config.width());
        normed = floats(arena, rows, config.width());
        queries = floats(arena, (long) rows * shard.heads().size(), config.headDim());
        keys = floats(arena, (long) rows * shard.kvHeads().size(), config.headDim());
        values = floats(arena, (long) rows * shard.kvHeads().size(), config.headDim());
        int wideRows = config.architecture().hasWideNorms() ? rows : 0;
        wideQueries = floats(arena, wideRows, config.queryWidth());
        wideKeys = floats(arena, wideRows, config.kvWidth());
        gate = floats(arena, rows, shard.widestFfn());
        up = floats(arena, rows, shard.widestFfn());
        partial = floats(arena, rows, config.width());
        sum = floats(arena, keepsSums(config) ? rows : 0, config.width());
        logits = floats(arena, options.logitRows(), shard.vocabulary().size());
        this.options = options;
        this.cached = new HeadShape(shard.kvHeads().size(), config.headDim());
        this.windowed = new boolean[config.layers()];
        boolean latent = config.latent() != null;
        for (int layer = 0; layer < config.layers(); layer++) {
            windowed[layer] = config.traits().get(layer).window() > 0;
            long layerBytes = options.limits().blocksOf(windowed[layer]) * blockBytes(options, cached);
            MemorySegment layerKeys = UntouchedMemory.allocate(layerBytes, ALIGNMENT, arena);
            cachedKeys.add(layerKeys);
            cachedValues.add(latent ? layerKeys : UntouchedMemory.allocate(layerBytes, ALIGNMENT, arena));
        }
    }

    /** Returns the bytes of a rank's KV cache. */
    static long cacheBytes(ModelConfig config, Shard shard, RankOptions options) {
        long blocks = config.traits().stream()
                .mapToLong(layer -> options.limits().blocksOf(layer.window() > 0))
                .sum();
        return (config.latent() == null ? 2L : 1L)
                * blocks
                * blockBytes(options, new HeadShape(shard.kvHeads().size(), config.headDim()));
    }

    private static long blockBytes(RankOptions options, HeadShape heads) {
        return (long) options.limits().blockSize()
                * heads.heads()
                * options.cacheType().rowBytes(heads.headDim());
    }

    /** Returns the bytes of a rank's activations. */
    static long activationBytes(ModelConfig config, Shard shard, RankOptions options) {
        long perRow = (keepsSums(config) ? 4L : 3L) * config.width()
                + (shard.heads().size() + 2L * shard.kvHeads().size()) * config.headDim()
                + 2L * shard.widestFfn()
                + HostLatent.elements(config, shard);
        if (config.architecture().hasWideNorms()) {
            perRow += config.queryWidth() + config.kvWidth();
        }
        return (options.chunk() * perRow
                                + (long) options.logitRows()
                                        * shard.vocabulary().size())
                        * Float.BYTES
                + HostExperts.bytes(config, options.chunk());
    }

    /** Returns whether sums of partials are normalized or scaled before they are added to the hidden state. */
    private static boolean keepsSums(ModelConfig config) {
        return config.scales().residual() != 1 || config.architecture().hasPostNorms();
    }

    /**
     * Stores the keys and values of a pass in the cache.
     *
     * @param layer index of the layer, from 0
     * @param parts the rows of each sequence
     * @return the view of the cache for each sequence
     */
    List<KvCacheView> store(int layer, List<SequenceRows> parts) {
        MemorySegment inKeys = cachedKeys.get(layer);
        MemorySegment inValues = cachedValues.get(layer);
        MemorySegment newValues = inValues.equals(inKeys) ? keys : values;
        int blockSize = options.limits().blockSize();
        List<KvCacheView> views = new ArrayList<>(parts.size());
        long at = 0;
        for (int i = 0; i < parts.size(); i++) {
            SequenceRows part = parts.get(i);
            KvCacheView view = new KvCacheView(
                    inKeys,
                    inValues,
                    options.cacheType(),
                    cached.heads(),
                    cached.headDim(),
                    blockSize,
                    windowed[layer] ? part.windowed() : part.blocks());
            view.store(keys.asSlice(at), newValues.asSlice(at), part.position(), part.rows());
            at += (long) part.rows() * cached.width() * Float.BYTES;
            views.add(view);
        }
        return views;
    }

    /**
     * Copies a block of every layer.
     *
     * @param copy source and target block
     */
    void copyBlock(BlockCopy copy) {
        long bytes = blockBytes(options, cached);
        for (int layer = 0; layer < cachedKeys.size(); layer++) {
            int from = windowed[layer] ? copy.windowedFrom() : copy.from();
            int to = windowed[layer] ? copy.windowedTo() : copy.to();
            copy(cachedKeys.get(layer), from * bytes, to * bytes, bytes);
            if (!cachedValues.get(layer).equals(cachedKeys.get(layer))) {
                copy(cachedValues.get(layer), from * bytes, to * bytes, bytes);
            }
        }
    }

    private static void copy(MemorySegment segment, long from, long to, long bytes) {
        MemorySegment.copy(segment, from, segment, to, bytes);
    }

    static MemorySegment floats(Arena arena, long rows, long columns) {
        return UntouchedMemory.allocate(rows * columns * Float.BYTES, ALIGNMENT, arena);
    }
}

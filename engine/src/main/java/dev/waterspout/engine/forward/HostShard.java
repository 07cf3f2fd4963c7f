package dev.waterspout.engine.forward;

import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.forward.HostCompute.Product;
import dev.waterspout.engine.model.Architecture.Block;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.engine.model.Temperature;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.interconnect.collective.HostPort;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.HeadGroups;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.KvCacheView;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.host.Scoring;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.host.cold.ColdKernels;
import dev.waterspout.kernels.parallel.WorkerPool;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A shard on the CPU: host kernels over the file mapping, divided among worker threads. */
public final class HostShard implements ShardCompute {
    /**
     * Largest number of multiply-adds for which the first pass uses the cold-start loops, which finish before the JVM
     * has compiled the usual kernels.
     */
    private static final long COLD_MULTIPLY_ADDS = 1_000_000_000;

    private final Arena arena;
    private final ModelConfig config;
    private final ShardWeights weights;
    private final HeadShape queryHeads;
    private final HeadShape kvHeads;
    private final Span queryColumns;
    private final Span keyColumns;
    private final HeadGroups headGroups;
    private final boolean parallel;
    private final int ffn;
    private final Buffers buffers;
    private final WorkerPool pool;
    private final HostKernels kernels;
    private final HostCompute compute;
    private final List<HostLayer> layers;
    private final @Nullable HostExperts experts;
    private final @Nullable HostLatent latent;
    private final Norm outputNorm;
    private final Map<PortKey, StagedPort> ports = new HashMap<>();
    private final List<OffloadPort> offloaded = new ArrayList<>();
    private final @Nullable CodecOffload offload;
    private final CodecSize codecSize;
    private final List<Rotary> rotaries;
    /** The rows of the pass. */
    private List<SequenceRows> sequences = List.of();

    private boolean isFirst = true;
    /** The rows that the next half layers compute. */
    private Rows rows;

    /** The parts of the pass, by their first row. */
    private final Map<Integer, Rows> parts = new TreeMap<>();

    /**
     * Key of a port that has been created.
     *
     * @param format the wire format of partials
     * @param from first row of the partial and of the target of the sum
     * @param bare whether the port produces the sum without the residual
     */
    private record PortKey(WireFormat format, int from, boolean bare) {}

    /**
     * The rotary embedding of some layers.
     *
     * @param rope its configuration
     * @param angles its angles
     * @param table rotary table of a chunk
     */
    private record Rotary(RopeConfig rope, RotaryAngles angles, RotaryTable table) {}

    /**
     * The end of a half layer, which normalizes and scales the sum of the partials and then adds it to the hidden
     * state.
     *
     * @param norm or null
     */
    private record Finish(@Nullable Norm norm) {}

    /** Rows of a pass that are computed together. */
    private final class Rows {
        final int from;
        final int count;
        final List<SequenceRows> sequences;
        /** Views of the buffers from the first of the rows on, {@code [count][width]} and further rows. */
        final MemorySegment hidden;

        final MemorySegment normed;
        final MemorySegment partial;
        final MemorySegment sum;
        /** The step of the last half layer that follows the sum of its partials, or null. */
        @Nullable
        Finish finish;

        Rows(int from, List<SequenceRows> sequences) {
            this.from = from;
            this.count = SequenceRows.count(sequences);
            this.sequences = sequences;
            this.hidden = after(buffers.hidden, from);
            this.normed = after(buffers.normed, from);
            this.partial = after(buffers.partial, from);
            this.sum = buffers.sum.byteSize() == 0 ? buffers.sum : after(buffers.sum, from);
        }
    }

    private HostShard(
            Arena arena,
            HostKernels kernels,
            @Nullable CodecOffload offload,
            Model model,
            Shard shard,
            int ranks,
            RankOptions options) {
        this.arena = arena;
        this.offload = offload;
        this.codecSize = new CodecSize(options.chunk(), model.config().width(), ranks);
        this.config = model.config();
        this.weights = ShardWeights.of(model, shard);
        this.queryHeads = new HeadShape(shard.heads().size(), config.headDim());
        this.kvHeads = new HeadShape(shard.kvHeads().size(), config.headDim());
        this.queryColumns = shard.heads().times(config.headDim());
        this.keyColumns = shard.kvHeads().times(config.headDim());
        this.headGroups = new HeadGroups(
                shard.heads().size(), config.groupSize(), shard.heads().from() % config.groupSize());
        this.parallel = config.architecture().block() == Block.PARALLEL;
        this.ffn = shard.ffn().size();
        this.buffers = new Buffers(config, shard, options, arena);
        this.rotaries = rotaries(model, options);
        this.pool = new WorkerPool(options.threads(), "rank-" + shard.rank());
        HostKernels rounded = kernels.withActivations(options.activations());
        this.kernels = options.machineCode() ? rounded.withMachineCode() : rounded;
        this.compute = new HostCompute(this.kernels, pool);
        Experts mixture = config.experts();
        this.experts = mixture == null
                ? null
                : new HostExperts(config, mixture, shard.experts(), options.chunk(), compute, buffers, arena);
        this.latent = config.latent() == null
                ? null
                : new HostLatent(config, config.latent(), shard, options, compute, buffers, arena);
        this.layers = IntStream.range(0, config.layers())
                .mapToObj(layer -> HostLayer.of(config, weights, layer, buffers))
                .toList();
        this.rows = new Rows(0, List.of());
        this.outputNorm = Objects.requireNonNull(Norm.of(config, weights.outputNorm(), weights.outputNormBias()));
    }

    private List<Rotary> rotaries(Model model, RankOptions options) {
        return config.ropes().stream()
                .map(rope -> {
                    RotaryAngles angles = new RotaryAngles(rope, model.ropeFactors(options.context()));
                    return new Rotary(rope, angles, angles.allocate(options.chunk(), arena));
                })
                .toList();
    }

    /**
     * Returns the factory of such shards.
     *
     * @param kernels the kernels to use
     */
    public static ShardFactory factory(HostKernels kernels) {
        return create(kernels, null);
    }

    /**
     * Returns the factory of shards whose partials are encoded and summed by another device.
     *
     * @param kernels the kernels to use
     * @param offload the codec that encodes and sums
     */
    public static ShardFactory factory(HostKernels kernels, CodecOffload offload) {
        return create(kernels, offload);
    }

    // The shard owns the arena and closes it; a failure of the constructor also frees its memory.
    @SuppressWarnings("MustBeClosedChecker")
    private static ShardFactory create(HostKernels kernels, @Nullable CodecOffload offload) {
        return (model, shard, ranks, options) -> {
            Arena arena = Arena.ofShared();
            try {
                return new HostShard(arena, kernels, offload, model, shard, ranks, options);
            } catch (Throwable failure) {
                arena.close();
                throw failure;
            }
        };
    }

    @Override
    public void record(Timeline timeline) {
        compute.record(timeline);
    }

    @Override
    public long weightBytes() {
        return weights.bytes();
    }

    @Override
    public ExpertLoad expertLoad() {
        return experts == null ? ExpertLoad.NONE : experts.load();
    }

    @Override
    public void preload(LongConsumer loaded) {
        for (WeightMatrix matrix : weights.matrices()) {
            if (matrix.data().isMapped()) {
                matrix.data().load();
            }
            loaded.accept(ShardWeights.bytes(matrix));
        }
    }

    @Override
    public void copyBlock(BlockCopy copy) {
        buffers.copyBlock(copy);
    }

    @Override
    public void begin(List<SequenceRows> begun) {
        sequences = begun;
        rows = new Rows(0, begun);
        parts.clear();
        compute.use(isFirst ? ColdKernels.of(kernels) : kernels);
        compute.embed(weights.embedding(), SequenceRows.tokens(begun), buffers.hidden); // [rows][width]
        if (weights.elements() * rows.count > COLD_MULTIPLY_ADDS) {
            compute.use(kernels);
        }
        isFirst = false;
        compute.scale(buffers.hidden, config.scales().embedding(), rows.count * config.width());
        int row = 0;
        for (SequenceRows part : begun) {
            for (Rotary rotary : rotaries) {
                rotary.angles.fill(rotary.table, row, part.position(), part.rows());
            }
            row += part.rows();
        }
    }

    @Override
    public boolean takesParts() {
        return offload == null;
    }

    @Override
    public void rows(int from, int to) {
        rows = parts.computeIfAbsent(from, first -> new Rows(first, SequenceRows.slice(sequences, first, to)));
    }

    @Override
    public void betweenTiles(Runnable task) {
        compute.betweenTiles(task);
    }

    @Override
    public void attention(int layer) {
        finishHalf(rows);
        HostLayer w = layers.get(layer);
        MemorySegment q = buffers.queries; // [rows][heads][headDim]
        MemorySegment k = buffers.keys; // [rows][kvHeads][headDim]
        MemorySegment h = normed(w.attentionNorm());
        if (latent != null) {
            latent.project(weights.layers().get(layer), h, rows.count); // q and k
        } else {
            compute.linear(w.queriesKeysValues(), h, rows.count); // q, k and v
        }
        if (config.architecture().hasWideNorms()) {
            normAll(buffers.wideQueries, w.queryNorm(), config.queryWidth(), q, queryColumns);
            normAll(buffers.wideKeys, w.keyNorm(), config.kvWidth(), k, keyColumns);
        } else {
            normHeads(q, w.queryNorm(), queryHeads);
            normHeads(k, w.keyNorm(), kvHeads);
        }
        turn(w.traits().rope(), q, k);
        warm(q);
        compute.attention(calls(q, buffers.store(layer, rows.sequences), w.scoring())); // in place
        MemorySegment attended =
                latent == null ? q : latent.expand(weights.layers().get(layer), rows.count);
        compute.linear(into(w.attentionOutput()), attended, rows.count); // partial [rows][width]
        rows.finish = finish(w.attentionPostNorm());
    }

    /** Returns the attention call of each sequence over its view of the cache. */
    private List<AttentionCall> calls(MemorySegment q, List<KvCacheView> views, Scoring scoring) {
        List<AttentionCall> calls = new ArrayList<>(rows.sequences.size());
        long at = 0;
        for (int i = 0; i < rows.sequences.size(); i++) {
            SequenceRows part = rows.sequences.get(i);
            MemorySegment own = q.asSlice(at);
            calls.add(new AttentionCall(views.get(i), own, own, headGroups, part.position(), part.rows(), scoring));
            at += (long) part.rows() * queryHeads.width() * Float.BYTES;
        }
        return calls;
    }

    @Override
    public void feedForward(int layer) {
        finishHalf(rows);
        HostLayer w = layers.get(layer);
        // If both halves read the same norm, the first half has computed it.
        MemorySegment h = parallel ? rows.normed : normed(w.ffnNorm());
        if (w.traits().experts()) {
            Objects.requireNonNull(experts)
                    .apply(weights.layers().get(layer), h, rows.partial, rows.count); // partial [rows][width]
        } else {
            compute.linear(w.gateUp(), h, rows.count); // gate and up, [rows][ffn] each
            compute.gate(config.architecture().gate(), buffers.gate, buffers.up, rows.count * ffn);
            compute.linear(into(w.down()), buffers.gate, rows.count); // partial [rows][width]
        }
        rows.finish = finish(w.ffnPostNorm());
    }

    @Override
    public PartialPort port(WireFormat format) {
        return ports.computeIfAbsent(new PortKey(format, rows.from, rows.finish != null), this::makePort);
    }

    @Override
    public void addOwn(int ownRows) {
        MemorySegment partial = after(buffers.partial, rows.from);
        int elements = ownRows * config.width();
        if (rows.finish != null) {
            MemorySegment.copy(partial, 0, after(buffers.sum, rows.from), 0, (long) elements * Float.BYTES);
        } else {
            compute.add(after(buffers.hidden, rows.from), partial, elements);
        }
    }

    private StagedPort makePort(PortKey key) {
        MemorySegment partial = after(buffers.partial, key.from);
        MemorySegment target = after(key.bare ? buffers.sum : buffers.hidden, key.from);
        StagedPort port = new HostPort(key.format, pool, config.width(), partial, target);
        if (offload != null) {
            OffloadPort elsewhere = offload.open(port, codecSize, partial, target);
            offloaded.add(elsewhere);
            port = elsewhere;
        }
        return key.bare ? new BareSumPort(port, target, config.width()) : port;
    }

    @Override
    public MemorySegment output(int... chosen) {
        finishHalf(rows);
        parts.values().forEach(this::finishHalf);
        int outRows = chosen.length;
        long rowBytes = (long) config.width() * Float.BYTES;
        for (int i = 0; i < outRows; i++) {
            MemorySegment.copy(buffers.hidden, chosen[i] * rowBytes, buffers.normed, i * rowBytes, rowBytes);
        }
        compute.normalize(outputNorm, buffers.normed, buffers.normed, config.width(), outRows); // [outRows][width]
        compute.linear(weights.output(), buffers.normed, outRows, buffers.logits); // [outRows][shard's vocabulary]
        int elements = outRows * weights.output().rows();
        compute.scale(buffers.logits, config.scales().logits(), elements);
        compute.softCap(buffers.logits, config.scales().logitCap(), elements);
        return buffers.logits;
    }

    @Override
    public void close() {
        offloaded.forEach(OffloadPort::close);
        pool.close();
        arena.close();
    }

    /** Returns the norm of the hidden state, or the hidden state itself if a half layer begins without a norm. */
    private MemorySegment normed(@Nullable Norm norm) {
        if (norm == null) {
            return rows.hidden;
        }
        compute.normalize(norm, rows.hidden, rows.normed, config.width(), rows.count);
        return rows.normed; // [rows][width]
    }

    /** Returns the step that follows the sum of a half layer's partials, or null if the sum is added unchanged. */
    private @Nullable Finish finish(@Nullable Norm norm) {
        return norm == null && config.scales().residual() == 1 ? null : new Finish(norm);
    }

    /** Adds the sum of the partials of the last half layer, unless the collective has added it. */
    private void finishHalf(Rows of) {
        Finish finish = of.finish;
        if (finish == null) {
            return;
        }
        int elements = of.count * config.width();
        if (finish.norm != null) {
            compute.normalize(finish.norm, of.sum, of.sum, config.width(), of.count);
        }
        compute.scale(of.sum, config.scales().residual(), elements);
        compute.add(of.hidden, of.sum, elements);
        of.finish = null;
    }

    /** Returns the products that compute a partial, writing to the rows of this part. */
    private List<Product> into(List<Product> products) {
        return rows.from == 0
                ? products
                : products.stream()
                        .map(product -> new Product(product.weights(), product.bias(), rows.partial))
                        .toList();
    }

    /** Returns the buffer from a row of the model's width on. */
    private MemorySegment after(MemorySegment buffer, int row) {
        return buffer.asSlice((long) row * config.width() * Float.BYTES);
    }

    /** Normalizes every head of queries or keys separately. */
    private void normHeads(MemorySegment x, @Nullable Norm norm, HeadShape heads) {
        if (norm != null) {
            compute.normalize(norm, x, x, heads.headDim(), rows.count * heads.heads());
        }
    }

    /** Normalizes all heads of queries or keys together and keeps the heads of this rank. */
    private void normAll(MemorySegment all, @Nullable Norm norm, int width, MemorySegment own, Span columns) {
        if (norm != null) {
            compute.normalize(norm, all, all, width, rows.count);
        }
        long bytes = (long) columns.size() * Float.BYTES;
        for (int row = 0; row < rows.count; row++) {
            long from = ((long) row * width + columns.from()) * Float.BYTES;
            MemorySegment.copy(all, from, own, row * bytes, bytes);
        }
    }

    private void turn(@Nullable RopeConfig rope, MemorySegment q, MemorySegment k) {
        for (Rotary rotary : rotaries) {
            if (rotary.rope.equals(rope)) {
                compute.rope(rotary.table, rows.from, q, queryHeads, k, kvHeads, rows.count);
            }
        }
    }

    /** Multiplies queries by the factor of their position. */
    private void warm(MemorySegment q) {
        if (config.temperature().equals(Temperature.NONE)) {
            return;
        }
        long rowBytes = (long) queryHeads.width() * Float.BYTES;
        int row = 0;
        for (SequenceRows part : rows.sequences) {
            for (int i = 0; i < part.rows(); i++) {
                float factor = config.temperature().factor(part.position() + i);
                compute.scale(q.asSlice(row++ * rowBytes, rowBytes), factor, queryHeads.width());
            }
        }
    }
}

package dev.waterspout.engine.forward;

import dev.waterspout.engine.forward.HostCompute.Product;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.interconnect.collective.HostPort;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.parallel.WorkerPool;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A shard on the CPU: host kernels over the file's mapping, dealt out to worker threads. */
public final class HostShard implements ShardCompute {
    /** Multiply-adds of a first pass that plain loops are done with before the JVM has compiled the usual kernels. */
    private static final long COLD_MULTIPLY_ADDS = 1_000_000_000;

    private final Arena arena = Arena.ofShared();
    private final ModelConfig config;
    private final ShardWeights weights;
    private final HeadShape queryHeads;
    private final HeadShape kvHeads;
    private final int ffn;
    private final Buffers buffers;
    private final WorkerPool pool;
    private final HostKernels kernels;
    private final HostCompute compute;
    /** Of every layer, what is multiplied with one input at a time. */
    private final List<List<Product>> queryKeyValue;

    private final List<List<Product>> gateUp;
    private final Map<WireFormat, StagedPort> ports = new HashMap<>();
    private final @Nullable CodecOffload offload;
    private final CodecSize codecSize;
    private final RotaryAngles angles;
    private RotaryTable rotary;
    private int position;
    private int rows;
    private boolean begun;

    private HostShard(
            HostKernels kernels,
            @Nullable CodecOffload offload,
            Model model,
            Shard shard,
            int ranks,
            RankOptions options) {
        this.offload = offload;
        this.codecSize = new CodecSize(options.chunk(), model.config().width(), ranks);
        this.config = model.config();
        this.weights = ShardWeights.of(model, shard);
        this.queryHeads = new HeadShape(shard.heads().size(), config.headDim());
        this.kvHeads = new HeadShape(shard.kvHeads().size(), config.headDim());
        this.ffn = shard.ffn().size();
        this.buffers = new Buffers(config, shard, options, arena);
        this.angles = new RotaryAngles(config, model.ropeFactors());
        this.rotary = angles.allocate(options.chunk(), arena);
        this.pool = new WorkerPool(options.threads(), "rank-" + shard.rank());
        this.kernels = kernels.withActivations(options.activations());
        this.compute = new HostCompute(this.kernels, pool);
        this.queryKeyValue = weights.layers().stream()
                .map(w -> List.of(
                        new Product(w.q(), w.qBias(), buffers.queries),
                        new Product(w.k(), w.kBias(), buffers.keys),
                        new Product(w.v(), w.vBias(), buffers.values)))
                .toList();
        this.gateUp = weights.layers().stream()
                .map(w -> List.of(new Product(w.gate(), null, buffers.gate), new Product(w.up(), null, buffers.up)))
                .toList();
    }

    /**
     * Returns what makes such shards.
     *
     * @param kernels what computes
     */
    public static ShardFactory factory(HostKernels kernels) {
        return (model, shard, ranks, options) -> new HostShard(kernels, null, model, shard, ranks, options);
    }

    /**
     * Returns what makes such shards whose partials are encoded and summed elsewhere.
     *
     * @param kernels what computes
     * @param offload what encodes and sums
     */
    public static ShardFactory factory(HostKernels kernels, CodecOffload offload) {
        return (model, shard, ranks, options) -> new HostShard(kernels, offload, model, shard, ranks, options);
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
    public void preload(LongConsumer loaded) {
        for (WeightMatrix matrix : weights.matrices()) {
            if (matrix.data().isMapped()) {
                matrix.data().load();
            }
            loaded.accept(ShardWeights.bytes(matrix));
        }
    }

    @Override
    public void begin(int[] tokens, int first) {
        position = first;
        rows = tokens.length;
        compute.use(!begun && weights.elements() * rows <= COLD_MULTIPLY_ADDS ? kernels.cold() : kernels);
        begun = true;
        compute.embed(weights.embedding(), tokens, buffers.hidden); // [rows][width]
        angles.fill(rotary, position, rows);
    }

    @Override
    public void attention(int layer) {
        ShardWeights.Layer w = weights.layers().get(layer);
        MemorySegment h = buffers.normed; // [rows][width]
        MemorySegment q = buffers.queries; // [rows][heads][headDim]
        MemorySegment k = buffers.keys; // [rows][kvHeads][headDim]
        compute.rmsNorm(buffers.hidden, w.attentionNorm(), config.rmsEpsilon(), h, config.width(), rows);
        compute.linear(queryKeyValue.get(layer), h, rows); // q, k and v
        normHeads(q, w.qNorm(), queryHeads);
        normHeads(k, w.kNorm(), kvHeads);
        compute.rope(rotary, q, queryHeads, k, kvHeads, rows);
        buffers.store(layer, position, rows);
        compute.attention(
                new AttentionCall(buffers.cache.get(layer), q, q, queryHeads.heads(), position, rows)); // in place
        compute.linear(w.attentionOutput(), q, rows, buffers.partial); // [rows][width]
    }

    @Override
    public void feedForward(int layer) {
        ShardWeights.Layer w = weights.layers().get(layer);
        MemorySegment h = buffers.normed; // [rows][width]
        compute.rmsNorm(buffers.hidden, w.ffnNorm(), config.rmsEpsilon(), h, config.width(), rows);
        compute.linear(gateUp.get(layer), h, rows); // gate and up, [rows][ffn] each
        compute.swiglu(buffers.gate, buffers.up, rows * ffn);
        compute.linear(w.down(), buffers.gate, rows, buffers.partial); // [rows][width]
    }

    @Override
    public PartialPort port(WireFormat format) {
        return ports.computeIfAbsent(format, this::makePort);
    }

    private StagedPort makePort(WireFormat format) {
        HostPort host = new HostPort(format, pool, config.width(), buffers.partial, buffers.hidden);
        return offload == null ? host : offload.open(host, codecSize, buffers.partial, buffers.hidden);
    }

    @Override
    public MemorySegment output(int first, int outRows) {
        long rowBytes = (long) config.width() * Float.BYTES;
        MemorySegment chosen = buffers.hidden.asSlice(first * rowBytes, outRows * rowBytes); // [outRows][width]
        compute.rmsNorm(chosen, weights.outputNorm(), config.rmsEpsilon(), buffers.normed, config.width(), outRows);
        compute.linear(weights.output(), buffers.normed, outRows, buffers.logits); // [outRows][shard's vocabulary]
        return buffers.logits;
    }

    @Override
    public void close() {
        for (StagedPort port : ports.values()) {
            if (port instanceof OffloadPort offloaded) {
                offloaded.close();
            }
        }
        pool.close();
        arena.close();
    }

    /** Qwen3 normalizes every head of Q and K by itself. */
    private void normHeads(MemorySegment x, @Nullable MemorySegment weight, HeadShape heads) {
        if (weight != null) {
            compute.rmsNorm(x, weight, config.rmsEpsilon(), x, heads.headDim(), rows * heads.heads());
        }
    }
}

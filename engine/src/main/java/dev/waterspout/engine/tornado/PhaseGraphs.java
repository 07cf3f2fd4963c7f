package dev.waterspout.engine.tornado;

import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.DeviceNorm;
import dev.waterspout.kernels.device.DeviceRope;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowCount;
import dev.waterspout.kernels.device.kernels.Step;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The task graphs of one phase: prefill for chunks of many tokens, or decode for one. Each is compiled once and run for every
 * layer; the layer's number comes in with the step.
 *
 * <pre>
 *   embed          tokens            -> hidden
 *   attention      hidden, cache     -> partial, packed   (to the host)
 *   feed-forward   hidden            -> partial, packed   (to the host)
 *   sum            shards (from the host) + hidden -> hidden;  a rank that is alone adds its partial
 *   select         hidden            -> selected
 * </pre>
 */
final class PhaseGraphs {
    final IntArray step = Step.allocate();
    final IntArray tokens;
    final DeviceRope rope;
    final KernelGraph embed;
    final KernelGraph attention;
    final KernelGraph feedForward;
    final KernelGraph sum;
    /** Adds what one rank has summed for all. */
    final KernelGraph sumOne;

    final KernelGraph select;

    private final String phase;
    private final KernelDevice device;
    private final int maxRows;
    private final int ranks;
    private final DeviceCodec codec;
    private final DeviceArrays arrays;
    private final @Nullable PeerArrays peers;
    /** This rank's encoded partial on the host: of the codec's format, or the floats themselves. */
    private final TornadoNativeArray encoded;
    /** All ranks' encoded partials on the host, or null if there is one rank. */
    private final @Nullable TornadoNativeArray shards;

    /**
     * Builds the graphs.
     *
     * @param shape how much they take at a time, and how it travels
     * @param device that they run on
     * @param ranks of the group
     * @param config of the model
     * @param shard the rank's
     * @param arrays of all phases
     */
    PhaseGraphs(
            PhaseShape shape, KernelDevice device, int ranks, ModelConfig config, Shard shard, DeviceArrays arrays) {
        this.phase = shape.name();
        this.device = device;
        this.maxRows = shape.maxRows();
        this.ranks = ranks;
        this.codec = DeviceCodec.of(shape.format(), config.width());
        this.peers = shape.peers();
        this.arrays = arrays;
        this.tokens = new IntArray(maxRows);
        this.tokens.init(0);
        RopeConfig turned = config.ropes().getFirst();
        int ropeDim = turned.dimensions();
        FloatArray angles = new FloatArray(Math.multiplyExact(2 * maxRows, ropeDim));
        this.rope = new DeviceRope(angles, ropeDim, turned.pairing());
        boolean floats = codec.format() == PlainFormat.F32;
        int packedBytes = codec.packedBytes(maxRows);
        this.encoded = floats || peers != null ? arrays.partial : new ByteArray(packedBytes);
        this.shards = ranks == 1 || peers != null
                ? null
                : floats
                        ? new FloatArray(Math.multiplyExact(ranks, packedBytes / Float.BYTES))
                        : new ByteArray(Math.multiplyExact(ranks, packedBytes));
        this.embed = embed();
        this.attention = attention(shard.heads().size());
        this.feedForward = feedForward(shard.ffn().size());
        this.sum = peers == null ? sum("Sum", ranks, config.width()) : sumOfPeers(peers, config.width());
        this.sumOne = peers == null ? sum("SumOne", 1, config.width()) : sum;
        this.select = select(config.width());
    }

    /** Returns the graphs. */
    List<KernelGraph> all() {
        return ranks == 1 || peers != null
                ? List.of(embed, attention, feedForward, sum, select)
                : List.of(embed, attention, feedForward, sum, sumOne, select);
    }

    int maxRows() {
        return maxRows;
    }

    /** Returns what partials travel as. */
    WireFormat format() {
        return codec.format();
    }

    /** Returns what other ranks read of this one's device, or null where partials go through the host. */
    @Nullable
    PeerArrays peers() {
        return peers;
    }

    /** Returns this rank's encoded partial, as the last half layer left it on the host. */
    MemorySegment encoded() {
        return encoded.getSegment();
    }

    /** Returns where a rank's encoded partial is to be put before the sum. */
    MemorySegment shard(int rank) {
        MemorySegment all = Objects.requireNonNull(shards).getSegment();
        long bytes = all.byteSize() / ranks;
        return all.asSlice(rank * bytes, bytes);
    }

    private KernelGraph embed() {
        KernelGraph graph = graph("Embed");
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, tokens);
        graph.embed("embed", arrays.embedding, tokens, arrays.hidden);
        return graph;
    }

    private KernelGraph attention(int heads) {
        KernelGraph graph = graph("Attention");
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, rope.angles());
        DeviceArrays a = arrays;
        graph.rmsNorm("norm", a.attentionNorm, a.hidden, a.factors, a.normed, RowCount.CHUNK);
        graph.linear("q", a.q, a.qBias, a.normed, a.queries, RowCount.CHUNK);
        graph.linear("k", a.k, a.kBias, a.normed, a.keys, RowCount.CHUNK);
        graph.linear("v", a.v, a.vBias, a.normed, a.values, RowCount.CHUNK);
        normHeads(graph, "qNorm", a.qNorm, a.queries);
        normHeads(graph, "kNorm", a.kNorm, a.keys);
        graph.turnAndStore("rope", rope, a.cache, heads, a.queries, a.keys, a.values);
        graph.attention("attend", a.cache, heads, a.queries, a.attended);
        graph.linear("output", a.attentionOutput, null, a.attended, a.partial, RowCount.CHUNK);
        if (peers != null) {
            offer(graph, peers, peers.attention());
        } else {
            encode(graph);
        }
        return graph;
    }

    private KernelGraph feedForward(int ffn) {
        KernelGraph graph = graph("FeedForward");
        DeviceArrays a = arrays;
        graph.rmsNorm("norm", a.ffnNorm, a.hidden, a.factors, a.normed, RowCount.CHUNK);
        graph.linear("gate", a.gateWeights, null, a.normed, a.gate, RowCount.CHUNK);
        graph.linear("up", a.upWeights, null, a.normed, a.up, RowCount.CHUNK);
        graph.swiglu("swiglu", a.gate, a.up, ffn);
        graph.linear("down", a.down, null, a.gate, a.partial, RowCount.CHUNK);
        if (peers != null) {
            offer(graph, peers, peers.feedForward());
        } else {
            encode(graph);
        }
        return graph;
    }

    private KernelGraph sum(String name, int summed, int width) {
        KernelGraph graph = graph(name);
        switch (shards) {
            case null -> {
                graph.add("add", arrays.hidden, arrays.partial, width);
            }
            case FloatArray floats -> {
                graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, floats);
                graph.sum("sum", floats, summed, arrays.hidden, width);
            }
            case ByteArray bytes -> {
                graph.taskGraph()
                        .transferToDevice(DataTransferMode.EVERY_EXECUTION, bytes)
                        .transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
                graph.dequantizeSum("sum", codec, bytes, summed, arrays.hidden);
            }
            default -> throw new IllegalStateException("shards are floats or bytes");
        }
        return graph;
    }

    /** The shards come from the devices of all ranks, this one's included. */
    private KernelGraph sumOfPeers(PeerArrays peers, int width) {
        KernelGraph graph = graph("Sum");
        peers.end().gather(graph.taskGraph(), "gather", peers.shards());
        if (peers.shards() instanceof FloatArray floats) {
            graph.sum("sum", floats, ranks, arrays.hidden, width);
        } else {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
            graph.dequantizeSum("sum", codec, (ByteArray) peers.shards(), ranks, arrays.hidden);
        }
        return graph;
    }

    /** The partial stays on the device in the form that travels, for the other ranks to read. */
    private void offer(KernelGraph graph, PeerArrays peers, TornadoNativeArray offered) {
        if (offered instanceof ByteArray packed) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
            graph.quantize("quantize", codec, arrays.partial, packed);
            peers.end().offer(graph.taskGraph(), "offer", packed);
        } else {
            peers.end().offerCopy(graph.taskGraph(), "offer", arrays.partial, offered);
        }
    }

    private KernelGraph select(int width) {
        KernelGraph graph = graph("Select");
        graph.selectOut("select", arrays.hidden, arrays.selected, width);
        return graph;
    }

    private void normHeads(KernelGraph graph, String task, @Nullable DeviceNorm norm, FloatArray x) {
        if (norm != null) {
            graph.rmsNorm(task, norm, x, arrays.factors, x, RowCount.CHUNK);
        }
    }

    /** The partial goes to the host in the form that travels; a rank that is alone keeps it on the device. */
    private void encode(KernelGraph graph) {
        if (ranks == 1) {
            return;
        }
        if (encoded instanceof ByteArray packed) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters(), packed);
            graph.quantize("quantize", codec, arrays.partial, packed);
        }
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, encoded);
    }

    private KernelGraph graph(String name) {
        KernelGraph graph = new KernelGraph(phase + name, device, maxRows, step, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                .consumeFromDevice(arrays.all().toArray());
        return graph;
    }
}

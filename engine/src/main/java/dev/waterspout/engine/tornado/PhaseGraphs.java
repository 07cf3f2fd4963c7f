package dev.waterspout.engine.tornado;

import dev.waterspout.engine.model.LayerTraits;
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
import dev.waterspout.kernels.host.Scoring;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The task graphs of one phase: prefill for chunks of many tokens, or decode for one. Each is compiled once and run for
 * every layer; the layer's number comes in with the step. Where a file mixes tensor types within a kind of weights, a
 * half layer has one graph per combination of types that occurs.
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
    /** Sums the attention half's partials. */
    final Sums attentionSums;
    /** Sums the feed-forward half's partials: with the same graphs, unless a norm of its own follows. */
    final Sums feedForwardSums;

    /**
     * The graphs that end a half layer.
     *
     * @param all sums the partials of all ranks
     * @param one adds what one rank has summed for all
     */
    record Sums(KernelGraph all, KernelGraph one) {}

    final KernelGraph select;

    /** Of every layer; layers whose weights have the same tensor types share a graph. */
    private final List<KernelGraph> attention;

    private final List<KernelGraph> feedForward;
    private final String phase;
    private final ModelConfig config;
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
        this.config = config;
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
        this.attention = perTypes(
                "Attention",
                Stream.of(arrays.q, arrays.k, arrays.v, arrays.attentionOutput),
                (name, layer) -> attention(name, layer, shard.heads().size()));
        this.feedForward = perTypes(
                "FeedForward",
                arrays.gateWeights == null
                        ? Stream.of(arrays.upWeights, arrays.down)
                        : Stream.of(arrays.gateWeights, arrays.upWeights, arrays.down),
                (name, layer) -> feedForward(name, layer, shard.ffn().size()));
        boolean alike = arrays.attentionPostNorm == null && arrays.ffnPostNorm == null;
        this.attentionSums = sums("", arrays.attentionPostNorm);
        this.feedForwardSums = alike ? attentionSums : sums("FeedForward", arrays.ffnPostNorm);
        this.select = select(config.width());
    }

    /** Returns the graphs. */
    List<KernelGraph> all() {
        Stream<KernelGraph> sums = Stream.of(attentionSums, feedForwardSums)
                .flatMap(each -> Stream.of(each.all, each.one))
                .distinct();
        Stream<KernelGraph> halves =
                Stream.concat(attention.stream(), feedForward.stream()).distinct();
        return Stream.of(Stream.of(embed), halves, sums, Stream.of(select))
                .flatMap(each -> each)
                .toList();
    }

    /** Returns the attention half of a layer. */
    KernelGraph attention(int layer) {
        return attention.get(layer);
    }

    /** Returns the feed-forward half of a layer. */
    KernelGraph feedForward(int layer) {
        return feedForward.get(layer);
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
        if (config.scales().embedding() != 1) {
            graph.scale("scale", arrays.hidden, config.scales().embedding(), config.width());
        }
        return graph;
    }

    /** Makes the graph of a half layer. */
    @FunctionalInterface
    private interface HalfLayer {
        /**
         * Makes a graph.
         *
         * @param name of the graph
         * @param layer one of those that the graph is for
         */
        KernelGraph graph(String name, int layer);
    }

    /** Makes one graph per combination of tensor types; {@return the graph of every layer} */
    private List<KernelGraph> perTypes(String name, Stream<StackedWeights> weights, HalfLayer half) {
        List<StackedWeights> kinds = weights.toList();
        Map<List<WeightFormat>, KernelGraph> made = new HashMap<>();
        List<KernelGraph> graphs = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            int number = layer;
            List<WeightFormat> types =
                    kinds.stream().map(kind -> kind.format(number)).toList();
            String numbered = made.isEmpty() ? name : name + made.size();
            graphs.add(made.computeIfAbsent(types, _ -> half.graph(numbered, number)));
        }
        return graphs;
    }

    private KernelGraph attention(String name, int layer, int heads) {
        KernelGraph graph = graph(name);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, rope.angles());
        DeviceArrays a = arrays;
        FloatArray h = normed(graph, a.attentionNorm);
        graph.linear("q", a.q.of(layer), a.qBias, h, a.queries, RowCount.CHUNK);
        graph.linear("k", a.k.of(layer), a.kBias, h, a.keys, RowCount.CHUNK);
        graph.linear("v", a.v.of(layer), a.vBias, h, a.values, RowCount.CHUNK);
        normHeads(graph, "qNorm", a.qNorm, a.queries);
        normHeads(graph, "kNorm", a.kNorm, a.keys);
        graph.turnAndStore("rope", rope, a.cache, heads, a.queries, a.keys, a.values);
        LayerTraits first = config.traits().getFirst();
        Scoring scoring = new Scoring(first.scoreScale(), first.scoreCap(), 0, null);
        graph.attention("attend", a.cache, heads, scoring, a.queries, a.attended);
        graph.linear(
                "output", a.attentionOutput.of(layer), a.attentionOutputBias, a.attended, a.partial, RowCount.CHUNK);
        if (peers != null) {
            offer(graph, peers, peers.attention());
        } else {
            encode(graph);
        }
        return graph;
    }

    private KernelGraph feedForward(String name, int layer, int ffn) {
        KernelGraph graph = graph(name);
        DeviceArrays a = arrays;
        FloatArray h = normed(graph, a.ffnNorm);
        if (a.gateWeights == null) {
            graph.linear("up", a.upWeights.of(layer), a.upBias, h, a.gate, RowCount.CHUNK);
        } else {
            graph.linear("gate", a.gateWeights.of(layer), a.gateBias, h, a.gate, RowCount.CHUNK);
            graph.linear("up", a.upWeights.of(layer), a.upBias, h, a.up, RowCount.CHUNK);
        }
        graph.gate("swiglu", config.architecture().gate(), a.gate, a.up, ffn);
        graph.linear("down", a.down.of(layer), a.downBias, a.gate, a.partial, RowCount.CHUNK);
        if (peers != null) {
            offer(graph, peers, peers.feedForward());
        } else {
            encode(graph);
        }
        return graph;
    }

    private Sums sums(String half, @Nullable DeviceNorm norm) {
        if (peers != null) {
            KernelGraph graph = graph(half + "Sum");
            FloatArray target = target(graph, norm);
            sumOfPeers(graph, peers, target);
            finish(graph, norm, target);
            return new Sums(graph, graph);
        }
        KernelGraph all = sum(half + "Sum", ranks, norm);
        return new Sums(all, ranks == 1 ? all : sum(half + "SumOne", 1, norm));
    }

    private KernelGraph sum(String name, int summed, @Nullable DeviceNorm norm) {
        KernelGraph graph = graph(name);
        FloatArray target = target(graph, norm);
        switch (shards) {
            case null -> graph.add("add", target, arrays.partial, config.width());
            case FloatArray floats -> {
                graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, floats);
                graph.sum("sum", floats, summed, target, config.width());
            }
            case ByteArray bytes -> {
                graph.taskGraph()
                        .transferToDevice(DataTransferMode.EVERY_EXECUTION, bytes)
                        .transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
                graph.dequantizeSum("sum", codec, bytes, summed, target);
            }
            default -> throw new IllegalStateException("shards are floats or bytes");
        }
        finish(graph, norm, target);
        return graph;
    }

    /** Where the sum goes: to the residual stream, or where it can be normalized and scaled before. */
    private FloatArray target(KernelGraph graph, @Nullable DeviceNorm norm) {
        if (norm == null && config.scales().residual() == 1) {
            return arrays.hidden;
        }
        graph.clear("clear", arrays.sum, config.width());
        return arrays.sum;
    }

    private void finish(KernelGraph graph, @Nullable DeviceNorm norm, FloatArray target) {
        if (target == arrays.hidden) {
            return;
        }
        if (norm != null) {
            graph.rmsNorm("postNorm", norm, target, arrays.factors, target, RowCount.CHUNK);
        }
        if (config.scales().residual() != 1) {
            graph.scale("scale", target, config.scales().residual(), config.width());
        }
        graph.add("residual", arrays.hidden, target, config.width());
    }

    /** The shards come from the devices of all ranks, this one's included. */
    private void sumOfPeers(KernelGraph graph, PeerArrays peers, FloatArray target) {
        peers.end().gather(graph.taskGraph(), "gather", peers.shards());
        if (peers.shards() instanceof FloatArray floats) {
            graph.sum("sum", floats, ranks, target, config.width());
        } else {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
            graph.dequantizeSum("sum", codec, (ByteArray) peers.shards(), ranks, target);
        }
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

    /** The norm of the hidden state, or the hidden state itself where a half layer begins without a norm. */
    private FloatArray normed(KernelGraph graph, @Nullable DeviceNorm norm) {
        if (norm == null) {
            return arrays.hidden;
        }
        graph.rmsNorm("norm", norm, arrays.hidden, arrays.factors, arrays.normed, RowCount.CHUNK);
        return arrays.normed;
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

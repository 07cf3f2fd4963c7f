package dev.waterspout.engine.tornado;

import dev.waterspout.engine.model.Architecture.Block;
import dev.waterspout.engine.model.LayerTraits;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.engine.model.Temperature;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.DeviceNorm;
import dev.waterspout.kernels.device.DevicePackets;
import dev.waterspout.kernels.device.DeviceRope;
import dev.waterspout.kernels.device.DeviceScoring;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.HeadColumns;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.PartChange;
import dev.waterspout.kernels.device.RowCount;
import dev.waterspout.kernels.device.RowPlaces;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.RopePairing;
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
 * The task graphs of one phase: prefill for chunks of many tokens, or decode for one of each sequence. Each graph is
 * compiled once and run for every layer; the layer's number is a scalar in {@link Step}. Where a file mixes tensor
 * types within a kind of weights, or one array cannot hold all layers, a half layer has one graph per combination of
 * arrays.
 *
 * <pre>
 *   embed          tokens            -> hidden
 *   attention      hidden, cache     -> partial, packed   (to the host)
 *   feed-forward   hidden            -> partial, packed   (to the host)
 *   sum            own packet, other ranks' packets (from the host) + hidden -> hidden
 * </pre>
 *
 * A single rank has no graphs of sums: each half layer ends with the addition to the residual stream.
 */
final class PhaseGraphs {
    final IntArray step = Step.allocate();
    final IntArray tokens;
    /** Places of the tokens in the cache. */
    final RowPlaces places;

    final DeviceRope rope;
    /** Attention temperatures: factors of the queries, [rows]. */
    final FloatArray temperatures;

    final KernelGraph embed;
    /**
     * Graphs that sum the attention half's partials; null for a single rank, whose half layers add their partial
     * themselves.
     */
    final @Nullable Sums attentionSums;
    /**
     * Graphs that sum the feed-forward half's partials. They equal {@link #attentionSums} unless one of the halves ends
     * with a norm.
     */
    final @Nullable Sums feedForwardSums;

    /** Changes the part of the pass that the arrays hold; null where passes are never divided. */
    final @Nullable Change change;

    /**
     * The graph that changes the part of the pass that the arrays hold.
     *
     * @param rows sets the rows of the next execution
     * @param graph the graph
     */
    record Change(PartChange rows, KernelGraph graph) {}

    /**
     * The graphs that end a half layer.
     *
     * @param all graph that sums the partials of all ranks
     * @param one graph that adds a sum that one rank has computed for all ranks
     */
    record Sums(KernelGraph all, KernelGraph one) {}

    /** The codec that reduces parts of packets on the host. */
    final PartialCodec hostCodec;

    /** The graph of each layer; layers whose weights lie in the same arrays share a graph. */
    private final List<KernelGraph> attention;

    private final List<KernelGraph> feedForward;
    private final String phase;
    private final ModelConfig config;
    private final KernelDevice device;
    private final int maxRows;
    private final int choiceRows;
    /** Chosen experts of the chunk's tokens; null for a model without experts. */
    private final @Nullable IntArray chosenExperts;

    private final int ranks;
    private final DeviceCodec codec;
    private final DeviceArrays arrays;
    private final @Nullable PeerArrays peers;
    /** This rank's encoded partial: bytes of the wire format, or for f32 the partial itself. */
    private final TornadoNativeArray packet;
    /** The other ranks' encoded partials, or null if no partial goes through the host. */
    private final @Nullable DevicePackets packets;

    /**
     * Builds the graphs.
     *
     * @param shape sizes and wire format of the phase
     * @param device the device that runs the graphs
     * @param ranks number of ranks
     * @param config configuration of the model
     * @param shard shard of the rank
     * @param arrays arrays of all phases
     * @param places places of the tokens in the cache
     */
    PhaseGraphs(
            PhaseShape shape,
            KernelDevice device,
            int ranks,
            ModelConfig config,
            Shard shard,
            DeviceArrays arrays,
            RowPlaces places) {
        this.phase = shape.name();
        this.config = config;
        this.device = device;
        this.maxRows = shape.maxRows();
        this.choiceRows = shape.choiceRows();
        this.ranks = ranks;
        this.codec = DeviceCodec.of(shape.format(), config.width());
        this.hostCodec = PartialCodec.of(shape.format());
        this.peers = shape.peers();
        this.arrays = arrays;
        this.tokens = new IntArray(maxRows);
        this.tokens.init(0);
        this.places = places;
        this.chosenExperts = arrays.experts == null ? null : arrays.experts.chosen(maxRows);
        int ropeDim = turned(config);
        FloatArray angles = new FloatArray(Math.multiplyExact(2 * maxRows, ropeDim));
        this.rope = new DeviceRope(angles, ropeDim, pairing(config));
        this.temperatures = new FloatArray(maxRows);
        this.temperatures.init(1);
        this.packet = shape.packet();
        this.packets = ranks == 1 || peers != null
                ? null
                : new DevicePackets(others(codec, maxRows, ranks - 1), packet, shard.rank(), ranks);
        this.embed = embed();
        this.attention = perStacks(
                "Attention",
                Stream.concat(arrays.inputs.stacks(), Stream.of(arrays.attentionOutput)),
                (name, layer) -> attention(name, layer, shard));
        this.feedForward = perStacks(
                "FeedForward",
                Stream.concat(
                        arrays.ffn == null ? Stream.empty() : arrays.ffn.stacks(),
                        arrays.experts == null ? Stream.empty() : arrays.experts.stacks()),
                this::feedForward);
        boolean alike = arrays.attentionPostNorm == null && arrays.ffnPostNorm == null;
        this.attentionSums = ranks == 1 ? null : sums("", arrays.attentionPostNorm);
        this.feedForwardSums = ranks == 1 || alike ? attentionSums : sums("FeedForward", arrays.ffnPostNorm);
        this.change = shape.stored() == null ? null : change(shape.stored());
    }

    private Change change(StoredRows stored) {
        KernelGraph graph = graph("Part");
        PartChange rows = new PartChange(graph);
        rows.add("hidden", arrays.hidden, stored.hidden(), config.width());
        if (stored.normed() != null) {
            rows.add("normed", arrays.normed, stored.normed(), config.width());
        }
        int rowElements = packet instanceof ByteArray ? codec.packedBytes(1) : config.width();
        rows.add("packet", packet, stored.packet(), rowElements);
        return new Change(rows, graph);
    }

    /** Returns the largest number of elements per head with rotary embedding in any layer; at least 2. */
    static int turned(ModelConfig config) {
        return config.ropes().stream().mapToInt(RopeConfig::dimensions).max().orElse(2);
    }

    private static RopePairing pairing(ModelConfig config) {
        return config.ropes().stream().map(RopeConfig::pairing).findFirst().orElse(RopePairing.HALVES);
    }

    /** Returns all graphs. */
    List<KernelGraph> all() {
        Stream<KernelGraph> sums = Stream.of(attentionSums, feedForwardSums)
                .filter(Objects::nonNull)
                .flatMap(each -> Stream.of(each.all, each.one))
                .distinct();
        Stream<KernelGraph> halves =
                Stream.concat(attention.stream(), feedForward.stream()).distinct();
        Stream<KernelGraph> changes = Stream.ofNullable(change).map(Change::graph);
        return Stream.of(Stream.of(embed), halves, sums, changes)
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

    /** Returns the wire format of partials. */
    WireFormat format() {
        return codec.format();
    }

    /** Returns the arrays that ranks copy from device to device, or null where partials go through the host. */
    @Nullable
    PeerArrays peers() {
        return peers;
    }

    private static TornadoNativeArray others(DeviceCodec codec, int maxRows, int ranks) {
        int bytes = Math.multiplyExact(ranks, codec.packedBytes(maxRows));
        return codec.format() == PlainFormat.F32 ? new FloatArray(bytes / Float.BYTES) : new ByteArray(bytes);
    }

    /** Returns this rank's encoded partial of the last half layer, on the host. */
    MemorySegment packet() {
        return packet.getSegment();
    }

    /**
     * Returns the memory for another rank's encoded partial, to be filled before the sum; null for this rank's own
     * partial, which is on the device already.
     *
     * @param rank the rank that the packet is from
     */
    @Nullable
    MemorySegment packet(int rank) {
        DevicePackets all = Objects.requireNonNull(packets);
        return rank == all.ownRank() ? null : place(rank > all.ownRank() ? rank - 1 : rank);
    }

    /** Returns the memory for a packet that one rank has reduced for all ranks. */
    MemorySegment reduced() {
        return place(0);
    }

    private MemorySegment place(int number) {
        MemorySegment all = Objects.requireNonNull(packets).others().getSegment();
        long bytes = all.byteSize() / (ranks - 1);
        return all.asSlice(number * bytes, bytes);
    }

    private KernelGraph embed() {
        KernelGraph graph = graph("Embed");
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, tokens);
        graph.embed("embed", arrays.embedding, tokens, arrays.hidden);
        if (config.scales().embedding() != 1) {
            new ElementTasks(graph)
                    .scale("scale", arrays.hidden, config.scales().embedding(), config.width());
        }
        return graph;
    }

    /** Builds the graph of a half layer. */
    @FunctionalInterface
    private interface HalfLayer {
        /**
         * Builds a graph.
         *
         * @param name name of the graph
         * @param layer one of the graph's layers
         */
        KernelGraph graph(String name, int layer);
    }

    /** Builds one graph per combination of weight arrays; {@return the graph of each layer} */
    private List<KernelGraph> perStacks(String name, Stream<StackedWeights> weights, HalfLayer half) {
        List<StackedWeights> kinds = weights.toList();
        Map<List<Integer>, KernelGraph> made = new HashMap<>();
        List<KernelGraph> graphs = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            int number = layer;
            List<Integer> stacks =
                    kinds.stream().map(kind -> kind.stackOf(number)).toList();
            String numbered = made.isEmpty() ? name : name + made.size();
            graphs.add(made.computeIfAbsent(stacks, _ -> half.graph(numbered, number)));
        }
        return graphs;
    }

    private KernelGraph attention(String name, int layer, Shard shard) {
        int heads = shard.heads().size();
        KernelGraph graph = graph(name);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, places.data(), rope.angles());
        DeviceArrays a = arrays;
        FloatArray h = normed(graph, a.attentionNorm);
        HeadColumns made = a.inputs.addTo(graph, layer, h);
        graph.turnAndStore("rope", rope, a.cache, places, heads, made, a.queries);
        if (!config.temperature().equals(Temperature.NONE)) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, temperatures);
            new ElementTasks(graph).scaleRows("temperature", a.queries, temperatures, heads * config.headDim());
        }
        LayerTraits first = config.traits().getFirst();
        DeviceScoring scoring = new DeviceScoring(first.scoreScale(), first.scoreCap(), a.sinks);
        graph.attention("attend", a.cache, places, heads, scoring, a.queries, a.attended);
        FloatArray attended = a.inputs.addExpansion(graph, layer);
        graph.linear("output", a.attentionOutput.of(layer), a.attentionOutputBias, attended, a.partial, RowCount.CHUNK);
        if (ranks == 1) {
            finish(graph, a.attentionPostNorm, a.partial);
        } else if (peers != null) {
            offer(graph, peers, peers.attention());
        } else {
            encode(graph);
        }
        return graph;
    }

    private KernelGraph feedForward(String name, int layer) {
        KernelGraph graph = graph(name);
        DeviceArrays a = arrays;
        // Where both halves read the same norm, the first half has already computed it.
        FloatArray h = config.architecture().block() == Block.PARALLEL ? a.normed : normed(graph, a.ffnNorm);
        if (config.traits().get(layer).experts()) {
            Objects.requireNonNull(a.experts).addTo(graph, layer, Objects.requireNonNull(chosenExperts), h, a.partial);
        } else {
            Objects.requireNonNull(a.ffn).addTo(graph, layer, h, a.partial);
        }
        if (ranks == 1) {
            finish(graph, a.ffnPostNorm, a.partial);
        } else if (peers != null) {
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
        DevicePackets all = Objects.requireNonNull(packets);
        return new Sums(sum(half + "Sum", all, norm), sum(half + "SumOne", DevicePackets.in(all.others(), 1), norm));
    }

    private KernelGraph sum(String name, DevicePackets summed, @Nullable DeviceNorm norm) {
        KernelGraph graph = graph(name);
        FloatArray target = target(graph, norm);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, summed.others());
        dequantizeSum(graph, summed, target);
        finish(graph, norm, target);
        return graph;
    }

    /**
     * The array that receives the sum: the residual stream, or an array in which the sum is first normalized and
     * scaled.
     */
    private FloatArray target(KernelGraph graph, @Nullable DeviceNorm norm) {
        if (norm == null && config.scales().residual() == 1) {
            return arrays.hidden;
        }
        new ElementTasks(graph).clear("clear", arrays.sum, config.width());
        return arrays.sum;
    }

    /** Normalizes and scales a sum in its own array and adds it to the residual stream, unless it is there already. */
    private void finish(KernelGraph graph, @Nullable DeviceNorm norm, FloatArray target) {
        if (target == arrays.hidden) {
            return;
        }
        if (norm != null) {
            graph.normalize("postNorm", norm, target, target, RowCount.CHUNK);
        }
        if (config.scales().residual() != 1) {
            new ElementTasks(graph).scale("scale", target, config.scales().residual(), config.width());
        }
        new ElementTasks(graph).add("residual", arrays.hidden, target, config.width());
    }

    /** Sums packets copied from the devices of all ranks, this rank's included. */
    private void sumOfPeers(KernelGraph graph, PeerArrays peers, FloatArray target) {
        peers.end().gather(graph.taskGraph(), "gather", peers.packets());
        dequantizeSum(graph, DevicePackets.in(peers.packets(), ranks), target);
    }

    private void dequantizeSum(KernelGraph graph, DevicePackets summed, FloatArray target) {
        if (codec.format() != PlainFormat.F32) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
        }
        graph.dequantizeSum("sum", codec, summed, target);
    }

    /** Encodes the partial into an array on the device, from which the other ranks copy it. */
    private void offer(KernelGraph graph, PeerArrays peers, TornadoNativeArray offered) {
        if (offered instanceof ByteArray packed) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
            graph.quantize("quantize", codec, arrays.partial, packed);
            peers.end().offer(graph.taskGraph(), "offer", packed);
        } else {
            peers.end().offerCopy(graph.taskGraph(), "offer", arrays.partial, offered);
        }
    }

    /** Returns the normalized hidden state, or the hidden state itself where a half layer begins without a norm. */
    private FloatArray normed(KernelGraph graph, @Nullable DeviceNorm norm) {
        if (norm == null) {
            return arrays.hidden;
        }
        graph.normalize("norm", norm, arrays.hidden, arrays.normed, RowCount.CHUNK);
        return arrays.normed;
    }

    /** Encodes the partial and copies it to the host. */
    private void encode(KernelGraph graph) {
        if (packet instanceof ByteArray packed) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
            graph.quantize("quantize", codec, arrays.partial, packed);
        }
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, packet);
    }

    private KernelGraph graph(String name) {
        KernelGraph graph = new KernelGraph(phase + name, device, maxRows, choiceRows, step, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                .consumeFromDevice(arrays.all().toArray());
        return graph;
    }
}

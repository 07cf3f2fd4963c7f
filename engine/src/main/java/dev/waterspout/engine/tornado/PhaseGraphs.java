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
import dev.waterspout.kernels.device.DeviceEmbedding;
import dev.waterspout.kernels.device.DeviceNorm;
import dev.waterspout.kernels.device.DevicePackets;
import dev.waterspout.kernels.device.DeviceRope;
import dev.waterspout.kernels.device.DeviceScoring;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.HeadColumns;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.PartChange;
import dev.waterspout.kernels.device.ResidualSum;
import dev.waterspout.kernels.device.RowPlaces;
import dev.waterspout.kernels.device.TopLogits;
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
 *   attention      hidden + packets, cache   -> partial, packet   (to the host)
 *   feed-forward   hidden + packets          -> partial, packet   (to the host)
 *   output         hidden + packets          -> logits or their largest  (to the host)
 * </pre>
 *
 * Each graph begins with the sum of the packets that the previous half layer's exchange has delivered, which it adds to
 * the residual stream: this rank's own, which has stayed on the device, and the other ranks', from the host or from
 * their devices. A single rank's packet is its partial. The attention half of layer 0 adds none: there the residual
 * stream begins, with the embeddings of the tokens.
 */
final class PhaseGraphs {
    final IntArray step = Step.allocate();
    /** The tokens and their places in the cache. */
    final RowPlaces places;

    final DeviceRope rope;
    /** Attention temperatures: factors of the queries, [rows]. */
    final FloatArray temperatures;

    /** Graph that computes the logits of the rows of {@link #chosen}. It does not change the residual stream. */
    final KernelGraph output;
    /** Rows of the pass whose logits are computed. */
    final IntArray chosen;
    /** The selection of the most likely tokens; null where the host selects them. */
    final @Nullable TopLogits top;
    /** Scalars of {@link #output}. */
    final IntArray outputStep = Step.allocate();

    /**
     * Graph that adds the attention half's sum to the residual stream by itself; null where passes are never divided.
     */
    final @Nullable KernelGraph attentionSum;
    /** The same for the feed-forward half; the same graph unless one of the halves ends with a norm. */
    final @Nullable KernelGraph feedForwardSum;

    /** Changes the part of the pass that the arrays hold; null where passes are never divided. */
    final @Nullable Change change;

    /**
     * The graph that changes the part of the pass that the arrays hold.
     *
     * @param rows sets the rows of the next execution
     * @param graph the graph
     */
    record Change(PartChange rows, KernelGraph graph) {}

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
    /** The encoded partials of all ranks after the attention half, or the partial of a single one. */
    private final DevicePackets packets;
    /** The same after the feed-forward half; other arrays if ranks copy from device to device. */
    private final DevicePackets feedForwardPackets;

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
        this.places = places;
        this.chosenExperts = arrays.experts == null ? null : arrays.experts.chosen(maxRows);
        int ropeDim = turned(config);
        FloatArray angles = new FloatArray(Math.multiplyExact(2 * maxRows, ropeDim));
        this.rope = new DeviceRope(angles, ropeDim, pairing(config));
        this.temperatures = new FloatArray(maxRows);
        this.temperatures.init(1);
        this.packet = shape.packet();
        this.packets = packets(shard.rank());
        this.feedForwardPackets =
                peers == null ? packets : peers.packets(peers.feedForward(), packets.ownRank(), ranks);
        this.chosen = new IntArray(shape.logitRows());
        this.chosen.init(0);
        int share = shard.vocabulary().size();
        this.top = TopLogits.pays(device, share) ? new TopLogits(shape.logitRows(), share) : null;
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
        this.output = output(shape.logitRows());
        boolean divided = shape.stored() != null;
        boolean alike = arrays.attentionPostNorm == null && arrays.ffnPostNorm == null;
        this.attentionSum = divided ? sum("Sum", arrays.attentionPostNorm) : null;
        this.feedForwardSum = divided && !alike ? sum("FeedForwardSum", arrays.ffnPostNorm) : attentionSum;
        this.change = shape.stored() == null ? null : change(shape.stored());
    }

    /** Sums the partials of a part of a divided pass, whose packets the next exchange would overwrite. */
    private KernelGraph sum(String name, @Nullable DeviceNorm post) {
        KernelGraph graph = graph(name);
        begin(graph, post, null);
        return graph;
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
        Stream<KernelGraph> halves =
                Stream.concat(attention.stream(), feedForward.stream()).distinct();
        Stream<KernelGraph> ofParts = Stream.of(attentionSum, feedForwardSum, change == null ? null : change.graph())
                .filter(Objects::nonNull)
                .distinct();
        return Stream.of(halves, Stream.of(output), ofParts)
                .flatMap(each -> each)
                .toList();
    }

    /**
     * Returns the graphs that can be captured, because each execution has the same copies, kernels and grids: those of
     * a phase of one token, whose position and layer are read from arrays.
     */
    List<KernelGraph> repeated() {
        return maxRows == 1 ? all() : List.of();
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
        return rank == packets.ownRank() ? null : place(rank > packets.ownRank() ? rank - 1 : rank);
    }

    /** Returns the memory for a packet that one rank has reduced for all ranks. */
    MemorySegment reduced() {
        return place(0);
    }

    private MemorySegment place(int number) {
        MemorySegment all = packets.others().getSegment();
        long bytes = all.byteSize() / (ranks - 1);
        return all.asSlice(number * bytes, bytes);
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
        FloatArray h = beginLayer(graph);
        HeadColumns made = a.inputs.addTo(graph, layer, h);
        LayerTraits first = config.traits().getFirst();
        DeviceScoring scoring = new DeviceScoring(first.scoreScale(), first.scoreCap(), a.sinks);
        if (config.temperature().equals(Temperature.NONE)) {
            graph.turnAndAttend("attend", rope, a.cache, places, scoring, made, a.queries, a.attended);
        } else {
            graph.turnAndStore("attendTurn", rope, a.cache, places, heads, made, a.queries);
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, temperatures);
            new ElementTasks(graph).scaleRows("temperature", a.queries, temperatures, heads * config.headDim());
            graph.attention("attend", a.cache, places, heads, scoring, a.queries, a.attended);
        }
        FloatArray attended = a.inputs.addExpansion(graph, layer);
        PartialEnd end = end(peers == null ? null : peers.attention());
        end.project(graph, "output", a.attentionOutput.of(layer), a.attentionOutputBias, attended);
        return graph;
    }

    private KernelGraph feedForward(String name, int layer) {
        KernelGraph graph = graph(name);
        DeviceArrays a = arrays;
        // Where both halves read the same norm, the first half has already computed it.
        boolean parallel = config.architecture().block() == Block.PARALLEL;
        FloatArray begun = begin(graph, a.attentionPostNorm, parallel ? null : a.ffnNorm);
        FloatArray h = parallel ? a.normed : begun;
        PartialEnd end = end(peers == null ? null : peers.feedForward());
        if (config.traits().get(layer).experts()) {
            Objects.requireNonNull(a.experts)
                    .addTo(graph, layer, Objects.requireNonNull(chosenExperts), h, end.partial());
            end.leave(graph);
        } else {
            Objects.requireNonNull(a.ffn).addTo(graph, layer, h, end);
        }
        return graph;
    }

    private DevicePackets packets(int rank) {
        if (ranks == 1) {
            return DevicePackets.in(arrays.partial, 1);
        }
        return peers == null
                ? new DevicePackets(others(codec, maxRows, ranks - 1), packet, rank, ranks)
                : peers.packets(peers.attention(), rank, ranks);
    }

    /** Sets the packets that the next graph adds to the residual stream. */
    void addNext(Addend addend) {
        for (IntArray each : List.of(step, outputStep)) {
            each.set(
                    Step.PACKETS,
                    switch (addend) {
                        case NONE -> 0;
                        case SUM -> 1;
                        case PARTIALS -> ranks;
                    });
            each.set(Step.OWN_PACKET, addend == Addend.PARTIALS ? packets.ownRank() : ranks);
        }
    }

    /** What a graph adds to the residual stream when it begins. */
    enum Addend {
        /** Nothing. */
        NONE,
        /** A packet that one rank has reduced for all ranks. */
        SUM,
        /** The packets of all ranks. */
        PARTIALS
    }

    private KernelGraph output(int rows) {
        KernelGraph graph = new KernelGraph(phase + "Output", device, rows, outputStep, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, outputStep, chosen)
                .consumeFromDevice(arrays.all().toArray());
        outputStep.set(Step.LAYER, config.layers() - 1);
        ResidualSum sum = addend(graph, feedForwardPackets, arrays.ffnPostNorm, 0);
        graph.addAndNormalize("norm", sum, arrays.outputNorm, arrays.normed, chosen);
        graph.linear("head", arrays.output, null, arrays.normed, arrays.logits);
        if (config.scales().logits() != 1) {
            new ElementTasks(graph)
                    .scale("scale", arrays.logits, config.scales().logits(), arrays.output.rows());
        }
        if (config.scales().logitCap() != 0) {
            new ElementTasks(graph)
                    .softCap("cap", arrays.logits, config.scales().logitCap(), arrays.output.rows());
        }
        if (top == null) {
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, arrays.logits);
        } else {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, top.requests());
            top.addTo(graph, "top", arrays.logits);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, top.answers());
        }
        return graph;
    }

    /**
     * Adds the task that adds the sum of the previous half layer's partials to the residual stream and normalizes it.
     *
     * @param graph graph to add to
     * @param post norm of the sum, or null
     * @param norm norm of the residual stream, or null
     * @return the normalized residual stream; the residual stream itself without a norm
     */
    private FloatArray begin(KernelGraph graph, @Nullable DeviceNorm post, @Nullable DeviceNorm norm) {
        FloatArray normed = norm == null ? arrays.sum : arrays.normed;
        graph.addAndNormalize("begin", addend(graph, packets, post, 0), norm, normed, null);
        return norm == null ? arrays.hidden : normed;
    }

    /** Adds the same task for the attention half, which begins the pass in layer 0. */
    private FloatArray beginLayer(KernelGraph graph) {
        DeviceNorm norm = arrays.attentionNorm;
        DeviceEmbedding embedding =
                new DeviceEmbedding(arrays.embedding, places, config.scales().embedding());
        ResidualSum sum = addend(graph, feedForwardPackets, arrays.ffnPostNorm, 1);
        graph.embedAndNormalize("begin", embedding, sum, norm, norm == null ? arrays.sum : arrays.normed);
        return norm == null ? arrays.hidden : arrays.normed;
    }

    /** Adds the transfer of the packets. {@return the sum of the previous half layer's partials} */
    private ResidualSum addend(
            KernelGraph graph, DevicePackets delivered, @Nullable DeviceNorm post, int layersBefore) {
        DeviceCodec summed = ranks == 1 ? DeviceCodec.of(PlainFormat.F32, config.width()) : codec;
        if (peers == null && ranks > 1) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, packets.others());
        }
        if (ranks > 1 && codec.format() != PlainFormat.F32) {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, codec.parameters());
        }
        float scale = config.scales().residual();
        return new ResidualSum(summed, delivered, post, layersBefore, scale, arrays.hidden, maxRows);
    }

    /** Returns the end of a half layer. */
    private PartialEnd end(@Nullable TornadoNativeArray offered) {
        FloatArray partial = offered instanceof FloatArray floats ? floats : arrays.partial;
        TornadoNativeArray encoded = offered == null ? packet : offered;
        return new PartialEnd(codec, partial, ranks == 1 ? null : encoded, offered == null);
    }

    private KernelGraph graph(String name) {
        KernelGraph graph = new KernelGraph(phase + name, device, maxRows, choiceRows, step, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                .consumeFromDevice(arrays.all().toArray());
        return graph;
    }
}

package dev.waterspout.engine.tornado;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.RotaryAngles;
import dev.waterspout.engine.forward.SequenceRows;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.LayerTraits;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.interconnect.collective.PeerPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.KernelChoices;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowCount;
import dev.waterspout.kernels.device.RowPlaces;
import dev.waterspout.kernels.device.UploadGraph;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.peer.PeerEnd;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A shard on a TornadoVM device. Created and used by one thread. */
public final class TornadoShard implements ShardCompute, StagedPort {
    /** Name of the graph that uploads all arrays; the other graphs take the arrays over from it. */
    static final String LOAD = "load";

    private static final String OUTPUT = "output";

    private final String name;
    private final long weightBytes;
    private final ModelConfig config;
    /** The rotary embedding of each layer; null where a layer has none. */
    private final List<@Nullable RotaryAngles> angles;

    private final DeviceArrays arrays;
    private final KernelGraph output;
    private final PhaseGraphs prefill;
    private final PhaseGraphs decode;
    private final IntArray outputStep = Step.allocate();
    /** Rows of the pass whose logits are computed. */
    private final IntArray chosen;
    /** Source and target of the copy of a block: two block numbers. */
    private final IntArray copiedBlock = IntArray.fromElements(0, 0);
    /** Graph that copies a block of the cache; null if the cache has one block. */
    private final @Nullable KernelGraph copyBlock;

    private final GraphPlan plan;
    private final int width;
    private final PeerPort peerPort = new DevicePort();
    /** Sequences of the current pass, with their rows. */
    private List<SequenceRows> parts = List.of();

    private PhaseGraphs phase;
    /** The graphs that sum the partials of the last half layer; null for a single rank. */
    private PhaseGraphs.@Nullable Sums sums;
    /** Number of elements of the current exchange that have been received. */
    private long summed;

    TornadoShard(TornadoShards on, Model model, Shard shard, int ranks, RankOptions options) {
        ModelConfig config = model.config();
        TornadoDevice device = on.device();
        this.name = on.name();
        this.width = config.width();
        this.weightBytes = ShardWeights.bytes(model, shard);
        DeviceTraits.requireDividedAttention(name, shard);
        this.config = config;
        this.angles = angles(model, options.context());
        DeviceMemory.require(name, device, model, shard, ranks, options);
        this.arrays = new DeviceArrays(model, shard, options, device.getMaxAllocMemory());
        KernelDevice kernels = on.kernels();
        // Arrays that stay on the device are allocated before the graphs, because each graph takes over all of them.
        List<PhaseRows> phases = PhaseRows.of(options);
        PhaseShape prefillShape = shape(phases.getFirst(), on.prefillEnd(), options, ranks);
        PhaseShape decodeShape = phases.size() == 1 ? null : shape(phases.getLast(), on.decodeEnd(), options, ranks);
        this.chosen = new IntArray(options.logitRows());
        this.chosen.init(0);
        this.output = output(kernels, options.logitRows());
        this.copyBlock = options.limits().blocks() == 1 ? null : copyBlock(kernels);
        this.prefill = new PhaseGraphs(
                prefillShape, kernels, ranks, config, shard, arrays, places(prefillShape, options.limits()));
        this.decode = decodeShape == null
                ? prefill
                : new PhaseGraphs(
                        decodeShape, kernels, ranks, config, shard, arrays, places(decodeShape, options.limits()));
        this.phase = prefill;
        this.sums = prefill.attentionSums;
        List<KernelGraph> graphs = Stream.concat(
                        Stream.of(output, copyBlock).filter(Objects::nonNull),
                        Stream.of(prefill, decode).distinct().flatMap(each -> each.all().stream()))
                .toList();
        this.plan = new GraphPlan(name, device, new UploadGraph(LOAD, kernels, arrays.all()), graphs);
    }

    /**
     * Returns a factory of shards on a device.
     *
     * @param name name of the device on the command line
     * @param device the device that TornadoVM lists
     */
    public static ShardFactory factory(String name, TornadoDevice device) {
        return new TornadoShards(name, device, null, PeerUse.ALWAYS, KernelChoices.DEFAULTS);
    }

    /**
     * The graphs of a phase are compiled for one wire format and one path of the exchange.
     *
     * @param end the rank's end of a link to the other ranks' devices, or null
     */
    private PhaseShape shape(PhaseRows rows, @Nullable PeerEnd end, RankOptions options, int ranks) {
        int chunk = rows.most();
        PhaseComm comm = PhaseComm.of(options.schedule(), rows.least(), chunk);
        PeerArrays peers = end == null || ranks == 1 || !comm.gathers()
                ? null
                : PeerArrays.of(end, comm.format(), chunk, width, ranks, arrays);
        TornadoNativeArray packet = ranks == 1 || peers != null || comm.format() == PlainFormat.F32
                ? arrays.partial
                : arrays.keepCleared(new ByteArray(Math.toIntExact(comm.format().encodedBytes(chunk, width))));
        return new PhaseShape(rows.name(), chunk, rows.choice(), comm.format(), packet, peers);
    }

    private RowPlaces places(PhaseShape shape, BatchLimits limits) {
        return new RowPlaces(arrays.cache, shape.maxRows(), PhaseRows.tableEntries(limits, shape.maxRows()));
    }

    private KernelGraph copyBlock(KernelDevice device) {
        KernelGraph graph = new KernelGraph("copyBlock", device, 1, outputStep, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, copiedBlock)
                .consumeFromDevice(arrays.all().toArray());
        graph.copyBlock("copy", arrays.cache, copiedBlock);
        return graph;
    }

    private KernelGraph output(KernelDevice device, int maxRows) {
        KernelGraph graph = new KernelGraph(OUTPUT, device, maxRows, outputStep, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, outputStep, chosen)
                .consumeFromDevice(arrays.all().toArray());
        new ElementTasks(graph).selectOut("select", chosen, arrays.hidden, arrays.selected, width);
        graph.normalize("norm", arrays.outputNorm, arrays.selected, arrays.normed, RowCount.CHUNK);
        graph.linear("head", arrays.output, null, arrays.normed, arrays.logits, RowCount.CHUNK);
        if (config.scales().logits() != 1) {
            new ElementTasks(graph)
                    .scale("scale", arrays.logits, config.scales().logits(), arrays.output.rows());
        }
        if (config.scales().logitCap() != 0) {
            new ElementTasks(graph)
                    .softCap("cap", arrays.logits, config.scales().logitCap(), arrays.output.rows());
        }
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, arrays.logits);
        return graph;
    }

    private static List<@Nullable RotaryAngles> angles(Model model, int context) {
        Map<RopeConfig, RotaryAngles> each = new HashMap<>();
        List<@Nullable RotaryAngles> angles = new ArrayList<>();
        for (LayerTraits layer : model.config().traits()) {
            RopeConfig rope = layer.rope();
            angles.add(
                    rope == null
                            ? null
                            : each.computeIfAbsent(rope, _ -> new RotaryAngles(rope, model.ropeFactors(context))));
        }
        return angles;
    }

    /** Fills the rotary angles of the chunk; a layer without rotary embedding has angles of zero. */
    private void turn(@Nullable RotaryAngles by) {
        RotaryTable table = new RotaryTable(
                phase.rope.angles().getSegment(), phase.maxRows(), phase.rope.ropeDim(), phase.rope.pairing());
        int first = 0;
        for (SequenceRows part : parts) {
            if (by != null) {
                by.fill(table, first, part.position(), part.rows());
            } else {
                turnByNone(table, first, part.rows());
            }
            first += part.rows();
        }
    }

    /** Fills the attention temperatures of the chunk. */
    private void warm() {
        int row = 0;
        for (SequenceRows part : parts) {
            for (int i = 0; i < part.rows(); i++) {
                phase.temperatures.set(row++, config.temperature().factor(part.position() + i));
            }
        }
    }

    private void turnByNone(RotaryTable table, int first, int rows) {
        for (int row = first; row < first + rows; row++) {
            for (int pair = 0; pair < phase.rope.ropeDim() / 2; pair++) {
                table.set(row, pair, 1, 0);
            }
        }
    }

    /** {@return the executions and launches since the plan was built} */
    GraphPlan.Work work() {
        return plan.work();
    }

    /**
     * Returns the number of compiled kernels. It depends on the tensor types of the layers, not on the number of
     * layers.
     */
    int kernels() {
        return plan.kernels();
    }

    @Override
    public void record(Timeline timeline) {
        plan.record(timeline);
    }

    @Override
    public long weightBytes() {
        return weightBytes;
    }

    @Override
    public void preload(LongConsumer loaded) {
        plan.load();
        arrays.releaseHostCopies();
        loaded.accept(weightBytes);
    }

    @Override
    public void copyBlock(BlockCopy copy) {
        copiedBlock.set(0, copy.from());
        copiedBlock.set(1, copy.to());
        outputStep.set(Step.ROWS, 1);
        outputStep.set(Step.OUT_ROWS, 1);
        plan.run(Objects.requireNonNull(copyBlock, "a cache with one block has no copyBlock graph"));
    }

    @Override
    public void begin(List<SequenceRows> begun) {
        parts = begun;
        int[] tokens = SequenceRows.tokens(begun);
        phase = tokens.length <= decode.maxRows() ? decode : prefill;
        phase.places.clear();
        for (SequenceRows part : begun) {
            phase.places.add(part.position(), part.rows(), part.blocks());
        }
        for (int row = 0; row < tokens.length; row++) {
            phase.tokens.set(row, tokens[row]);
        }
        warm();
        phase.step.set(Step.LAYER, 0);
        phase.step.set(Step.ROWS, tokens.length);
        phase.step.set(Step.OUT_ROWS, 1); // checked at every launch, used by the output graph only
        plan.run(phase.embed);
    }

    @Override
    public void attention(int layer) {
        phase.step.set(Step.LAYER, layer);
        phase.step.set(Step.WINDOW, config.traits().get(layer).window());
        if (layer == 0 || angles.get(layer) != angles.get(layer - 1)) {
            turn(angles.get(layer));
        }
        plan.run(phase.attention(layer));
        sums = phase.attentionSums;
    }

    @Override
    public void feedForward(int layer) {
        phase.step.set(Step.LAYER, layer);
        plan.run(phase.feedForward(layer));
        sums = phase.feedForwardSums;
    }

    @Override
    public PartialPort port(WireFormat format) {
        if (!format.equals(phase.format())) {
            throw new IllegalArgumentException("wire format " + format.label() + " on device " + name
                    + ", whose kernels pack " + phase.format().label());
        }
        return phase.peers() == null ? this : peerPort;
    }

    /** The port of a phase whose encoded partials are copied from device to device. */
    private final class DevicePort implements PeerPort {
        @Override
        public WireFormat format() {
            return phase.format();
        }

        @Override
        public void fetchSum(int rows) {
            PeerArrays peers = Objects.requireNonNull(phase.peers());
            peers.end().expect(phase.format().encodedBytes(rows, width));
            plan.run(Objects.requireNonNull(sums).all());
        }

        @Override
        public void addOwn(int rows) {
            TornadoShard.this.addOwn(rows);
        }
    }

    @Override
    public WireFormat format() {
        return phase.format();
    }

    @Override
    public void encode(Tile tile, MemorySegment payload) {
        packed().copyOut(phase.packet(), tile, payload);
    }

    /**
     * Sums the partials once all rows are complete: the device sums whole rows, so the parts received are collected. A
     * single payload is the sum of all ranks' partials. Several payloads are the ranks' partials; this rank's own is on
     * the device already.
     */
    @Override
    public void decodeSum(MemorySegment[] payloads, Tile tile) {
        PackedRows rows = packed();
        boolean reduced = payloads.length == 1;
        for (int rank = 0; rank < payloads.length; rank++) {
            MemorySegment packet = reduced ? phase.reduced() : phase.packet(rank);
            if (packet != null) {
                rows.copyIn(payloads[rank], tile, packet);
            }
        }
        summed += (long) tile.rows() * tile.columns();
        if (summed == (long) phase.step.get(Step.ROWS) * width) {
            summed = 0;
            PhaseGraphs.Sums graphs = Objects.requireNonNull(sums);
            plan.run(reduced ? graphs.one() : graphs.all());
        }
    }

    @Override
    public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
        phase.hostCodec.reduce(payloads, tile.rows(), tile.columns(), payload);
    }

    private PackedRows packed() {
        return new PackedRows(format(), width);
    }

    @Override
    public void addOwn(int rows) {
        if (sums != null) { // for a single rank the half layer's graph has added the partial already
            plan.run(sums.all());
        }
    }

    @Override
    public MemorySegment output(int... chosen) {
        int rows = chosen.length;
        if (chosen[0] < 0 || chosen[rows - 1] >= phase.step.get(Step.ROWS)) {
            throw new IllegalArgumentException("logits of rows " + Arrays.toString(chosen) + "; the pass has "
                    + phase.step.get(Step.ROWS) + " rows");
        }
        for (int i = 0; i < rows; i++) {
            this.chosen.set(i, chosen[i]);
        }
        outputStep.set(Step.ROWS, rows);
        outputStep.set(Step.OUT_ROWS, rows);
        plan.run(output);
        return arrays.logits.getSegment();
    }

    @Override
    public void close() {
        plan.close();
    }
}

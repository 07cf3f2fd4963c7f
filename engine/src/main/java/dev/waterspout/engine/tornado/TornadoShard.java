package dev.waterspout.engine.tornado;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.RotaryAngles;
import dev.waterspout.engine.forward.SequenceRows;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.ShareLogits;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.interconnect.collective.PeerPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.KernelChoices;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowPlaces;
import dev.waterspout.kernels.device.TopLogits;
import dev.waterspout.kernels.device.UploadGraph;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.peer.PeerEnd;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A shard on a TornadoVM device. Created and used by one thread. */
public final class TornadoShard implements ShardCompute {
    /** Name of the graph that uploads all arrays; the other graphs take the arrays over from it. */
    static final String LOAD = "load";

    private final String name;
    private final long weightBytes;
    private final ModelConfig config;
    /** The rotary embedding of each layer; null where a layer has none. */
    private final List<@Nullable RotaryAngles> angles;

    private final DeviceArrays arrays;
    private final PhaseGraphs prefill;
    private final PhaseGraphs decode;
    /** Scalars of the graph that copies a block. */
    private final IntArray copyStep = Step.allocate();
    /** Source and target of the copy of a block: two block numbers. */
    private final IntArray copiedBlock = IntArray.fromElements(0, 0);
    /** Graph that copies a block of the cache; null if the cache has one block. */
    private final @Nullable KernelGraph copyBlock;

    private final GraphPlan plan;
    private final int width;
    /** The rank's rows of the output head. */
    private final Span vocabulary;

    private final int ranks;
    private final PeerPort peerPort = new DevicePort();
    /** All rows of the pass. */
    private PassPart whole = PassPart.whole(List.of());
    /** The parts of a divided pass, by their first row. */
    private final Map<Integer, PassPart> parts = new HashMap<>();
    /** The rows of the next half layer. */
    private PassPart rows = whole;
    /** The rows that the device's arrays hold. */
    private PassPart held = whole;
    /** The rows whose places, angles and factors the host's arrays hold. */
    private PassPart placed = whole;

    private Runnable betweenTiles = () -> {};
    private PhaseGraphs phase;

    TornadoShard(TornadoShards on, Model model, Shard shard, int ranks, RankOptions options) {
        ModelConfig config = model.config();
        TornadoDevice device = on.device();
        this.name = on.name();
        this.width = config.width();
        this.vocabulary = shard.vocabulary();
        this.ranks = ranks;
        this.weightBytes = ShardWeights.bytes(model, shard);
        DeviceTraits.requireDividedAttention(name, shard);
        this.config = config;
        this.angles = RotaryAngles.ofLayers(model, options.context());
        DeviceMemory.require(name, device, model, shard, ranks, options);
        this.arrays = new DeviceArrays(model, shard, options, device.getMaxAllocMemory());
        KernelDevice kernels = on.kernels().with(options.activations());
        // Arrays that stay on the device are allocated before the graphs, because each graph takes over all of them.
        List<PhaseRows> phases = PhaseRows.of(options);
        PhaseShape prefillShape = shape(phases.getFirst(), on.prefillEnd(), options, ranks);
        PhaseShape decodeShape = phases.size() == 1 ? null : shape(phases.getLast(), on.decodeEnd(), options, ranks);
        this.copyBlock = options.limits().blocks() == 1 ? null : copyBlock(kernels);
        this.prefill = new PhaseGraphs(
                prefillShape, kernels, ranks, config, shard, arrays, places(prefillShape, options.limits()));
        this.decode = decodeShape == null
                ? prefill
                : new PhaseGraphs(
                        decodeShape, kernels, ranks, config, shard, arrays, places(decodeShape, options.limits()));
        this.phase = prefill;
        List<KernelGraph> graphs = Stream.concat(
                        Stream.ofNullable(copyBlock),
                        Stream.of(prefill, decode).distinct().flatMap(each -> each.all().stream()))
                .toList();
        List<KernelGraph> captured = on.captures() ? decode.repeated() : List.of();
        UploadGraph load = new UploadGraph(
                LOAD, kernels, arrays.all(), graph -> PeerArrays.locate(graph, prefill.peers(), decode.peers()));
        this.plan = new GraphPlan(name, device, load, graphs, captured);
    }

    /**
     * Returns a factory of shards on a device.
     *
     * @param name name of the device on the command line
     * @param device the device that TornadoVM lists
     */
    public static ShardFactory factory(String name, TornadoDevice device) {
        return new TornadoShards(name, device, null, PeerUse.ALWAYS, KernelChoices.DEFAULTS, true);
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
        StoredRows stored = peers == null && StoredRows.needed(options, ranks, chunk)
                ? StoredRows.of(config, chunk, packet, arrays)
                : null;
        return new PhaseShape(
                rows.name(), chunk, rows.choice(), options.logitRows(), comm.format(), packet, stored, peers);
    }

    private RowPlaces places(PhaseShape shape, BatchLimits limits) {
        int rows = shape.maxRows();
        return new RowPlaces(arrays.cache, rows, PhaseRows.tableEntries(limits, rows), limits.sequences());
    }

    private KernelGraph copyBlock(KernelDevice device) {
        KernelGraph graph = new KernelGraph("copyBlock", device, 1, copyStep, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, copiedBlock)
                .consumeFromDevice(arrays.all().toArray());
        graph.copyBlock("copy", arrays.cache, copiedBlock);
        return graph;
    }

    /** Fills the rotary angles of the rows; a layer without rotary embedding has angles of zero. */
    private void turn(PassPart part, @Nullable RotaryAngles by) {
        RotaryTable table = new RotaryTable(
                phase.rope.angles().getSegment(), phase.maxRows(), phase.rope.ropeDim(), phase.rope.pairing());
        int first = 0;
        for (SequenceRows each : part.sequences) {
            if (by != null) {
                by.fill(table, first, each.position(), each.rows());
            } else {
                turnByNone(table, first, each.rows());
            }
            first += each.rows();
        }
    }

    /** Fills the tokens of the rows, their places in the cache and their attention temperatures. */
    private void place(PassPart part) {
        phase.places.clear();
        phase.places.setTokens(SequenceRows.tokens(part.sequences));
        int row = 0;
        for (SequenceRows each : part.sequences) {
            phase.places.add(each.position(), each.rows(), each.blocks());
            for (int i = 0; i < each.rows(); i++) {
                phase.temperatures.set(row++, config.temperature().factor(each.position() + i));
            }
        }
        placed = part;
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
        copyStep.set(Step.ROWS, 1);
        plan.run(Objects.requireNonNull(copyBlock, "a cache with one block has no copyBlock graph"));
    }

    @Override
    public void begin(List<SequenceRows> begun) {
        phase = SequenceRows.count(begun) <= decode.maxRows() ? decode : prefill;
        parts.clear();
        whole = PassPart.whole(begun);
        rows = whole;
        held = whole;
        place(whole);
        add(PhaseGraphs.Addend.NONE);
    }

    /** A pass whose partials go from device to device is not divided. */
    @Override
    public boolean takesParts() {
        return prefill.peers() == null && decode.peers() == null;
    }

    @Override
    public void rows(int from, int to) {
        rows = parts.computeIfAbsent(from, first -> whole.slice(first, to));
    }

    @Override
    public void betweenTiles(Runnable task) {
        betweenTiles = task;
    }

    /** Runs a graph. In a divided pass the rank's thread moves messages until the device has finished. */
    private void run(KernelGraph graph) {
        plan.run(graph, parts.isEmpty() ? null : betweenTiles);
    }

    /** Makes the device's arrays hold some rows, and sets the number of rows of the next graph. */
    private void hold(PassPart part) {
        if (held != part) {
            PhaseGraphs.Change change = Objects.requireNonNull(phase.change, "passes of this phase are not divided");
            if (held == whole || part == whole) { // they have rows in common
                change.rows().set(held.from, held.count, 0, 0);
                run(change.graph());
                change.rows().set(0, 0, part.from, part.count);
            } else {
                change.rows().set(held.from, held.count, part.from, part.count);
            }
            run(change.graph());
            held = part;
        }
        phase.step.set(Step.ROWS, part.count);
    }

    @Override
    public void attention(int layer) {
        hold(rows);
        @Nullable RotaryAngles by = angles.get(layer);
        if (layer == 0 || placed != rows || by != angles.get(layer - 1)) {
            rows.fill(by, phase.rope.angles(), () -> turn(rows, by));
        }
        if (placed != rows) {
            place(rows);
        }
        phase.step.set(Step.LAYER, layer);
        phase.step.set(Step.WINDOW, config.traits().get(layer).window());
        half(layer, phase.attention(layer), phase.attentionSum);
        offer(PeerArrays::attention);
    }

    @Override
    public void feedForward(int layer) {
        hold(rows);
        phase.step.set(Step.LAYER, layer);
        half(layer, phase.feedForward(layer), phase.feedForwardSum);
        offer(PeerArrays::feedForward);
    }

    /**
     * Runs a half layer. A single rank adds its partial in the next graph.
     *
     * @param sum graph that adds the sum of the partials if the pass is divided
     */
    private void half(int layer, KernelGraph half, @Nullable KernelGraph sum) {
        run(half);
        rows.layer = layer;
        rows.sum = sum;
        add(ranks == 1 ? PhaseGraphs.Addend.PARTIALS : PhaseGraphs.Addend.NONE);
    }

    /** Offers the partial of a half layer to the other ranks' devices, if they copy partials. */
    private void offer(Function<PeerArrays, TornadoNativeArray> half) {
        PeerArrays peers = phase.peers();
        if (peers != null) {
            plan.between(() -> peers.end().offer(half.apply(peers)));
        }
    }

    /** Sets what the next graph adds to the residual stream. */
    private void add(PhaseGraphs.Addend addend) {
        phase.addNext(addend);
    }

    @Override
    public PartialPort port(WireFormat format) {
        if (!format.equals(phase.format())) {
            throw new IllegalArgumentException("wire format " + format.label() + " on device " + name
                    + ", whose kernels pack " + phase.format().label());
        }
        return phase.peers() == null ? new HostPort(rows) : peerPort;
    }

    @Override
    public void addOwn(int count) {
        addOwn(rows);
    }

    private void addOwn(PassPart part) {
        sum(part, PhaseGraphs.Addend.PARTIALS);
    }

    /**
     * Adds the sum of the partials of the last half layer to the residual stream. The next graph does that, unless the
     * pass is divided: the packets of the part that is computed next would take the place of these.
     */
    private void sum(PassPart part, PhaseGraphs.Addend addend) {
        add(addend);
        if (part != whole) {
            hold(part);
            phase.step.set(Step.LAYER, part.layer);
            run(Objects.requireNonNull(part.sum));
            add(PhaseGraphs.Addend.NONE);
        }
    }

    /** The port of a phase whose encoded partials are copied from device to device. */
    private final class DevicePort implements PeerPort {
        @Override
        public WireFormat format() {
            return phase.format();
        }

        @Override
        public void fetchSum(int count) {
            PeerArrays peers = Objects.requireNonNull(phase.peers());
            plan.between(() -> peers.end().gather(peers.others(), phase.format().encodedBytes(count, width)));
            sum(rows, PhaseGraphs.Addend.PARTIALS);
        }

        @Override
        public void addOwn(int count) {
            TornadoShard.this.addOwn(rows);
        }
    }

    /** The port of rows whose encoded partials go through the host. */
    private final class HostPort implements StagedPort {
        private final PassPart part;

        HostPort(PassPart part) {
            this.part = part;
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
         * Sums the partials once all rows are complete: the device sums whole rows, so the tiles received are
         * collected. A single payload is the sum of all ranks' partials. Several payloads are the ranks' partials;
         * this rank's own is on the device already.
         */
        @Override
        public void decodeSum(MemorySegment[] payloads, Tile tile) {
            boolean reduced = payloads.length == 1;
            for (int rank = 0; rank < payloads.length; rank++) {
                MemorySegment packet = reduced ? phase.reduced() : phase.packet(rank);
                if (packet != null) {
                    packed().copyIn(payloads[rank], tile, packet);
                }
            }
            if (part.receives((long) tile.rows() * tile.columns(), width)) {
                sum(part, reduced ? PhaseGraphs.Addend.SUM : PhaseGraphs.Addend.PARTIALS);
            }
        }

        @Override
        public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
            phase.hostCodec.reduce(payloads, tile.rows(), tile.columns(), payload);
        }

        @Override
        public void addOwn(int count) {
            TornadoShard.this.addOwn(part);
        }

        private PackedRows packed() {
            return new PackedRows(format(), width);
        }
    }

    @Override
    public MemorySegment output(int... chosen) {
        return output(Collections.nCopies(chosen.length, LogitsRequest.ALL), chosen)
                .all();
    }

    @Override
    public ShareLogits output(List<LogitsRequest> asked, int... chosen) {
        int outRows = chosen.length;
        if (chosen[0] < 0 || chosen[outRows - 1] >= whole.count) {
            throw new IllegalArgumentException(
                    "logits of rows " + Arrays.toString(chosen) + "; the pass has " + whole.count + " rows");
        }
        rows = whole;
        hold(whole);
        for (int i = 0; i < outRows; i++) {
            phase.chosen.set(i, chosen[i]);
        }
        phase.outputStep.set(Step.ROWS, outRows);
        TopLogits top = phase.top;
        if (top == null) {
            plan.run(phase.output);
            return arrays.logits::getSegment;
        }
        DeviceLogits logits = new DeviceLogits(top, vocabulary, () -> {
            plan.copyOut(arrays.logits);
            return arrays.logits.getSegment();
        });
        logits.ask(asked);
        plan.run(phase.output);
        return logits;
    }

    @Override
    public void close() {
        plan.close();
        PeerArrays.close(prefill.peers(), decode.peers());
    }
}

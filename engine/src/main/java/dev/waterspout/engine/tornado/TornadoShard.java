package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.RotaryAngles;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.interconnect.collective.PeerPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowCount;
import dev.waterspout.kernels.device.Step;
import dev.waterspout.kernels.device.UploadGraph;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.peer.PeerEnd;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A shard on a TornadoVM device. Created and used by one thread. */
public final class TornadoShard implements ShardCompute, StagedPort {
    /** The graph that brings all arrays to the device; the others take them from it. */
    static final String LOAD = "load";

    private static final String OUTPUT = "output";

    /**
     * Written to by a graph that is executed for the first time, and so compiled; read by all others. OpenCL drivers were seen
     * to fail, or to end the process, where one thread builds a program while another builds or runs one.
     */
    private static final ReadWriteLock COMPILING = new ReentrantReadWriteLock();

    private final String name;
    private final long weightBytes;
    private final RotaryAngles angles;
    private final DeviceArrays arrays;
    private final List<KernelGraph> graphs = new ArrayList<>();
    private final UploadGraph load;
    private final KernelGraph output;
    private final PhaseGraphs prefill;
    private final PhaseGraphs decode;
    private final IntArray outputStep = Step.allocate();
    private final TornadoExecutionPlan plan;
    private final Set<Integer> compiled = new HashSet<>();
    private final int width;
    private final PeerPort peerPort = new DevicePort();
    private PhaseGraphs phase;
    /** Elements of the exchange under way that lie ready to be summed. */
    private long summed;

    TornadoShard(TornadoShards on, Model model, Shard shard, int ranks, RankOptions options) {
        ModelConfig config = model.config();
        TornadoDevice device = on.device();
        this.name = on.name();
        this.width = config.width();
        this.weightBytes = ShardWeights.of(model, shard).bytes();
        this.angles = new RotaryAngles(config, model.ropeFactors());
        DeviceMemory.require(name, device, model, shard, options);
        this.arrays = new DeviceArrays(model, shard, options);
        KernelDevice kernels = KernelDevice.of(device);
        // What stays on the device is allocated before the graphs, each of which takes all of it over.
        PhaseShape prefillShape = shape("prefill", on.end(), options, options.chunk(), ranks);
        PhaseShape decodeShape = options.chunk() == 1 ? null : shape("decode", on.end(), options, 1, ranks);
        this.load = new UploadGraph(LOAD, kernels, arrays.all());
        this.output = output(kernels, options.logitRows());
        this.prefill = new PhaseGraphs(prefillShape, kernels, ranks, config, shard, arrays);
        this.decode =
                decodeShape == null ? prefill : new PhaseGraphs(decodeShape, kernels, ranks, config, shard, arrays);
        this.phase = prefill;
        graphs.add(output);
        graphs.addAll(prefill.all());
        if (decode != prefill) {
            graphs.addAll(decode.all());
        }
        this.plan = plan(device);
    }

    /**
     * Returns what makes such shards.
     *
     * @param name what the user calls the device
     * @param device as TornadoVM lists it
     */
    public static ShardFactory factory(String name, TornadoDevice device) {
        return new TornadoShards(name, device, null);
    }

    /**
     * One format serves all chunks of a phase, and one way: the graphs are compiled for them.
     *
     * @param end of a link to the other ranks' devices, or null
     */
    private PhaseShape shape(String phase, @Nullable PeerEnd end, RankOptions options, int chunk, int ranks) {
        List<CommChoice> choices = IntStream.rangeClosed(Math.min(2, chunk), chunk)
                .boxed()
                .flatMap(rows -> options.schedule().choices(rows))
                .distinct()
                .toList();
        WireFormat format = onlyFormat(choices);
        boolean gathers = choices.stream().allMatch(choice -> choice.algorithm() == Algorithm.ALLGATHER);
        PeerArrays peers =
                end == null || ranks == 1 || !gathers ? null : PeerArrays.of(end, format, chunk, width, ranks, arrays);
        return new PhaseShape(phase, chunk, format, peers);
    }

    private static WireFormat onlyFormat(List<CommChoice> choices) {
        List<WireFormat> formats =
                choices.stream().map(CommChoice::format).distinct().toList();
        if (formats.size() > 1) {
            throw new IllegalArgumentException(
                    "wire formats " + formats
                            + " for chunks of different sizes or layers; a TornadoVM device needs one for all of more than 1 token");
        }
        return formats.getFirst();
    }

    private KernelGraph output(KernelDevice device, int maxRows) {
        KernelGraph graph = new KernelGraph(OUTPUT, device, maxRows, outputStep, arrays.powers);
        graph.taskGraph()
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, outputStep)
                .consumeFromDevice(arrays.all().toArray());
        graph.rmsNorm("norm", arrays.outputNorm, arrays.selected, arrays.factors, arrays.normed, RowCount.CHUNK);
        graph.linear("head", arrays.output, null, arrays.normed, arrays.logits, RowCount.CHUNK);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, arrays.logits);
        return graph;
    }

    private TornadoExecutionPlan plan(TornadoDevice device) {
        GridScheduler grids = new GridScheduler();
        load.addTo(grids);
        graphs.forEach(graph -> graph.addTo(grids));
        TornadoExecutionPlan made = new TornadoExecutionPlan(Stream.concat(
                                Stream.of(load.taskGraph()), graphs.stream().map(KernelGraph::taskGraph))
                        .map(TaskGraph::snapshot)
                        .toArray(ImmutableTaskGraph[]::new))
                .withDevice(device)
                .withGridScheduler(grids);
        return device.getTornadoVMBackend() == TornadoVMBackendType.OPENCL
                ? made.withCompilerFlags(TornadoVMBackendType.OPENCL, KernelGraph.EXACT_FLAGS)
                : made;
    }

    /** Runs one graph; the grids are checked against the device's limits before anything is launched. */
    private void run(KernelGraph graph) {
        graph.prepare();
        execute(1 + graphs.indexOf(graph), graph.taskGraph());
    }

    private void execute(int index, TaskGraph graph) {
        Lock lock = compiled.add(index) ? COMPILING.writeLock() : COMPILING.readLock();
        lock.lock();
        try {
            plan.withGraph(index).execute();
        } catch (RuntimeException | Error failure) { // TornadoVM's own failures are Errors as often as exceptions
            throw new DeviceException(
                    "device " + name + " failed in graph " + graph.getTaskGraphName() + ": " + failure.getMessage(),
                    failure);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of kernels that are compiled: it does not depend on the number of layers. */
    int kernels() {
        return load.launches() + graphs.stream().mapToInt(KernelGraph::launches).sum();
    }

    @Override
    public long weightBytes() {
        return weightBytes;
    }

    @Override
    public void preload(LongConsumer loaded) {
        execute(0, load.taskGraph());
        loaded.accept(weightBytes);
    }

    @Override
    public void begin(int[] tokens, int position) {
        phase = tokens.length == 1 ? decode : prefill;
        for (int row = 0; row < tokens.length; row++) {
            phase.tokens.set(row, tokens[row]);
        }
        RotaryTable table = new RotaryTable(
                phase.rope.angles().getSegment(), phase.maxRows(), phase.rope.ropeDim(), phase.rope.pairing());
        angles.fill(table, position, tokens.length);
        phase.step.set(Step.LAYER, 0);
        phase.step.set(Step.POSITION, position);
        phase.step.set(Step.ROWS, tokens.length);
        // Checked with every launch: what lies within the chunk, though only output() selects.
        phase.step.set(Step.FIRST_OUT, 0);
        phase.step.set(Step.OUT_ROWS, 1);
        run(phase.embed);
    }

    @Override
    public void attention(int layer) {
        phase.step.set(Step.LAYER, layer);
        run(phase.attention);
    }

    @Override
    public void feedForward(int layer) {
        phase.step.set(Step.LAYER, layer);
        run(phase.feedForward);
    }

    @Override
    public PartialPort port(WireFormat format) {
        if (!format.equals(phase.format())) {
            throw new IllegalArgumentException("wire format " + format.label() + " on device " + name
                    + ", whose kernels pack " + phase.format().label());
        }
        return phase.peers() == null ? this : peerPort;
    }

    /** The port of a phase whose encoded partials never leave the devices. */
    private final class DevicePort implements PeerPort {
        @Override
        public WireFormat format() {
            return phase.format();
        }

        @Override
        public void fetchSum(int rows) {
            PeerArrays peers = Objects.requireNonNull(phase.peers());
            peers.end().expect(phase.format().encodedBytes(rows, width));
            run(phase.sum);
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
        packed().copyOut(phase.encoded(), tile, payload);
    }

    /** The device sums whole rows: parts are laid into them until the last has come. */
    @Override
    public void decodeSum(MemorySegment[] payloads, Tile tile) {
        PackedRows rows = packed();
        for (int rank = 0; rank < payloads.length; rank++) {
            rows.copyIn(payloads[rank], tile, phase.shard(rank));
        }
        summed += (long) tile.rows() * tile.columns();
        if (summed == (long) phase.step.get(Step.ROWS) * width) {
            summed = 0;
            run(payloads.length == 1 ? phase.sumOne : phase.sum);
        }
    }

    @Override
    public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
        PartialCodec.of(format()).reduce(payloads, tile.rows(), tile.columns(), payload);
    }

    private PackedRows packed() {
        return new PackedRows(format(), width);
    }

    @Override
    public void addOwn(int rows) {
        run(phase.sum);
    }

    @Override
    public MemorySegment output(int first, int rows) {
        phase.step.set(Step.FIRST_OUT, first);
        phase.step.set(Step.OUT_ROWS, rows);
        outputStep.set(Step.ROWS, rows);
        run(phase.select);
        run(output);
        return arrays.logits.getSegment();
    }

    @Override
    public void close() {
        // Closing frees the arrays of the selected graph. The others have theirs from this one: freed once more, it
        // fails.
        plan.withGraph(0);
        try {
            plan.close();
        } catch (TornadoExecutionPlanException failure) {
            throw new DeviceException("device " + name + " could not be released: " + failure.getMessage(), failure);
        }
    }
}

package dev.waterspout.benchmarks.peer;

import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.peer.PeerEnd;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A rank with two minimal kernels: one writes to its partial, the other reads from the partials of the other ranks. */
final class ExchangeRank implements AutoCloseable {
    private static final int RECEIVE = 2;

    private final String name;
    private final KernelDevice kernels;
    private final IntArray step = Step.allocate();
    private final FloatArray powers = DeviceTables.create();
    private final FloatArray one = FloatArray.fromElements(1f);
    private final FloatArray seen = FloatArray.fromElements(0f);
    /** Two arrays, used in turn. */
    private final List<FloatArray> partials;

    /** Partials of the other ranks. */
    private final FloatArray shards;

    private final @Nullable PeerEnd end;
    private final TornadoExecutionPlan plan;

    /**
     * Builds the graphs.
     *
     * @param name name of the rank
     * @param device the rank's device
     * @param ranks ranks of the group
     * @param elements number of elements of a partial, f32
     * @param end the rank's end of a link to the other ranks' devices, or null to go through the host
     */
    ExchangeRank(String name, TornadoDevice device, int ranks, int elements, @Nullable PeerEnd end) {
        this.name = name;
        this.end = end;
        this.kernels = KernelDevice.of(device);
        this.partials = List.of(zeros(elements), zeros(elements));
        this.shards = zeros((ranks - 1) * elements);
        step.set(Step.ROWS, 1);
        step.set(Step.OUT_ROWS, 1);
        List<KernelGraph> graphs = List.of(send(0, end), send(1, end), receive(end));
        GridScheduler grids = new GridScheduler();
        graphs.forEach(graph -> graph.addTo(grids));
        graphs.forEach(KernelGraph::prepare);
        ImmutableTaskGraph[] all =
                graphs.stream().map(graph -> graph.taskGraph().snapshot()).toArray(ImmutableTaskGraph[]::new);
        this.plan = new TornadoExecutionPlan(all).withDevice(device).withGridScheduler(grids);
    }

    private static FloatArray zeros(int elements) {
        FloatArray array = new FloatArray(elements);
        array.init(0f);
        return array;
    }

    private KernelGraph send(int turn, @Nullable PeerEnd end) {
        KernelGraph graph = new KernelGraph(name + "Send" + turn, kernels, 1, step, powers);
        FloatArray partial = partials.get(turn);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, step, one, partial);
        new ElementTasks(graph).add("write", partial, one, 1);
        if (end == null) {
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, partial);
        } else {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, shards);
            end.locate(graph.taskGraph(), List.of(partial, shards));
            graph.taskGraph().persistOnDevice(partial, shards);
        }
        return graph;
    }

    private KernelGraph receive(@Nullable PeerEnd end) {
        KernelGraph graph = new KernelGraph(name + "Receive", kernels, 1, step, powers);
        IntArray chosen = IntArray.fromElements(0);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, step, chosen);
        if (end == null) {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, shards);
        } else {
            graph.taskGraph().consumeFromDevice(shards);
        }
        new ElementTasks(graph).selectOut("read", chosen, shards, seen, 1);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, seen);
        return graph;
    }

    /**
     * Writes to this rank's partial. The value is that of the exchange before the last one plus 1, since two arrays
     * alternate.
     */
    void send(long exchange) {
        int turn = (int) (exchange % 2);
        plan.withGraph(turn).execute();
        if (end != null) {
            end.offer(partials.get(turn));
        }
    }

    /** Copies the partials of the other ranks to this rank's device, through the host. */
    void receiveStaged(long exchange, List<ExchangeRank> ranks) {
        int rank = 0;
        for (ExchangeRank each : ranks) {
            if (each != this) {
                MemorySegment sent = each.partials.get((int) (exchange % 2)).getSegment();
                MemorySegment.copy(sent, 0, shards.getSegment(), rank * sent.byteSize(), sent.byteSize());
                rank++;
            }
        }
        receive();
    }

    /** Copies the partials of the other ranks to this rank's device, and reads their first element. */
    void receive() {
        if (end != null) {
            end.gather(shards, (long) partials.getFirst().getSize() * Float.BYTES);
        }
        plan.withGraph(RECEIVE).execute();
    }

    /** Takes part in an exchange from device to device without copying anything. */
    void copyNothing() {
        Objects.requireNonNull(end).gather(shards, 0);
    }

    /** Returns the last element read. */
    float seen() {
        return seen.get(0);
    }

    @Override
    public void close() throws TornadoExecutionPlanException {
        plan.close();
        if (end != null) {
            end.close();
        }
    }
}

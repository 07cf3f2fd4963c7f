package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.kernels.device.CompileLock;
import dev.waterspout.kernels.device.ExactPlans;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.UploadGraph;
import dev.waterspout.kernels.peer.PeerException;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The execution plan of one device: a graph that uploads all arrays, and the graphs that take the arrays over from it.
 * Used by one thread, which can have another one wait for the device.
 */
final class GraphPlan implements AutoCloseable {
    private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");
    private static final String REASON = "Reason:";
    /** What stands before the text of a message: prefix, exception and level. */
    private static final Pattern ORIGIN =
            Pattern.compile("^(Reason: )?([a-zA-Z0-9_.]+(Exception|Error): )?(\\[[A-Z]+] )?");

    private static final String NO_KERNEL = "Generated Kernel is NULL";

    private final String name;
    private final UploadGraph load;
    private final List<KernelGraph> graphs;
    private final TornadoExecutionPlan plan;
    /** Graphs that become CUDA graphs when they are first executed. */
    private final Set<KernelGraph> captured;

    private final Set<Integer> compiled = new HashSet<>();
    private @Nullable DeviceThread thread;
    private Timeline timeline = Timeline.OFF;
    private long executions;
    private long launches;
    private @Nullable TornadoExecutionResult last;

    /**
     * Counts of a plan's executions and kernel launches.
     *
     * @param executions executions of task graphs, the upload included
     * @param launches kernels that these executions launched
     */
    record Work(long executions, long launches) {}

    /**
     * Builds the plan. A graph is compiled when it is first executed.
     *
     * @param name name of the device on the command line
     * @param device the device that runs the graph
     * @param load the graph that uploads the arrays
     * @param graphs the graphs that take the arrays over
     * @param captured those that are captured as CUDA graphs when they are first executed: each later execution is one
     *     call of the driver, which repeats the copies, kernels and grids of the first
     */
    GraphPlan(
            String name,
            TornadoDevice device,
            UploadGraph load,
            List<KernelGraph> graphs,
            Collection<KernelGraph> captured) {
        this.name = name;
        this.load = load;
        this.graphs = List.copyOf(graphs);
        this.captured = new HashSet<>(captured);
        GridScheduler grids = new GridScheduler();
        load.addTo(grids);
        graphs.forEach(graph -> graph.addTo(grids));
        TornadoExecutionPlan made = new TornadoExecutionPlan(
                Stream.concat(Stream.of(load.taskGraph()), graphs.stream().map(KernelGraph::taskGraph))
                        .map(TaskGraph::snapshot)
                        .toArray(ImmutableTaskGraph[]::new));
        try {
            this.plan = prepared(made, device, grids);
        } catch (Throwable failure) {
            release(made);
            throw failure;
        }
    }

    private static TornadoExecutionPlan prepared(TornadoExecutionPlan made, TornadoDevice device, GridScheduler grids) {
        return ExactPlans.exact(made.withDevice(device).withGridScheduler(grids), device);
    }

    /**
     * Records executions from now on, with the device times that TornadoVM's profiler reports. It reports none of
     * captured graphs, so graphs that are first executed from now on are not captured.
     */
    void record(Timeline into) {
        timeline = into;
        if (into.isOn()) {
            captured.clear();
            var _ = plan.withProfiler(ProfilerMode.SILENT);
        }
    }

    /** Uploads all arrays. Must be called before any other graph runs. */
    void load() {
        count(load.launches());
        execute(0, load.taskGraph(), null);
    }

    /** Runs one graph; the grids are checked against the device's limits before anything is launched. */
    void run(KernelGraph graph) {
        run(graph, null);
    }

    /**
     * Runs one graph, and a short task on the calling thread from time to time until the device has finished.
     *
     * @param graph the graph
     * @param meanwhile the task, or null for none
     */
    void run(KernelGraph graph, @Nullable Runnable meanwhile) {
        graph.prepare();
        count(graph.launches());
        execute(1 + graphs.indexOf(graph), graph.taskGraph(), meanwhile);
    }

    /**
     * Runs calls of the driver between executions.
     *
     * @throws DeviceException if a call fails
     */
    void between(Runnable calls) {
        try {
            calls.run();
        } catch (PeerException failure) {
            throw new DeviceException("device " + name + " failed in an exchange: " + failure.getMessage(), failure);
        }
    }

    /**
     * Copies an array from the device to the host.
     *
     * @param array an array of a task of the graph that was executed last
     */
    void copyOut(TornadoNativeArray array) {
        var _ = Objects.requireNonNull(last, "no graph has been executed").transferToHost(array);
    }

    private void count(int kernels) {
        executions++;
        launches += kernels;
    }

    /** {@return the executions and launches since the plan was built} */
    Work work() {
        return new Work(executions, launches);
    }

    /** {@return the number of kernels that are compiled} */
    int kernels() {
        return load.launches() + graphs.stream().mapToInt(KernelGraph::launches).sum();
    }

    private void execute(int index, TaskGraph graph, @Nullable Runnable meanwhile) {
        boolean first = compiled.add(index);
        Lock lock = CompileLock.of(first);
        lock.lock();
        try {
            Supplier<TornadoExecutionResult> execution = () -> first ? compile(index, graph) : run(index, graph);
            long begun = timeline.begin();
            TornadoExecutionResult result = meanwhile == null ? execution.get() : thread().call(execution, meanwhile);
            timeline.end(Phase.GRAPH, graph.getTaskGraphName(), begun);
            last = result;
            if (timeline.isOn()) {
                noteDevice(graph.getTaskGraphName(), begun, result.getProfilerResult());
            }
        } finally {
            lock.unlock();
        }
    }

    private DeviceThread thread() {
        if (thread == null) {
            thread = new DeviceThread("device-" + name);
        }
        return thread;
    }

    private TornadoExecutionResult run(int index, TaskGraph graph) {
        try {
            return plan.withGraph(index).execute();
        } catch (RuntimeException | Error failure) { // TornadoVM throws Errors as well as exceptions
            throw failed("failed in", graph, failure, "");
        }
    }

    /** Executes a graph for the first time, which compiles its kernels. */
    private TornadoExecutionResult compile(int index, TaskGraph graph) {
        try (KernelLog log = new KernelLog()) {
            try {
                plan.withGraph(index);
                if (index > 0 && captured.contains(graphs.get(index - 1))) {
                    plan.withCUDAGraph();
                    graphs.get(index - 1).fixGrids();
                }
                TornadoExecutionResult result = plan.execute();
                log.passOn();
                return result;
            } catch (RuntimeException | Error failure) {
                throw failed("cannot compile or run", graph, failure, log.save(failure));
            }
        }
    }

    private DeviceException failed(String what, TaskGraph graph, Throwable failure, String where) {
        return new DeviceException(
                "device " + name + " " + what + " graph " + graph.getTaskGraphName() + ": "
                        + reason(String.valueOf(failure.getMessage())) + where,
                failure);
    }

    /**
     * Returns a failure's reason in one line. TornadoVM colours its messages, and its last line that begins with
     * {@code Reason:} repeats the first cause.
     *
     * @param message message of the failure
     */
    static String reason(String message) {
        List<String> lines = COLOUR.matcher(message).replaceAll("").lines().toList();
        String line = lines.stream()
                .filter(each -> each.startsWith(REASON))
                .reduce((_, last) -> last)
                .orElse(lines.isEmpty() ? "" : lines.getFirst());
        String plain = ORIGIN.matcher(line).replaceFirst("").strip().replaceFirst("\\.$", "");
        return plain.equals(NO_KERNEL) ? "the driver's compiler refuses one of its kernels" : plain;
    }

    /**
     * Adds device times to the timeline. The profiler reports only one sum per stage, so the stages are placed one
     * after the other in the order in which a graph executes them.
     */
    private void noteDevice(String graph, long begun, TornadoProfilerResult profile) {
        long at = begun;
        at = noteDevice(
                Phase.DISPATCH, graph, at, profile.getKernelDispatchTime() + profile.getDataTransferDispatchTime());
        at = noteDevice(Phase.COPY_IN, graph, at, profile.getDeviceWriteTime());
        at = noteDevice(Phase.KERNEL, graph, at, profile.getDeviceKernelTime());
        var _ = noteDevice(Phase.COPY_OUT, graph, at, profile.getDeviceReadTime());
    }

    private long noteDevice(Phase phase, String graph, long at, long nanos) {
        if (nanos > 0) {
            timeline.device(phase, graph, at, nanos);
        }
        return at + Math.max(0, nanos);
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.close();
        }
        // Closing frees the arrays of the selected graph. The other graphs share these arrays, and freeing an array
        // twice fails.
        plan.withGraph(0);
        release(plan);
    }

    private void release(TornadoExecutionPlan released) {
        try {
            released.close();
        } catch (TornadoExecutionPlanException failure) {
            throw new DeviceException("device " + name + " could not be released: " + failure.getMessage(), failure);
        }
    }
}

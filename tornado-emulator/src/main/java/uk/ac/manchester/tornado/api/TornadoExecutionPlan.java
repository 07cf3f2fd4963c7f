package uk.ac.manchester.tornado.api;

import dev.waterspout.emulator.graph.PlanRun;
import java.util.Arrays;
import java.util.Objects;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Executes task graphs on a device. A plan is used by one thread at a time; different plans run on different threads
 * and devices at once. Every method that returns a plan returns this one.
 */
public class TornadoExecutionPlan implements AutoCloseable {
    private final PlanRun run;

    /** A plan of these graphs, all selected, on the default device. */
    public TornadoExecutionPlan(ImmutableTaskGraph... immutableTaskGraphs) {
        run = new PlanRun(
                Arrays.stream(immutableTaskGraphs).map(ImmutableTaskGraph::run).toList());
    }

    /** A device of a backend, both by index. */
    public static TornadoDevice getDevice(int backendIndex, int deviceIndex) {
        return TornadoRuntimeProvider.getTornadoRuntime()
                .getBackend(backendIndex)
                .getDevice(deviceIndex);
    }

    /** Executes the selected graphs in order and returns when they have finished. */
    public TornadoExecutionResult execute() {
        return new TornadoExecutionResult(run, new TornadoProfilerResult(run.execute()));
    }

    /** Selects one graph, by its position in the constructor. */
    public TornadoExecutionPlan withGraph(int graphIndex) {
        run.select(graphIndex);
        return this;
    }

    /** Selects all graphs. */
    public TornadoExecutionPlan withAllGraphs() {
        run.selectAll();
        return this;
    }

    /** Compiles the selected graphs; on the emulator there is nothing to compile. */
    public TornadoExecutionPlan withPreCompilation() {
        return this;
    }

    /** Moves the selected graphs to a device. */
    public TornadoExecutionPlan withDevice(TornadoDevice device) {
        run.setDevice(device);
        return this;
    }

    /** Frees the device memory of the selected graphs. */
    public TornadoExecutionPlan freeDeviceMemory() {
        run.freeDeviceMemory();
        return this;
    }

    /** Sets the grids of the tasks; at least one task must be named. */
    public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
        run.setGrids(gridScheduler);
        return this;
    }

    /** Switches the profiler on. */
    public TornadoExecutionPlan withProfiler(ProfilerMode profilerMode) {
        Objects.requireNonNull(profilerMode);
        run.setProfiling(true);
        return this;
    }

    /** Switches the profiler off. */
    public TornadoExecutionPlan withoutProfiler() {
        run.setProfiling(false);
        return this;
    }

    /** Passes flags to the compiler of a backend; the emulator has none. */
    public TornadoExecutionPlan withCompilerFlags(TornadoVMBackendType backend, String compilerFlags) {
        Objects.requireNonNull(backend);
        Objects.requireNonNull(compilerFlags);
        return this;
    }

    /** Captures the selected graphs as CUDA graphs, which only CUDA devices have: the emulator refuses it. */
    public TornadoExecutionPlan withCUDAGraph() {
        throw new TornadoBailoutRuntimeException("the emulator has no CUDA graphs");
    }

    /** A number that no other plan has. */
    public long getId() {
        return run.id();
    }

    /** The device of a graph, by its position in the constructor. */
    public TornadoDevice getDevice(int immutableTaskGraphIndex) {
        return run.device(immutableTaskGraphIndex);
    }

    /** Bytes that the selected graphs hold on their device. */
    public long getCurrentDeviceMemoryUsage() {
        return run.deviceMemoryInUse();
    }

    /** Frees the plan's device memory. The plan cannot be executed again. */
    @Override
    public void close() throws TornadoExecutionPlanException {
        run.close();
    }
}

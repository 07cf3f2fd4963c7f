package dev.waterspout.emulator.graph;

import dev.waterspout.emulator.EmulatedDevice;
import dev.waterspout.emulator.EmulatedPlatform;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The graphs of a plan, and the selection among them. */
public final class PlanRun {
    private static final AtomicLong PLANS = new AtomicLong();

    private final long id = PLANS.incrementAndGet();
    private final List<GraphRun> graphs;
    private final StringBuilder profileLog = new StringBuilder();
    private final AtomicBoolean executing = new AtomicBoolean();
    private List<GraphRun> selected;
    private @Nullable GridScheduler grids;
    private @Nullable GraphRun last;
    private boolean profiling;
    private boolean closed;

    /** A plan of these graphs on the default device. */
    public PlanRun(List<GraphRun> graphs) {
        if (graphs.isEmpty()) {
            throw new TornadoRuntimeException("number of task graphs is 0, must be at least 1");
        }
        this.graphs = graphs;
        selected = graphs;
        graphs.forEach(graph -> graph.setDevice(EmulatedPlatform.device(0)));
    }

    /** A number that no other plan has. */
    public long id() {
        return id;
    }

    /** Selects one graph. */
    public void select(int index) {
        selected = List.of(graph(index));
    }

    /** Selects all graphs. */
    public void selectAll() {
        selected = graphs;
    }

    /** Moves the selected graphs to a device, and frees their memory on another one. */
    public void setDevice(TornadoDevice device) {
        if (!(device instanceof EmulatedDevice emulated)) {
            throw new TornadoRuntimeException("device " + device + " is not one of the emulator's");
        }
        selected.forEach(graph -> graph.setDevice(emulated));
    }

    /** The device of a graph. */
    public EmulatedDevice device(int index) {
        return graph(index).device();
    }

    /** Sets the grids. */
    public void setGrids(GridScheduler scheduler) {
        if (graphs.stream().noneMatch(graph -> graph.hasTask(scheduler))) {
            throw new TornadoRuntimeException(
                    "the grid scheduler names no task of the plan: it has " + scheduler.keySet());
        }
        grids = scheduler;
    }

    /** Switches the profiler on or off. */
    public void setProfiling(boolean on) {
        profiling = on;
    }

    /** Executes the selected graphs. */
    public ExecutionProfile execute() {
        if (!executing.compareAndSet(false, true)) {
            throw new TornadoRuntimeException("execution plan " + id + " is executed by two threads at once");
        }
        try {
            if (closed) {
                throw new TornadoRuntimeException("execution plan " + id + " is executed after it was closed");
            }
            Profiler profiler = profiling ? new Profiler(profileLog) : null;
            for (GraphRun graph : selected) {
                graph.execute(grids, last, profiler);
            }
            last = selected.getLast();
            return profiler == null ? ExecutionProfile.NONE : profiler.finish();
        } finally {
            executing.set(false);
        }
    }

    /** Copies arrays from the device of the selected graphs. */
    public void transferToHost(Object... objects) {
        for (Object object : objects) {
            if (!(object instanceof TornadoNativeArray array)) {
                throw new TornadoRuntimeException("cannot transfer " + object + ", which is not an array");
            }
            transferToHost(array, 0, array.getNumBytesOfSegmentWithHeader());
        }
    }

    /** Copies a range of an array from the device of the selected graphs. The offset includes the header. */
    public void transferToHost(TornadoNativeArray array, long offset, long bytes) {
        boolean found = false;
        for (GraphRun graph : selected) {
            found |= graph.transferToHost(array, offset, bytes);
        }
        if (!found) {
            throw new TornadoRuntimeException("a " + array.getClass().getSimpleName() + " of " + array.getSize()
                    + " is not on the device of a selected graph");
        }
    }

    /** Bytes that the selected graphs hold. */
    public long deviceMemoryInUse() {
        return selected.stream().mapToLong(GraphRun::memoryInUse).sum();
    }

    /** Frees the device memory of the selected graphs. */
    public void freeDeviceMemory() {
        selected.forEach(GraphRun::free);
    }

    /** Frees the device memory of all graphs. */
    public void close() {
        closed = true;
        graphs.forEach(GraphRun::free);
    }

    private GraphRun graph(int index) {
        if (index < 0 || index >= graphs.size()) {
            throw new TornadoRuntimeException("task graph " + index + " not found, the plan has " + graphs.size());
        }
        return graphs.get(index);
    }
}

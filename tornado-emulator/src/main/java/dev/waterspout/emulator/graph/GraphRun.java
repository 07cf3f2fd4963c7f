package dev.waterspout.emulator.graph;

import dev.waterspout.emulator.DeviceBuffer;
import dev.waterspout.emulator.EmulatedDevice;
import dev.waterspout.emulator.kernel.KernelTask;
import dev.waterspout.emulator.kernel.Launch;
import dev.waterspout.emulator.kernel.WorkItem;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A graph and its arrays in device memory. They stay allocated between executions, until they are freed. */
public final class GraphRun {
    private final GraphSpec spec;
    private final Function<WorkItem, KernelContext> contexts;
    private final Map<TornadoNativeArray, DeviceBuffer> buffers = new LinkedHashMap<>();
    private final Set<TornadoNativeArray> owned = new LinkedHashSet<>();
    private final Set<TornadoNativeArray> filled = new LinkedHashSet<>();
    private @Nullable EmulatedDevice device;

    GraphRun(GraphSpec spec, Function<WorkItem, KernelContext> contexts) {
        this.spec = spec;
        this.contexts = contexts;
    }

    boolean hasTask(GridScheduler grids) {
        return spec.tasks().stream().anyMatch(task -> grids.get(task.name()) != null);
    }

    EmulatedDevice device() {
        if (device == null) {
            throw new IllegalStateException("task graph " + spec.name() + " is in no execution plan");
        }
        return device;
    }

    void setDevice(EmulatedDevice target) {
        if (device != target) {
            free();
            device = target;
        }
    }

    long memoryInUse() {
        return owned.stream().mapToLong(array -> buffer(array).byteSize()).sum();
    }

    void free() {
        owned.forEach(array -> buffer(array).free());
        buffers.clear();
        owned.clear();
        filled.clear();
    }

    void execute(@Nullable GridScheduler grids, @Nullable GraphRun last, @Nullable Profiler profiler) {
        Profiler.Graph profile = profiler == null ? null : profiler.new Graph(spec.name());
        if (last != null) {
            consume(last);
        }
        allocate();
        copyIn(profile);
        for (KernelTask task : spec.tasks()) {
            launch(task, grids, profile);
        }
        copyOut(profile);
        if (profile != null) {
            profile.finish();
        }
    }

    /**
     * Copies a range of an array to the host; the offset includes the header. Returns false if the array is not on
     * the device.
     */
    boolean transferToHost(TornadoNativeArray array, long offset, long bytes) {
        DeviceBuffer buffer = buffers.get(array);
        if (buffer == null) {
            return false;
        }
        buffer.copyOut(array.getSegmentWithHeader(), offset, bytes);
        return true;
    }

    private void consume(GraphRun last) {
        for (TornadoNativeArray array : spec.consumedFromLast(last.spec.name())) {
            DeviceBuffer buffer = last.buffers.get(array);
            if (buffer == null || buffer.isFreed() || !last.spec.isKept(array)) {
                throw new TornadoRuntimeException("task graph " + spec.name() + " consumes " + describe(array)
                        + " but the graph executed before it, " + last.spec.name()
                        + ", does not keep it on the device");
            }
            if (last.device() != device()) {
                throw new TornadoRuntimeException("task graph " + spec.name() + " consumes " + describe(array) + " on "
                        + device().getDeviceName() + " but " + last.spec.name() + " keeps it on "
                        + last.device().getDeviceName());
            }
            buffers.put(array, buffer);
        }
    }

    private void allocate() {
        for (TornadoNativeArray array : spec.arraysOnDevice()) {
            if (spec.isConsumed(array)) {
                if (!buffers.containsKey(array)) {
                    throw new TornadoRuntimeException("task graph " + spec.name() + " consumes " + describe(array)
                            + " but no graph of its plan was executed before it (graphs that hand arrays on are"
                            + " executed one by one, with withGraph)");
                }
            } else if (!buffers.containsKey(array)) {
                buffers.put(array, device().allocate(array.getNumBytesOfSegmentWithHeader()));
                owned.add(array);
            }
        }
    }

    private void copyIn(Profiler.@Nullable Graph profile) {
        for (TornadoNativeArray array : spec.arraysOnDevice()) {
            boolean first = spec.isCopiedInOnce(array) && !filled.contains(array);
            if (spec.isConsumed(array) || !(first || spec.isCopiedInAlways(array))) {
                continue;
            }
            long start = System.nanoTime();
            buffer(array).copyIn(array.getSegmentWithHeader());
            filled.add(array);
            if (profile != null) {
                profile.copiedIn(System.nanoTime() - start, array.getNumBytesOfSegmentWithHeader());
            }
        }
    }

    private void launch(KernelTask task, @Nullable GridScheduler grids, Profiler.@Nullable Graph profile) {
        WorkerGrid grid = grids == null ? null : grids.get(task.name());
        if (grid == null) {
            throw new TornadoRuntimeException("task " + task.name() + " has no worker grid; a task with a KernelContext"
                    + " needs one in the plan's grid scheduler, under that name");
        }
        Launch launch = new Launch(task, grid, device().spec(), buffers, contexts);
        device().beginLaunch();
        long start = System.nanoTime();
        launch.run();
        if (profile != null) {
            profile.launched(task.name(), System.nanoTime() - start);
        }
    }

    private void copyOut(Profiler.@Nullable Graph profile) {
        for (TornadoNativeArray array : spec.out()) {
            long bytes = array.getNumBytesOfSegmentWithHeader();
            long start = System.nanoTime();
            if (transferToHost(array, 0, bytes) && profile != null) {
                profile.copiedOut(System.nanoTime() - start, bytes);
            }
        }
    }

    private DeviceBuffer buffer(TornadoNativeArray array) {
        return Objects.requireNonNull(buffers.get(array), "allocated or consumed before it is used");
    }

    private static String describe(TornadoNativeArray array) {
        return "a " + array.getClass().getSimpleName() + " of " + array.getSize();
    }
}

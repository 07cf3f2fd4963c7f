package dev.waterspout.emulator.kernel;

import dev.waterspout.emulator.DeviceBuffer;
import dev.waterspout.emulator.DeviceSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One execution of a kernel over its grid. Work-groups run in parallel, on one thread per processor, of which the
 * caller's is one.
 */
public final class Launch {
    private static final int WORKERS = Runtime.getRuntime().availableProcessors();
    /** Groups at the start and at the end of a launch in which call sites of barriers are compared. */
    private static final int COMPARED_AT_ENDS = 2;
    /**
     * Of the groups between them, one in this number has its call sites compared. It is odd, so that the compared
     * groups include rows of all kinds.
     */
    private static final int COMPARED_OF = 13;

    private static final ExecutorService HELPERS = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("emulator-", 0).factory());

    private final KernelTask task;
    private final LaunchGrid grid;
    private final DeviceSpec spec;
    private final Map<TornadoNativeArray, DeviceBuffer> buffers;
    private final Function<WorkItem, KernelContext> contexts;
    private final int contextArgument;
    private final @Nullable Shadow[] shadows;

    private final AtomicLong nextGroup = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /**
     * Prepares a launch.
     *
     * @param task kernel and arguments
     * @param workerGrid its grid
     * @param spec type and limits of the device
     * @param buffers the device's copy of each array among the arguments
     * @param contexts creates the context of a work-item
     * @throws TornadoRuntimeException if the grid does not fit the device
     */
    public Launch(
            KernelTask task,
            WorkerGrid workerGrid,
            DeviceSpec spec,
            Map<TornadoNativeArray, DeviceBuffer> buffers,
            Function<WorkItem, KernelContext> contexts) {
        this.task = task;
        this.spec = spec;
        this.buffers = buffers;
        this.contexts = contexts;
        grid = LaunchGrid.of(task.name(), workerGrid, spec);
        contextArgument = contextArgument(task);
        shadows = shadows();
    }

    /** Runs every work-group. Throws the exception of the first work-item that fails. */
    public void run() {
        int workers = Math.min(WORKERS, grid.groupCount());
        List<CompletableFuture<Void>> helpers = new ArrayList<>();
        for (int i = 1; i < workers; i++) {
            helpers.add(CompletableFuture.runAsync(this::runGroups, HELPERS));
        }
        runGroups();
        helpers.forEach(CompletableFuture::join);
        Throwable cause = failure.get();
        if (cause instanceof Error error) {
            throw error;
        }
        if (cause instanceof RuntimeException exception) {
            throw exception;
        }
    }

    private void runGroups() {
        WorkGroup group = new WorkGroup(this);
        long number = nextGroup.getAndIncrement();
        while (number < grid.groupCount() && failure.get() == null) {
            try {
                group.run((int) number);
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
            number = nextGroup.getAndIncrement();
        }
    }

    void runItem(WorkItem item, Object[] arguments) {
        arguments[contextArgument] = contexts.apply(item);
        try {
            task.kernel().run(arguments);
        } catch (TornadoRuntimeException e) {
            throw e;
        } catch (RuntimeException e) {
            TornadoRuntimeException named =
                    new TornadoRuntimeException("task " + task.name() + ": " + item.describe() + " failed: " + e);
            named.initCause(e);
            throw named;
        }
    }

    /** Returns the arguments for a work-item: views of the device's arrays in place of the host's. */
    Object[] arguments(WorkItem item) {
        Object[] own = task.arguments().toArray();
        for (int i = 0; i < own.length; i++) {
            if (own[i] instanceof TornadoNativeArray array) {
                ArrayAccess access = new ArrayAccess(item, this, i, array.getSize(), shadows[i]);
                own[i] = ArrayViews.view(array, buffer(array).segment(), access);
            }
        }
        return own;
    }

    String describe(int argument) {
        TornadoNativeArray array = (TornadoNativeArray) task.arguments().get(argument);
        return "task " + task.name() + ", argument " + argument + " ("
                + array.getClass().getSimpleName() + " of " + array.getSize() + ")";
    }

    KernelTask task() {
        return task;
    }

    LaunchGrid grid() {
        return grid;
    }

    /**
     * Whether the call sites of a group's barriers are compared, which takes as long as all else that a barrier does.
     * Groups run the same code, and those that take other branches than the rest are at the ends of a launch.
     */
    boolean comparesCallSites(int group) {
        return spec.raceDetection()
                && (group < COMPARED_AT_ENDS
                        || group >= grid.groupCount() - COMPARED_AT_ENDS
                        || group % COMPARED_OF == 0);
    }

    DeviceSpec spec() {
        return spec;
    }

    private DeviceBuffer buffer(TornadoNativeArray array) {
        return Objects.requireNonNull(buffers.get(array), "every array argument has a buffer");
    }

    private static int contextArgument(KernelTask task) {
        int found = -1;
        for (int i = 0; i < task.arguments().size(); i++) {
            if (task.arguments().get(i) instanceof KernelContext) {
                if (found >= 0) {
                    throw new TornadoRuntimeException("task " + task.name() + " has two KernelContext arguments, "
                            + found + " and " + i + ", must have one");
                }
                found = i;
            }
        }
        if (found < 0) {
            throw new TornadoRuntimeException("task " + task.name()
                    + " has no KernelContext argument; the emulator runs kernels of explicit work-items only");
        }
        return found;
    }

    private @Nullable Shadow[] shadows() {
        @Nullable Shadow[] result = new Shadow[task.arguments().size()];
        Map<DeviceBuffer, Shadow> byBuffer = new HashMap<>();
        for (int i = 0; i < result.length; i++) {
            if (spec.raceDetection() && task.arguments().get(i) instanceof TornadoNativeArray array) {
                result[i] = byBuffer.computeIfAbsent(buffer(array), b -> new Shadow(array.getSize(), grid.groupSize()));
            }
        }
        return result;
    }
}

package dev.waterspout.emulator.graph;

import dev.waterspout.emulator.kernel.Kernel;
import dev.waterspout.emulator.kernel.KernelTask;
import dev.waterspout.emulator.kernel.WorkItem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A task graph under construction: tasks, transfers, and the arrays that it shares with other graphs. Arrays are
 * compared by identity.
 */
public final class GraphSpec {
    private final String name;
    private final List<KernelTask> tasks = new ArrayList<>();
    private final Set<TornadoNativeArray> inFirst = new LinkedHashSet<>();
    private final Set<TornadoNativeArray> inEvery = new LinkedHashSet<>();
    private final Set<TornadoNativeArray> out = new LinkedHashSet<>();
    private final Set<TornadoNativeArray> persisted = new LinkedHashSet<>();
    private final Map<String, Set<TornadoNativeArray>> consumed = new LinkedHashMap<>();

    /** A graph with no tasks. */
    public GraphSpec(String name) {
        this.name = name;
    }

    private GraphSpec(GraphSpec other) {
        name = other.name;
        tasks.addAll(other.tasks);
        inFirst.addAll(other.inFirst);
        inEvery.addAll(other.inEvery);
        out.addAll(other.out);
        persisted.addAll(other.persisted);
        other.consumed.forEach((source, arrays) -> consumedFrom(source).addAll(arrays));
    }

    /** The graph's name. */
    public String name() {
        return name;
    }

    /** Whether there is a task of that name. */
    public boolean hasTask(String id) {
        String qualified = name + "." + id;
        return tasks.stream().anyMatch(task -> task.name().equals(qualified));
    }

    /** Appends a task. */
    public void addTask(String id, Kernel kernel, Object... arguments) {
        String task = name + "." + id;
        for (int i = 0; i < arguments.length; i++) {
            requireUsable(task, i, arguments[i]);
        }
        tasks.add(new KernelTask(task, kernel, List.of(arguments)));
    }

    /**
     * Adds copies to the device: in the first execution, in every one, or in none (the array then only has memory
     * there).
     */
    public void transferToDevice(int mode, Object... objects) {
        for (TornadoNativeArray array : arrays(objects)) {
            switch (mode) {
                case DataTransferMode.FIRST_EXECUTION -> inFirst.add(array);
                case DataTransferMode.EVERY_EXECUTION -> inEvery.add(array);
                case DataTransferMode.UNDER_DEMAND -> inFirst.remove(array);
                default -> throw unknownMode(mode);
            }
        }
    }

    /** Adds copies to the host: after every execution, or on request. */
    public void transferToHost(int mode, Object... objects) {
        for (TornadoNativeArray array : arrays(objects)) {
            switch (mode) {
                case DataTransferMode.FIRST_EXECUTION, DataTransferMode.EVERY_EXECUTION -> out.add(array);
                case DataTransferMode.UNDER_DEMAND -> persisted.add(array);
                default -> throw unknownMode(mode);
            }
        }
    }

    /** Keeps arrays on the device for other graphs. */
    public void persistOnDevice(Object... objects) {
        persisted.addAll(arrays(objects));
    }

    /** Takes arrays that another graph kept. */
    public void consumeFromDevice(String source, Object... objects) {
        consumedFrom(source).addAll(arrays(objects));
    }

    /** Returns an executable graph of the current content. */
    public GraphRun snapshot(Function<WorkItem, KernelContext> contexts) {
        return new GraphRun(new GraphSpec(this), contexts);
    }

    List<KernelTask> tasks() {
        return tasks;
    }

    Set<TornadoNativeArray> out() {
        return out;
    }

    boolean isCopiedInOnce(TornadoNativeArray array) {
        return inFirst.contains(array);
    }

    boolean isCopiedInAlways(TornadoNativeArray array) {
        return inEvery.contains(array);
    }

    boolean isConsumed(TornadoNativeArray array) {
        return consumed.values().stream().anyMatch(arrays -> arrays.contains(array));
    }

    boolean isKept(TornadoNativeArray array) {
        return persisted.contains(array) || isConsumed(array);
    }

    /**
     * Returns the arrays that the graph consumes from the one executed before it: those that name that graph, or
     * otherwise those that name none.
     */
    Set<TornadoNativeArray> consumedFromLast(String last) {
        Set<TornadoNativeArray> named = consumed.get(last);
        if (named != null) {
            return named;
        }
        Set<TornadoNativeArray> all = new LinkedHashSet<>();
        consumed.values().forEach(all::addAll);
        return all;
    }

    /**
     * Returns the arrays that have memory on the device: arguments of tasks, and arrays that every execution copies in.
     */
    Set<TornadoNativeArray> arraysOnDevice() {
        Set<TornadoNativeArray> all = new LinkedHashSet<>();
        for (KernelTask task : tasks) {
            for (Object argument : task.arguments()) {
                if (argument instanceof TornadoNativeArray array) {
                    all.add(array);
                }
            }
        }
        all.addAll(inEvery);
        return all;
    }

    private Set<TornadoNativeArray> consumedFrom(String source) {
        return consumed.computeIfAbsent(source, s -> new LinkedHashSet<>());
    }

    private List<TornadoNativeArray> arrays(Object... objects) {
        return Arrays.stream(objects).map(this::array).toList();
    }

    private static void requireUsable(String task, int index, @Nullable Object argument) {
        if (!(argument instanceof TornadoNativeArray
                || argument instanceof KernelContext
                || argument instanceof Number)) {
            throw new TornadoRuntimeException("task " + task + ", argument " + index + " is "
                    + (argument == null ? "null" : "a " + argument.getClass().getName())
                    + ", must be an array of the TornadoVM API, a number or a KernelContext");
        }
    }

    private TornadoNativeArray array(Object object) {
        if (object instanceof TornadoNativeArray array) {
            return array;
        }
        throw new TornadoRuntimeException(
                "task graph " + name + " moves " + object + ", which is not an array of the TornadoVM API");
    }

    private TornadoRuntimeException unknownMode(int mode) {
        return new TornadoRuntimeException(
                "task graph " + name + ": transfer mode is " + mode + ", must be one of DataTransferMode's");
    }
}

package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.UploadKernels;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The graph that uploads arrays to a device, where they stay. It is executed once, before any other graph of its plan.
 * Every other graph takes over all arrays with {@code consumeFromDevice}, even those that it does not use, because a
 * graph gets its arrays from the graph that was executed just before it.
 */
public final class UploadGraph {
    private final TaskGraph graph;
    private final LaunchPlan launches;
    private final KernelContext context = new KernelContext();
    private final FloatArray sink = new FloatArray(1);

    /**
     * Builds the graph.
     *
     * @param name the graph's name in its plan
     * @param device device whose limits apply
     * @param arrays the arrays, of floats, bytes or words
     */
    public UploadGraph(String name, KernelDevice device, List<TornadoNativeArray> arrays) {
        this(name, device, arrays, _ -> {});
    }

    /**
     * Builds a graph with further tasks.
     *
     * @param name the graph's name in its plan
     * @param device device whose limits apply
     * @param arrays the arrays, of floats, bytes or words
     * @param further adds tasks of the arrays, which are not kernels
     */
    public UploadGraph(String name, KernelDevice device, List<TornadoNativeArray> arrays, Consumer<TaskGraph> further) {
        this.graph = new TaskGraph(name);
        this.launches = new LaunchPlan(name, device.limits());
        sink.init(0);
        Object[] all = arrays.toArray();
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, sink)
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, all);
        addTasks(
                "floats",
                select(arrays, FloatArray.class),
                (task, a) -> graph.task(
                        task,
                        UploadKernels::readFloats,
                        context,
                        sink,
                        a.get(0),
                        a.get(1),
                        a.get(2),
                        a.get(3),
                        a.get(4),
                        a.get(5),
                        a.get(6),
                        a.get(7),
                        a.get(8),
                        a.get(9)));
        addTasks(
                "bytes",
                select(arrays, ByteArray.class),
                (task, a) -> graph.task(
                        task,
                        UploadKernels::readBytes,
                        context,
                        sink,
                        a.get(0),
                        a.get(1),
                        a.get(2),
                        a.get(3),
                        a.get(4),
                        a.get(5),
                        a.get(6),
                        a.get(7),
                        a.get(8),
                        a.get(9)));
        addTasks(
                "words",
                select(arrays, IntArray.class),
                (task, a) -> graph.task(
                        task,
                        UploadKernels::readWords,
                        context,
                        sink,
                        a.get(0),
                        a.get(1),
                        a.get(2),
                        a.get(3),
                        a.get(4),
                        a.get(5),
                        a.get(6),
                        a.get(7),
                        a.get(8),
                        a.get(9)));
        further.accept(graph);
        graph.persistOnDevice(all);
    }

    /** {@return the graph itself} */
    public TaskGraph taskGraph() {
        return graph;
    }

    /** {@return the number of kernels that the graph launches} */
    public int launches() {
        return launches.size();
    }

    /**
     * Adds the grids of all tasks.
     *
     * @param scheduler scheduler of the plan
     */
    public void addTo(GridScheduler scheduler) {
        launches.addTo(scheduler);
    }

    private static <T> List<T> select(List<TornadoNativeArray> arrays, Class<T> type) {
        return arrays.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** A task has a fixed number of arrays; the last task repeats its last array. */
    private <T> void addTasks(String name, List<T> arrays, BiConsumer<String, List<T>> adder) {
        for (int first = 0; first < arrays.size(); first += UploadKernels.ARRAYS) {
            List<T> group = IntStream.range(first, first + UploadKernels.ARRAYS)
                    .mapToObj(index -> arrays.get(Math.min(index, arrays.size() - 1)))
                    .toList();
            String task = name + first;
            adder.accept(task, group);
            launches.add(task, 1, 1, 1, RowCount.CHUNK);
        }
    }
}

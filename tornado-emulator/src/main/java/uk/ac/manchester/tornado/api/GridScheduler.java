package uk.ac.manchester.tornado.api;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The grids of a plan's tasks, by the name {@code graph.task}. */
public class GridScheduler {
    private final ConcurrentHashMap<String, WorkerGrid> grids = new ConcurrentHashMap<>();

    /** A scheduler with no grids. */
    public GridScheduler() {}

    /** A scheduler with one grid. */
    public GridScheduler(String taskName, WorkerGrid workerGrid) {
        grids.put(taskName, workerGrid);
    }

    /** Adds or replaces the grid of a task. */
    public void addWorkerGrid(String taskName, WorkerGrid workerGrid) {
        grids.put(taskName, workerGrid);
    }

    /** The grid of a task, or null. */
    public @Nullable WorkerGrid get(String taskName) {
        return grids.get(taskName);
    }

    /** Whether a task of a graph has a grid. */
    public boolean contains(String graphName, String taskName) {
        return grids.containsKey(graphName + "." + taskName);
    }

    /** The names of the tasks that have a grid. */
    public Set<String> keySet() {
        return grids.keySet();
    }

    @Override
    public String toString() {
        return grids.keySet().stream().sorted().collect(Collectors.joining(", ", "grids of ", ""));
    }
}

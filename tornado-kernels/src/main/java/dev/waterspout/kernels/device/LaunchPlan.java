package dev.waterspout.kernels.device;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid2D;

/** The worker grids of one graph's tasks, resized for every chunk. */
final class LaunchPlan {
    private final String graph;
    private final DeviceLimits limits;
    private final List<Launch> launches = new ArrayList<>();
    private boolean fixed;

    LaunchPlan(String graph, DeviceLimits limits) {
        this.graph = graph;
        this.limits = limits;
    }

    /**
     * Adds a task and checks that its groups fit the device.
     *
     * @param task its name in the graph
     * @param items items needed for one row
     * @param localX items of a group in the first dimension
     * @param localY rows of a work-group; 0 for tasks whose work-items process all rows
     * @param rows meaning of the second dimension
     */
    void add(String task, long items, int localX, int localY, RowCount rows) {
        add(task, items, localX, localY, 1, rows);
    }

    /**
     * Adds a task whose work-items process several rows each.
     *
     * @param task its name in the graph
     * @param items items needed for one row
     * @param localX items of a group in the first dimension
     * @param localY work-items of a work-group in the second dimension; 0 for tasks whose work-items process all rows
     * @param rowsPerItem rows that one work-item processes
     * @param rows meaning of the second dimension
     */
    void add(String task, long items, int localX, int localY, int rowsPerItem, RowCount rows) {
        Launch launch = new Launch(task, items, localX, localY, rowsPerItem, rows, new WorkerGrid2D(1, 1));
        LaunchShape shape = launch.shape(1);
        shape.requireFits(task, limits);
        launch.set(shape);
        launches.add(launch);
    }

    void addTo(GridScheduler scheduler) {
        for (Launch launch : launches) {
            // TornadoVM's full name of a task: graph and task, joined by a dot.
            scheduler.addWorkerGrid(graph + "." + launch.task, launch.grid);
        }
    }

    /**
     * Sizes the grids for a number of rows.
     *
     * @throws IllegalStateException if a grid would change, and grids are fixed
     */
    void resize(int chunkRows, int outRows) {
        for (Launch launch : launches) {
            int rows = switch (launch.rows) {
                case CHUNK -> chunkRows;
                case OUT -> Math.max(1, outRows);
            };
            LaunchShape shape = launch.shape(rows);
            if (!fixed) {
                shape.requireFits(launch.task, limits);
                launch.set(shape);
            } else if (!launch.has(shape)) {
                throw new IllegalStateException("task " + graph + "." + launch.task + " of " + rows
                        + " rows needs another grid than the captured one");
            }
        }
    }

    /** Keeps the grids as they are from now on. */
    void fix() {
        fixed = true;
    }

    int size() {
        return launches.size();
    }

    private record Launch(
            String task, long items, int localX, int localY, int rowsPerItem, RowCount rows, WorkerGrid grid) {
        LaunchShape shape(int count) {
            return localY == 0
                    ? LaunchShape.covering(items, 1, localX, 1)
                    : LaunchShape.covering(items, Math.ceilDiv(count, rowsPerItem), localX, localY);
        }

        void set(LaunchShape shape) {
            grid.setGlobalWork(shape.globalX(), shape.globalY(), 1);
            grid.setLocalWork(shape.localX(), shape.localY(), 1);
        }

        boolean has(LaunchShape shape) {
            return Arrays.equals(grid.getGlobalWork(), new long[] {shape.globalX(), shape.globalY(), 1})
                    && Arrays.equals(grid.getLocalWork(), new long[] {shape.localX(), shape.localY(), 1});
        }
    }
}

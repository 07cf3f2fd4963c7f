package dev.waterspout.emulator;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/** Short ways to run one graph. */
final class Plans {
    private Plans() {}

    static WorkerGrid grid(int global, int local) {
        WorkerGrid grid = new WorkerGrid1D(global);
        grid.setLocalWork(local, 1, 1);
        return grid;
    }

    static GridScheduler scheduler(String task, int global, int local) {
        return new GridScheduler(task, grid(global, local));
    }

    /** Executes a graph of one task {@code g.t} once. */
    static void runOnce(TaskGraph graph, int global, int local) {
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(scheduler("g.t", global, local)).execute();
        } catch (TornadoExecutionPlanException e) {
            throw new AssertionError("the emulator's plans close without an error", e);
        }
    }
}

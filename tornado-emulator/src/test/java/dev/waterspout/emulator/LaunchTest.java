package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoTaskRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Work-items know their place, grids are validated, and wrong graphs are refused. */
class LaunchTest extends OnEmulatedGpu {
    private final FloatArray in = FloatArray.fromElements(1, 2, 3, 4);
    private final FloatArray out = new FloatArray(4);

    private TaskGraph addOne() {
        return new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .task("t", Kernels::addOne, new KernelContext(), in, out);
    }

    @Test
    void workItemsKnowTheirPlaceInTwoDimensions() throws Exception {
        IntArray places = new IntArray(6 * 4 * 6);
        TaskGraph graph = new TaskGraph("g")
                .task("t", Kernels::indices, new KernelContext(), places)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, places);
        WorkerGrid2D grid = new WorkerGrid2D(6, 4);
        grid.setLocalWork(3, 2, 1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.t", grid)).execute();
        }
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 6; x++) {
                int at = (x + 6 * y) * 6;
                assertThat(places.slice(at, 6).toHeapArray()).containsExactly(x / 3, y / 2, x % 3, y % 2, 3, 2);
            }
        }
    }

    @Test
    void scalarsReachTheKernelAndGridsMayChangeBetweenExecutions() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in, out)
                .task("t", Kernels::scale, new KernelContext(), in, out, 0.5f, 3)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        var grid = Plans.grid(2, 1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.t", grid)).execute();
            assertThat(out.toHeapArray()).containsExactly(0.5f, 1, 0, 0);
            grid.setGlobalWork(4, 1, 1);
            grid.setLocalWork(4, 1, 1);
            plan.execute();
            assertThat(out.toHeapArray()).containsExactly(0.5f, 1, 1.5f, 0);
            grid.setLocalWorkToNull();
            plan.execute();
            assertThat(out.get(2)).isEqualTo(1.5f);
        }
    }

    @Test
    void gridsThatNoDeviceCouldRunAreRefused() {
        EmulatedPlatform.configure(DeviceSpec.gpu().withMaxWorkGroupSize(2));
        assertThatThrownBy(() -> Plans.runOnce(addOne(), 4, 3))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessage("task g.t: local size [3, 1, 1] does not divide global size [4, 1, 1] in dimension 0");
        assertThatThrownBy(() -> Plans.runOnce(addOne(), 4, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessage("task g.t: local size [4, 1, 1] is above the device's maximum work-group size 2");
        assertThatThrownBy(() -> Plans.runOnce(addOne(), 0, 1))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("global size [0, 1, 1]");
        assertThatThrownBy(() -> Plans.runOnce(addOne(), Integer.MAX_VALUE, 1))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("has more than 2147483646 work-items");
        assertThat(EmulatedPlatform.device(0).launches()).isZero();
    }

    @Test
    void tasksNeedAGridAndAContext() throws Exception {
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(addOne().snapshot())) {
            assertThatThrownBy(plan::execute)
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("task g.t has no worker grid");
            assertThatThrownBy(() -> plan.withGridScheduler(Plans.scheduler("g.other", 4, 4)))
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessage("the grid scheduler names no task of the plan: it has [g.other]");
        }
        assertThatThrownBy(() -> Plans.runOnce(new TaskGraph("g").task("t", Kernels::noContext, in, out), 4, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("task g.t has no KernelContext argument");
    }

    @Test
    void wrongGraphsAreRefused() {
        assertThatThrownBy(() -> addOne().task("t", Kernels::addOne, new KernelContext(), in, out))
                .isInstanceOf(TornadoTaskRuntimeException.class)
                .hasMessageContaining("task graph g has two tasks named t");
        assertThatThrownBy(() -> addOne().transferToDevice(7, in))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("transfer mode is 7");
        assertThatThrownBy(() -> addOne().transferToDevice(DataTransferMode.EVERY_EXECUTION, "text"))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("moves text, which is not an array");
        assertThatThrownBy(() -> new TaskGraph("g").<Object>task("t", (Object o) -> {}, "text"))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("task g.t, argument 0 is a java.lang.String, must be an array");
        assertThatThrownBy(() -> new TaskGraph("g").<Boolean>task("t", (Boolean b) -> {}, true))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("argument 0 is a java.lang.Boolean");
        assertThatThrownBy(TornadoExecutionPlan::new)
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessage("number of task graphs is 0, must be at least 1");
    }

    @Test
    void closedPlansAreNotExecuted() throws Exception {
        TornadoExecutionPlan plan = new TornadoExecutionPlan(addOne().snapshot());
        plan.withGridScheduler(Plans.scheduler("g.t", 4, 4)).execute();
        assertThat(plan.getCurrentDeviceMemoryUsage()).isEqualTo(64);
        plan.close();
        assertThat(plan.getCurrentDeviceMemoryUsage()).isZero();
        assertThatThrownBy(plan::execute)
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("after it was closed");
        assertThatThrownBy(() -> plan.withGraph(1))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessage("task graph 1 not found, the plan has 1");
    }
}

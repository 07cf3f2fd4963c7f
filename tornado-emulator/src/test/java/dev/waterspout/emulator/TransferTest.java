package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Times of copies: data on the emulated device are as stale as on a real one, and bytes are counted. */
class TransferTest extends OnEmulatedGpu {
    private static final int SIZE = 8;
    private static final long BYTES = SIZE * 4L + 16;

    private final FloatArray in = FloatArray.fromElements(0, 1, 2, 3, 4, 5, 6, 7);
    private final FloatArray out = new FloatArray(SIZE);

    private static EmulatedDevice device() {
        return EmulatedPlatform.device(0);
    }

    private TaskGraph addOne(String name) {
        return new TaskGraph(name).task("t", Kernels::addOne, new KernelContext(), in, out);
    }

    private static GridScheduler scheduler(String task) {
        return Plans.scheduler(task, SIZE, 4);
    }

    @Test
    void everyExecutionSeesTheHostAndReturnsToIt() throws Exception {
        TaskGraph graph = addOne("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(scheduler("g.t")).execute();
            assertThat(out.toHeapArray()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
            in.init(10);
            plan.execute();
            assertThat(out.toHeapArray()).containsOnly(11);
        }
        assertThat(device().bytesToDevice()).isEqualTo(2 * BYTES);
        assertThat(device().bytesToHost()).isEqualTo(2 * BYTES);
        assertThat(device().launches()).isEqualTo(2);
        assertThat(device().memoryInUse()).isZero();
    }

    @Test
    void firstExecutionLeavesLaterOnesStaleUntilMemoryIsFreed() throws Exception {
        TaskGraph graph = addOne("g")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, in)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(scheduler("g.t")).execute();
            in.init(10);
            plan.execute();
            assertThat(out.get(7)).isEqualTo(8);
            assertThat(device().bytesToDevice()).isEqualTo(BYTES);
            plan.freeDeviceMemory().execute();
            assertThat(out.get(7)).isEqualTo(11);
        }
        assertThat(device().bytesToDevice()).isEqualTo(2 * BYTES);
    }

    @Test
    void arraysThatAreNotTransferredAreUndefinedOnTheDevice() {
        Plans.runOnce(addOne("g").transferToHost(DataTransferMode.EVERY_EXECUTION, out), SIZE, 4);
        assertThat(out.toHeapArray()).containsOnly(Float.NaN);
    }

    @Test
    void resultsStayOnTheDeviceUntilAskedFor() throws Exception {
        TaskGraph graph = addOne("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .transferToHost(DataTransferMode.UNDER_DEMAND, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            var result = plan.withGridScheduler(scheduler("g.t")).execute();
            assertThat(result.isReady()).isTrue();
            assertThat(out.toHeapArray()).containsOnly(0);
            result.transferToHost(new DataRange(out).withOffset(2).withSize(3));
            assertThat(out.toHeapArray()).containsExactly(0, 0, 3, 4, 5, 0, 0, 0);
            assertThat(device().bytesToHost()).isEqualTo(12);
            result.transferToHost(out);
            assertThat(out.toHeapArray()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
            FloatArray other = new FloatArray(3);
            assertThatThrownBy(() -> result.transferToHost(other))
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("a FloatArray of 3 is not on the device");
            assertThatThrownBy(() -> result.transferToHost(
                            new DataRange(out).withOffset(6).withSize(3)))
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("does not lie in the array's 8 elements");
        }
    }

    private TaskGraph again(String name, String source) {
        return new TaskGraph(name)
                .consumeFromDevice(source, out)
                .task("t", Kernels::addOne, new KernelContext(), out, in)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, in);
    }

    @Test
    void graphsHandArraysOnWithoutACopy() throws Exception {
        TaskGraph first = addOne("a")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .persistOnDevice(out);
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(first.snapshot(), again("b", "a").snapshot())) {
            GridScheduler grids = scheduler("a.t");
            grids.addWorkerGrid("b.t", Plans.grid(SIZE, 4));
            plan.withGridScheduler(grids);
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
            assertThat(in.toHeapArray()).containsExactly(2, 3, 4, 5, 6, 7, 8, 9);
            assertThat(out.toHeapArray()).containsOnly(0);
            assertThat(device().bytesToDevice()).isEqualTo(BYTES);
            assertThat(device().bytesToHost()).isEqualTo(BYTES);
        }
        assertThat(device().memoryInUse()).isZero();
    }

    @Test
    void arraysThatNoGraphKeepsCannotBeConsumed() throws Exception {
        TaskGraph first = addOne("a").transferToDevice(DataTransferMode.EVERY_EXECUTION, in);
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(first.snapshot(), again("b", "a").snapshot())) {
            GridScheduler grids = scheduler("a.t");
            grids.addWorkerGrid("b.t", Plans.grid(SIZE, 4));
            plan.withGridScheduler(grids);
            assertThatThrownBy(() -> plan.withGraph(1).execute())
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("consumes a FloatArray of 8 but no graph of its plan was executed before it");
            plan.withGraph(0).execute();
            assertThatThrownBy(() -> plan.withGraph(1).execute())
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("the graph executed before it, a, does not keep it on the device");
        }
    }

    @Test
    void oneGraphMayFollowSeveralAndItself() throws Exception {
        TaskGraph first = addOne("a")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .persistOnDevice(out);
        FloatArray unused = new FloatArray(SIZE);
        TaskGraph loop = new TaskGraph("loop")
                .consumeFromDevice("a", out)
                .task("t", Kernels::scale, new KernelContext(), out, out, 2f, SIZE)
                .task("u", Kernels::addOne, new KernelContext(), out, unused)
                .persistOnDevice(out)
                .transferToHost(DataTransferMode.UNDER_DEMAND, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(first.snapshot(), loop.snapshot())) {
            GridScheduler grids = scheduler("a.t");
            grids.addWorkerGrid("loop.t", Plans.grid(SIZE, 4));
            grids.addWorkerGrid("loop.u", Plans.grid(SIZE, 4));
            plan.withGridScheduler(grids);
            plan.withGraph(0).execute();
            for (int i = 0; i < 3; i++) {
                plan.withGraph(1).execute();
            }
            plan.execute().transferToHost(out);
            assertThat(out.toHeapArray()).containsExactly(16, 32, 48, 64, 80, 96, 112, 128);
        }
    }

    @Test
    void snapshotsDoNotFollowTheirGraph() throws Exception {
        TaskGraph graph = addOne("g").transferToDevice(DataTransferMode.EVERY_EXECUTION, in);
        var snapshot = graph.snapshot();
        graph.transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(snapshot)) {
            plan.withGridScheduler(scheduler("g.t")).execute();
            assertThat(out.toHeapArray()).containsOnly(0);
        }
    }

    @Test
    void profilerReportsBytesAndEachTask() throws Exception {
        TaskGraph graph = addOne("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(scheduler("g.t"));
            assertThat(plan.execute().getProfilerResult().getTotalBytesTransferred())
                    .isZero();
            plan.withProfiler(uk.ac.manchester.tornado.api.enums.ProfilerMode.SILENT)
                    .execute();
            var profile = plan.execute().getProfilerResult();
            assertThat(profile.getTotalBytesCopyIn()).isEqualTo(BYTES);
            assertThat(profile.getTotalBytesCopyOut()).isEqualTo(BYTES);
            assertThat(profile.getDeviceKernelTime()).isPositive().isLessThan(profile.getTotalTime());
            assertThat(profile.getProfileLog().split("\"g.t\": ")).hasSize(3);
            assertThat(profile.getProfileLog()).contains("\"TASK_KERNEL_TIME\": \"" + profile.getDeviceKernelTime());
        }
    }
}

package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBackendNotFound;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceNotFound;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Devices are listed, limited, counted, broken on demand, and run side by side. */
class DeviceTest extends OnEmulatedGpu {
    private static final int SIZE = 64;
    private static final CountDownLatch RUNNING = new CountDownLatch(1);
    private static final CountDownLatch RELEASED = new CountDownLatch(1);
    private static final long BYTES = SIZE * 4 + 16;

    private final FloatArray in = new FloatArray(SIZE);
    private final FloatArray out = new FloatArray(SIZE);

    private TornadoExecutionPlan plan(FloatArray from, FloatArray to) {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, from)
                .task("t", Kernels::addOne, new KernelContext(), from, to)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, to);
        return new TornadoExecutionPlan(graph.snapshot()).withGridScheduler(Plans.scheduler("g.t", SIZE, 8));
    }

    @Test
    void devicesAreListedAsTheEmulators() {
        EmulatedPlatform.configure(DeviceSpec.gpu().withMemory(1 << 20), DeviceSpec.cpu());
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        assertThat(runtime.getNumBackends()).isEqualTo(1);
        assertThat(runtime.getBackendType(0)).isEqualTo(TornadoVMBackendType.JAVA);
        assertThat(runtime.getBackend(0).getName()).isEqualTo("emulator");
        assertThat(runtime.getBackend(0).getNumDevices()).isEqualTo(2);
        assertThat(runtime.getBackend(0).getAllDevices())
                .extracting(TornadoDevice::getDeviceName)
                .containsExactly("emulator-0", "emulator-1");
        TornadoDevice gpu = runtime.getDefaultDevice();
        assertThat(gpu.getDeviceType()).isEqualTo(TornadoDeviceType.GPU);
        assertThat(gpu.getMaxGlobalMemory()).isEqualTo(1 << 20);
        assertThat(gpu.getDeviceMaxWorkgroupDimensions()).containsExactly(1024, 1024, 1024);
        assertThat(gpu.getPhysicalDevice().getDeviceMaxWorkGroupSize()).containsExactly(1024);
        assertThat(gpu.getPlatformName()).isEqualTo("emulator");
        TornadoDevice cpu = TornadoExecutionPlan.getDevice(0, 1);
        assertThat(cpu.getDeviceType()).isEqualTo(TornadoDeviceType.CPU);
        assertThat(cpu.getDescription()).isEqualTo("emulator-1 CPU (available)");
        assertThatThrownBy(() -> TornadoExecutionPlan.getDevice(0, 2)).isInstanceOf(TornadoDeviceNotFound.class);
        assertThatThrownBy(() -> TornadoExecutionPlan.getDevice(1, 0)).isInstanceOf(TornadoBackendNotFound.class);
        assertThatIllegalArgumentException().isThrownBy(EmulatedPlatform::configure);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DeviceSpec.gpu().withMemory(0))
                .withMessage("memory is 0, must be positive");
    }

    @Test
    void memoryIsLimited() throws Exception {
        EmulatedPlatform.configure(
                DeviceSpec.gpu().withMemory(2 * BYTES), DeviceSpec.gpu().withMemory(2 * BYTES - 1));
        try (TornadoExecutionPlan plan = plan(in, out)) {
            plan.execute();
            assertThat(EmulatedPlatform.device(0).memoryInUse()).isEqualTo(2 * BYTES);
            assertThat(plan.getCurrentDeviceMemoryUsage()).isEqualTo(2 * BYTES);
            plan.withDevice(TornadoExecutionPlan.getDevice(0, 1));
            assertThat(EmulatedPlatform.device(0).memoryInUse()).isZero();
            assertThatThrownBy(plan::execute)
                    .isInstanceOf(TornadoOutOfMemoryException.class)
                    .hasMessage("unable to allocate 272 bytes on emulator-1: 272 of 543 bytes are in use");
        }
        assertThat(EmulatedPlatform.device(1).memoryInUse()).isZero();
    }

    @Test
    void allocationsFailOnDemand() throws Exception {
        EmulatedDevice device = EmulatedPlatform.device(0);
        device.failAllocationsAfter(2 * BYTES - 1);
        try (TornadoExecutionPlan plan = plan(in, out)) {
            assertThatThrownBy(plan::execute)
                    .isInstanceOf(TornadoOutOfMemoryException.class)
                    .hasMessageContaining("allocations are made to fail");
            device.failAllocationsAfter(BYTES);
            plan.execute();
        }
        assertThat(out.get(0)).isEqualTo(1);
    }

    @Test
    void devicesDisappearOnDemand() throws Exception {
        EmulatedDevice device = EmulatedPlatform.device(0);
        device.loseAfterLaunches(2);
        try (TornadoExecutionPlan plan = plan(in, out)) {
            plan.execute();
            plan.execute();
            out.init(0);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(plan::execute)
                        .isInstanceOf(TornadoBailoutRuntimeException.class)
                        .hasMessageContaining("device emulator-0 has disappeared");
            }
        }
        assertThat(device.launches()).isEqualTo(2);
        assertThat(out.get(0)).isZero();
    }

    @Test
    void graphsCannotHandArraysToAnotherDevice() throws Exception {
        EmulatedPlatform.configure(DeviceSpec.gpu(), DeviceSpec.gpu());
        TaskGraph first = new TaskGraph("a")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .task("t", Kernels::addOne, new KernelContext(), in, out)
                .persistOnDevice(out);
        TaskGraph second =
                new TaskGraph("b").consumeFromDevice("a", out).task("t", Kernels::addOne, new KernelContext(), out, in);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(first.snapshot(), second.snapshot())) {
            plan.withGridScheduler(Plans.scheduler("a.t", SIZE, 8));
            plan.withGraph(1).withDevice(TornadoExecutionPlan.getDevice(0, 1));
            plan.withGraph(0).execute();
            assertThatThrownBy(() -> plan.withGraph(1).execute())
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("on emulator-1 but a keeps it on emulator-0");
        }
    }

    @Test
    void twoDevicesRunAtTheSameTime() {
        EmulatedPlatform.configure(DeviceSpec.gpu(), DeviceSpec.cpu());
        int executions = 100;
        CyclicBarrier start = new CyclicBarrier(2);
        List<CompletableFuture<FloatArray>> runs = IntStream.range(0, 2)
                .mapToObj(index -> CompletableFuture.supplyAsync(() -> feedBack(index, executions, start)))
                .toList();
        for (int index = 0; index < 2; index++) {
            assertThat(runs.get(index).join().toHeapArray()).containsOnly(index * 1000 + executions);
            assertThat(EmulatedPlatform.device(index).launches()).isEqualTo(executions);
            assertThat(EmulatedPlatform.device(index).bytesToHost()).isEqualTo(executions * BYTES);
        }
    }

    @Test
    void onePlanOnTwoThreadsIsRefused() throws Exception {
        FloatArray result = new FloatArray(1);
        TaskGraph graph = new TaskGraph("g").task("t", DeviceTest::waitForRelease, new KernelContext(), result);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(Plans.scheduler("g.t", 1, 1));
            CompletableFuture<Void> first = CompletableFuture.runAsync(plan::execute);
            RUNNING.await();
            assertThatThrownBy(plan::execute)
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("is executed by two threads at once");
            RELEASED.countDown();
            first.join();
        }
    }

    private static void waitForRelease(KernelContext context, FloatArray result) {
        RUNNING.countDown();
        result.set(context.globalIdx, 1);
        try {
            RELEASED.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private FloatArray feedBack(int device, int executions, CyclicBarrier start) {
        FloatArray from = new FloatArray(SIZE);
        FloatArray to = new FloatArray(SIZE);
        from.init(device * 1000f);
        try (TornadoExecutionPlan plan = plan(from, to).withDevice(TornadoExecutionPlan.getDevice(0, device))) {
            start.await();
            for (int i = 0; i < executions; i++) {
                plan.execute();
                from.getSegment().copyFrom(to.getSegment());
            }
            return to;
        } catch (Exception e) {
            throw new IllegalStateException("device " + device + " failed", e);
        }
    }
}

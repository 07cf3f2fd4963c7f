package dev.waterspout.kernels.peer;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.waterspout.kernels.testing.CudaStandIn;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A library task in a captured CUDA graph, on the stand-in for the driver. */
class CapturedLibraryTaskTest {
    private TornadoDevice device;
    private CudaStandIn driver;

    @BeforeEach
    void cudaDevice() {
        driver = CudaStandIn.find()
                .orElseGet(() -> Assumptions.abort("skipped: the stand-in for the CUDA driver is not running"));
        device = RuntimeDevices.all().stream()
                .filter(each -> each.getTornadoVMBackend() == TornadoVMBackendType.CUDA)
                .findFirst()
                .orElseGet(() -> Assumptions.abort("skipped: the SDK has no CUDA backend"));
    }

    private TornadoExecutionPlan plan(String name) {
        IntArray array = new IntArray(64);
        TaskGraph graph = new TaskGraph(name).transferToDevice(DataTransferMode.EVERY_EXECUTION, array);
        PeerEnd.touch(graph, "touch", array);
        return new TornadoExecutionPlan(graph.snapshot()).withDevice(device);
    }

    @Test
    void isRefused() throws Exception {
        driver.expectErrors(true);
        try (TornadoExecutionPlan captured = plan("captured")) {
            captured.withCUDAGraph();
            assertThatExceptionOfType(PeerException.class)
                    .isThrownBy(captured::execute)
                    .withMessage(
                            "library task touch cannot be captured in a CUDA graph, whose replays would not run it");
        } finally {
            driver.expectErrors(false);
        }
        try (TornadoExecutionPlan other = plan("other")) {
            other.execute();
        }
    }
}

package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.waterspout.emulator.DeviceSpec;
import dev.waterspout.emulator.EmulatedPlatform;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.UploadGraph;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Failures of a plan's first execution, on an emulated device with little memory. */
@ResourceLock(Resources.SYSTEM_ERR)
class GraphPlanTest {
    private static final int MEMORY = 64 << 10;

    @BeforeEach
    void littleMemory() {
        Assumptions.assumeFalse(FloatArray.class.getModule().isNamed(), "skipped: an SDK is running");
        EmulatedPlatform.configure(DeviceSpec.gpu().withMemory(MEMORY));
    }

    @AfterEach
    void defaultDevices() {
        if (!FloatArray.class.getModule().isNamed()) {
            EmulatedPlatform.reset();
        }
    }

    private static GraphPlan plan(int elements) {
        TornadoDevice device =
                TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        FloatArray array = new FloatArray(elements);
        array.init(1);
        UploadGraph load = new UploadGraph("load", KernelDevice.of(device), List.of(array));
        return new GraphPlan("emulator:0", device, load, List.of(), List.of());
    }

    private static Path log(DeviceException failure) {
        return Path.of(String.valueOf(failure.getMessage()).replaceFirst(".*; the log is in ", ""));
    }

    @Test
    void aFailureIsOneSentenceAndItsLogIsAFile() throws Exception {
        try (GraphPlan tooLarge = plan(MEMORY)) {
            DeviceException failure = catchThrowableOfType(DeviceException.class, tooLarge::load);
            String message = String.valueOf(failure.getMessage());
            assertThat(message)
                    .startsWith("device emulator:0 cannot compile or run graph load: ")
                    .contains("; the log is in ")
                    .doesNotContain("\n");
            Path log = log(failure);
            assertThat(Files.readString(log)).contains("\tat dev.waterspout.engine.tornado.GraphPlan.");
            Files.delete(log);
        }
    }

    @Test
    void theReasonIsOneLine() {
        String refused = "\u001B[31mBailout is disabled. \n"
                + "Reason: \u001B[31mBailout from LAUNCH Bytecode: \n"
                + "Reason: uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException: [ERROR] Generated Kernel is"
                + " NULL. \n"
                + "Please report this issue to https://github.com/beehive-lab/TornadoVM\u001B[0m\u001B[0m";
        assertThat(GraphPlan.reason(refused)).isEqualTo("the driver's compiler refuses one of its kernels");
        assertThat(GraphPlan.reason("Unable to allocate 4 bytes.\nat line 2")).isEqualTo("Unable to allocate 4 bytes");
        assertThat(GraphPlan.reason("")).isEmpty();
    }

    @Test
    void plansReleaseTheDeviceAfterSuccessAndFailure() throws Exception {
        for (int i = 0; i < 3; i++) { // each plan fits alone, but not three at the same time
            try (GraphPlan fits = plan(MEMORY / 2 / Float.BYTES)) {
                fits.load();
            }
            try (GraphPlan tooLarge = plan(MEMORY)) {
                Files.delete(log(catchThrowableOfType(DeviceException.class, tooLarge::load)));
            }
        }
    }

    @Test
    void onlyTheOutputOfTheOpeningThreadIsCaptured() throws InterruptedException {
        PrintStream before = System.err;
        ByteArrayOutputStream terminal = new ByteArrayOutputStream();
        System.setErr(new PrintStream(terminal, true, StandardCharsets.UTF_8));
        try (KernelLog log = new KernelLog()) {
            System.err.print("own");
            Thread other = Thread.ofPlatform().start(() -> System.err.print("other"));
            other.join();
            assertThat(log.text()).isEqualTo("own");
            assertThat(terminal.toString(StandardCharsets.UTF_8)).isEqualTo("other");
            log.passOn();
            assertThat(terminal.toString(StandardCharsets.UTF_8)).isEqualTo("otherown");
        } finally {
            System.setErr(before);
        }
    }
}

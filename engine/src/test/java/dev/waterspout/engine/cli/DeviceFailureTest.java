package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.emulator.DeviceSpec;
import dev.waterspout.emulator.EmulatedPlatform;
import dev.waterspout.engine.cli.print.ExitCode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** A device failure as the user sees it: one sentence, exit code 4, and no wrong token. */
@Timeout(120)
class DeviceFailureTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void requireTheEmulator() {
        Assumptions.assumeFalse(
                FloatArray.class.getModule().isNamed(), "skipped: only the emulator injects device failures");
    }

    @AfterEach
    void reset() {
        EmulatedPlatform.reset();
    }

    private int generate(String... more) {
        String[] arguments = {"generate", "-p", "We", "-n", "3", "--temp", "0", "-c", "16", "-b", "4", "--stats", "none"
        };
        String[] all = Stream.of(arguments, more).flatMap(Stream::of).toArray(String[]::new);
        return Main.run(all, new PrintWriter(out), new PrintWriter(err));
    }

    private void assertFailed(int code, String... says) {
        assertThat(code).as(err.toString()).isEqualTo(ExitCode.DEVICE);
        String sentence = err.toString()
                .lines()
                .filter(line -> line.startsWith("waterspout: "))
                .findFirst()
                .orElse("");
        assertThat(sentence).contains(says);
        assertThat(out.toString().strip()).isIn("", "We", "We to", "We to the");
    }

    @Test
    void theEmulatorWritesTheTextOfTheHost() {
        EmulatedPlatform.configure(DeviceSpec.cpu().withoutRaceDetection());
        assertThat(generate("--device", "host")).isZero();
        String expected = out.toString();
        out.getBuffer().setLength(0);
        assertThat(generate("--device", "emulator:0")).as(err.toString()).isZero();
        assertThat(out.toString()).isEqualTo(expected).hasSizeGreaterThan(4);
    }

    @Test
    void aDeviceThatDisappearsIsNamed() {
        EmulatedPlatform.configure(DeviceSpec.cpu().withoutRaceDetection());
        EmulatedPlatform.device(0).loseAfterLaunches(70);
        assertFailed(generate("--device", "emulator:0"), "emulator:0 failed in graph");
    }

    @Test
    void aDeviceThatDisappearsEndsTheOtherRanksToo() {
        EmulatedPlatform.configure(DeviceSpec.cpu().withoutRaceDetection());
        EmulatedPlatform.device(0).loseAfterLaunches(150);
        assertFailed(generate("--device", "host,emulator:0", "-tp", "2"), "emulator:0 failed in graph");
    }

    /** The rank's thread moves messages while another thread waits for the device. */
    @Test
    void aDeviceThatDisappearsInADividedPassEndsTheOtherRanksToo() {
        EmulatedPlatform.configure(DeviceSpec.cpu().withoutRaceDetection());
        EmulatedPlatform.device(0).loseAfterLaunches(150);
        String prompt = "We the people of the united nations are ".repeat(10);
        String[] arguments = {
            "generate",
            "-p",
            prompt,
            "-n",
            "1",
            "--temp",
            "0",
            "-c",
            "128",
            "-b",
            "32",
            "--device",
            "host,emulator:0",
            "-tp",
            "2",
            "--comm",
            "f32",
            "--transport",
            "host",
            "--overlap",
            "on",
            "--stats",
            "none"
        };
        int code = Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
        assertThat(code).as(err.toString()).isEqualTo(ExitCode.DEVICE);
        assertThat(err.toString()).contains("emulator:0 failed in graph prefill");
    }

    @Test
    void aModelThatDoesNotFitIsRefusedWithBothNumbers() {
        EmulatedPlatform.configure(DeviceSpec.cpu().withMemory(2_000_000));
        assertFailed(generate("--device", "emulator:0"), "rank 0 needs", "emulator:0", "which has 2.00 MB");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aDeviceThatCannotAllocateIsNamed() {
        EmulatedPlatform.configure(DeviceSpec.cpu().withoutRaceDetection());
        EmulatedPlatform.device(0).failAllocationsAfter(1_000_000);
        assertFailed(
                generate("--device", "emulator:0"), "emulator:0 cannot compile or run graph load: unable to allocate");
    }

    @Test
    void anUnknownDeviceListsTheAvailableDevices() {
        assertFailed(generate("--device", "emulator:7"), "emulator:7", "host, emulator:0");
    }

    @Test
    void anUnknownBackendListsTheAvailableDevices() {
        assertFailed(generate("--device", "tornado:metal:0"), "tornado:metal:0", "host, emulator:0");
    }
}

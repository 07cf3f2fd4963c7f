package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.emulator.DeviceSpec;
import dev.waterspout.emulator.EmulatedPlatform;
import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.cli.file.KernelChoiceFile;
import dev.waterspout.engine.cli.print.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Tuning on the emulator, and how a run uses the file of kernel choices. */
@Timeout(300)
class TuneCommandTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void requireTheEmulator() {
        Assumptions.assumeFalse(FloatArray.class.getModule().isNamed(), "skipped: there is no emulator:0 under an SDK");
        EmulatedPlatform.configure(DeviceSpec.cpu().withoutRaceDetection());
    }

    @AfterEach
    void reset() {
        EmulatedPlatform.reset();
    }

    private Run tune(Path file, String... more) {
        String[] arguments = {
            "tune",
            "--device",
            "emulator:0",
            "-c",
            "16",
            "-b",
            "4",
            "--budget",
            "1s",
            "--kernel-choices",
            file.toString()
        };
        return CommandLineTest.run(
                Stream.of(arguments, more).flatMap(Stream::of).toArray(String[]::new));
    }

    private static Run generate(String... more) {
        String[] arguments = {
            "generate",
            "-p",
            "We",
            "-n",
            "3",
            "--temp",
            "0",
            "-c",
            "16",
            "-b",
            "4",
            "--stats",
            "none",
            "--device",
            "emulator:0"
        };
        return CommandLineTest.run(
                Stream.of(arguments, more).flatMap(Stream::of).toArray(String[]::new));
    }

    @Test
    void tunedKernelsAreUsedByTheNextStart() throws IOException {
        Path file = folder.resolve("kernels.json");
        Run tuned = tune(file);

        assertThat(tuned.code()).as(tuned.err()).isZero();
        assertThat(tuned.out())
                .contains(
                        "| linear q8_0 256 x 256, 1 token",
                        "| attention f32 8 heads of 32, 4 tokens",
                        "kept in " + file)
                .doesNotContain("quantize", "not used", "limits by its own kernels");
        int kernels = KernelChoiceFile.read(file).devices().getFirst().kernels().size();
        assertThat(kernels).isEqualTo(10);

        Run untuned = generate("--no-kernel-choices");
        Run used = generate("--kernel-choices", file.toString());
        assertThat(untuned.err()).doesNotContain("as tuned");
        assertThat(used.err()).contains("waterspout: emulator:0 runs " + kernels + " kernels as tuned, by " + file);
        assertThat(used.out()).isEqualTo(untuned.out());
    }

    @Test
    void codecKernelsAreTunedOnRequest() throws IOException {
        Path file = folder.resolve("kernels.json");
        Run first = tune(file, "--kernels", "mx", "--comm", "int8:32:e8m0");
        Run second = tune(file, "--kernels", "mx", "-tp", "2");

        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.out())
                .contains("quantize int8:32:e8m0 256 columns, 1 token", "dequantize-sum int8:32:e8m0 2 ranks")
                .doesNotContain("linear", "attention");
        assertThat(second.code()).as(second.err()).isZero();
        // The file keeps both entries.
        assertThat(KernelChoiceFile.read(file).devices().getFirst().kernels()).hasSize(8);
    }

    @Test
    void entriesOfOtherDevicesAreIgnoredWithAMessage() throws IOException {
        Path file = folder.resolve("kernels.json");
        assertThat(tune(file, "--kernels", "attention").code()).isZero();
        String text = Files.readString(file);
        Files.writeString(file, text.replaceAll("\"driver\": \"[^\"]*\"", "\"driver\": \"0\""));
        assertThat(generate("--kernel-choices", file.toString()).err())
                .contains(
                        "waterspout: file of kernel choices " + file + ": 2 choices for",
                        "are ignored: the driver is now")
                .doesNotContain("as tuned");

        Files.writeString(file, text.replaceAll("\"device\": \"[^\"]*\"", "\"device\": \"another\""));
        Run foreign = generate("--kernel-choices", file.toString());
        assertThat(foreign.code()).isZero();
        assertThat(foreign.err())
                .contains("nothing in it is for emulator:0", "it is of")
                .doesNotContain("as tuned");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        --device host                              | 2 | device host has no kernels to tune
        --budget soon                              | 2 | time 'soon'; it must be a whole number above 0 and ms, s, m \
        or h
        --budget 0s                                | 2 | time '0s'; it must be a whole number above 0
        --kernels conv                             | 2 | expected one of [MX, LINEAR, ATTENTION]
        --kernels mx --comm topk:8                 | 2 | wire format topk:8 is for the host only
        --kernels mx --comm f32                    | 2 | wire format f32 has no kernels to tune
        --no-kernel-choices --kernel-choices x     | 2 | both --kernel-choices x and --no-kernel-choices
        --no-kernel-profile --kernel-profile x     | 2 | both --kernel-choices x and --no-kernel-choices
        --device emulator:7                        | 4 | device 'emulator:7' is not available
        -m nothing.gguf                            | 3 | nothing.gguf
        """)
    void badInputIsOneSentence(String options, int code, String says) {
        Run run = CommandLineTest.run(Stream.concat(
                        Stream.of("tune"),
                        Stream.of(options.contains("--device") ? options : options + " --device emulator:0")
                                .flatMap(text -> Stream.of(text.split(" +"))))
                .toArray(String[]::new));

        assertThat(run.code()).as(run.err()).isEqualTo(code);
        assertThat(run.sentence()).contains(says);
    }

    @Test
    void anUnreadableFileEndsARunThatNamesIt() throws IOException {
        Path file = Files.writeString(folder.resolve("kernels.json"), "no JSON");
        Run run = generate("--kernel-choices", file.toString());

        assertThat(run.code()).isEqualTo(ExitCode.MODEL_OR_FILE);
        assertThat(run.sentence()).startsWith("waterspout: file of kernel choices " + file + " is not JSON: ");
    }
}

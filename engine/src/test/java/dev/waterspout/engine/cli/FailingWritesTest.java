package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waterspout.engine.cli.print.ExitCode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands whose output file cannot be written: the device has no space (ENOSPC), or the process has a limit of 8 KiB
 * per file ({@code ulimit -f}), which shortens one write and fails the next (EFBIG).
 */
@Timeout(120)
class FailingWritesTest {
    private static final String OLD = "the old content";

    @TempDir
    private Path folder;

    /** Arguments of a command that writes more than 8 KiB to {@code OUT}. */
    private List<String> arguments(String command, Path out) throws IOException {
        Path in = Files.write(folder.resolve("in.f32"), new byte[16 << 10]);
        return Arrays.stream(command.split(" "))
                .map(word -> switch (word) {
                    case "IN" -> in.toString();
                    case "OUT" -> out.toString();
                    default -> word;
                })
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "codec --format e2m1 IN OUT",
                "bench --make-model llama-110m:q4_0 OUT",
                "generate -p We -n 1 --temp 0 --stats none --profile OUT",
            })
    void aFullDeviceIsReportedInOneSentence(String command) throws IOException {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "no /dev/full here");
        CommandLineTest.Run run = CommandLineTest.run(arguments(command, full).toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.MODEL_OR_FILE);
        assertThat(run.err().lines().toList().getLast()).contains(full.toString());
        assertThat(run.err()).doesNotContain("\tat ");
        assertThat(full).exists();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "codec --format e2m1 IN OUT",
                "bench --make-model llama-110m:q4_0 OUT",
            })
    void aTruncatedWriteLeavesTheOldFile(String command) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh here");
        Path out = Files.writeString(folder.resolve("out"), OLD);
        List<String> process = new ArrayList<>(List.of("/bin/sh", "-c", "ulimit -f 16 && exec \"$@\"", "sh"));
        process.addAll(java());
        process.addAll(arguments(command, out));
        // The output goes to pipes, because the limit would also apply to files.
        Process child = new ProcessBuilder(process)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        child.getOutputStream().close();
        String err = new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        List<String> sentences =
                err.lines().filter(line -> !line.startsWith("WARNING")).toList();
        assertThat(child.exitValue()).as(err).isEqualTo(ExitCode.MODEL_OR_FILE);
        assertThat(sentences).hasSize(1);
        assertThat(sentences.getFirst()).contains(out.toString());
        assertThat(out).hasContent(OLD);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("in.f32", "out");
        }
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void sigtermRemovesTheUnfinishedFile() throws Exception {
        Path out = Files.writeString(folder.resolve("out"), OLD);
        List<String> process = new ArrayList<>(java());
        process.addAll(arguments("bench --make-model tinyllama-1.1b:f16 OUT", out));
        Process child = new ProcessBuilder(process)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            while (child.isAlive() && names().stream().noneMatch(name -> name.endsWith(".part"))) {
                Thread.sleep(5);
            }
            assertThat(child.isAlive())
                    .as("the command has not ended before the signal")
                    .isTrue();
            child.destroy(); // SIGTERM
            assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            child.destroyForcibly();
        }
        assertThat(child.exitValue()).isEqualTo(128 + 15);
        assertThat(out).hasContent(OLD);
        assertThat(names()).containsExactlyInAnyOrder("in.f32", "out");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static List<String> java() {
        return List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:-UsePerfData",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                ManagementFactory.getRuntimeMXBean().getClassPath(),
                Main.class.getName());
    }
}

package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.cli.file.KernelChoiceFile;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.files.FaultyFiles;
import dev.waterspout.kernels.files.FaultyFiles.Fault;
import dev.waterspout.kernels.testing.Pairwise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every command that writes a file, with injected faults of the file layer: it prints one sentence, keeps the old file
 * and leaves no other file.
 */
@Isolated("all files of the process fail")
@Timeout(120)
class FaultyWritesTest {
    private static final String OLD = "the old content";
    /** {@code OUT} is the output file. */
    private static final List<String> COMMANDS = List.of(
            "codec --format e2m1 IN OUT",
            "bench --make-model llama-110m:q4_0 OUT",
            "generate -p We -n 1 --temp 0 --stats none --profile OUT",
            "rotate MODEL OUT --basis hadamard --type f16",
            "report RESULTS -o OUT",
            "codec search -f TEXT --budget 5% --ctx 64 --chunks 2 --sample 64 --candidates 2 -o OUT");

    private static final byte[] MODEL = SmallModel.of("llama").bytes();

    @TempDir
    private Path folder;

    /** The format search measures for seconds before it writes, so the default tests inject one fault into it. */
    private static boolean isSlow(String command) {
        return command.startsWith("codec search");
    }

    static Stream<Arguments> failures() {
        Stream<Arguments> quick =
                COMMANDS.stream().filter(command -> !isSlow(command)).flatMap(command -> failures(command).stream());
        Stream<Arguments> slow = COMMANDS.stream()
                .filter(FaultyWritesTest::isSlow)
                .map(command -> failures(command).getFirst());
        return Stream.concat(quick, slow);
    }

    static Stream<Arguments> failuresOfSlowCommands() {
        return COMMANDS.stream()
                .filter(FaultyWritesTest::isSlow)
                .flatMap(command -> failures(command).stream().skip(1));
    }

    private static List<Arguments> failures(String command) {
        List<Arguments> all = new ArrayList<>();
        for (long after : new long[] {1, 0, 100}) {
            all.add(Arguments.of(command, Fault.NO_SPACE, after));
        }
        all.add(Arguments.of(command, Fault.IO_ERROR, 10));
        all.add(Arguments.of(command, Fault.FAILING_CLOSE, 0));
        all.add(Arguments.of(command, Fault.OUT_OF_MEMORY, 10));
        return all;
    }

    /** All commands except the one that writes millions of bytes one by one. */
    static Stream<String> shortCommands() {
        return COMMANDS.stream().filter(command -> !command.contains("--make-model") && !isSlow(command));
    }

    static Stream<String> slowCommands() {
        return COMMANDS.stream().filter(FaultyWritesTest::isSlow);
    }

    private Run run(String command, Path out) throws IOException {
        Path in = Files.write(folder.resolve("in.f32"), new byte[4 << 10]);
        Path model = Files.write(folder.resolve("in.gguf"), MODEL);
        Path text = Files.writeString(folder.resolve("text"), "All the world's a stage. ".repeat(60));
        Path results = Files.writeString(folder.resolve("results.json"), """
            [{"model": "m", "text": "t", "ranks": 2, "collective": "allgather", "formats": [
              {"format": "e2m1:32:e8m0", "bitsPerElement": 4.25, "increasePercent": 0.8,
               "increaseErrorPercent": 0.1}]}]
            """);
        return CommandLineTest.run(Arrays.stream(command.split(" "))
                .map(word -> switch (word) {
                    case "IN" -> in.toString();
                    case "MODEL" -> model.toString();
                    case "TEXT" -> text.toString();
                    case "RESULTS" -> results.toString();
                    case "OUT" -> out.toString();
                    default -> word;
                })
                .toArray(String[]::new));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("failuresOfSlowCommands")
    void anyFailureOfASlowCommandLeavesTheOldFile(String command, Fault fault, long after) throws IOException {
        aFailureLeavesTheOldFileAndNoTemporaryFile(command, fault, after);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailureLeavesTheOldFileAndNoTemporaryFile(String command, Fault fault, long after) throws IOException {
        Path out = Files.writeString(folder.resolve("out"), OLD);
        Run run;
        try (FaultyFiles faulty = new FaultyFiles(fault, after)) {
            run = run(command, out);
            assertThat(faulty.failures()).as(run.err()).isPositive();
        }
        boolean memory = fault == Fault.OUT_OF_MEMORY;
        assertThat(run.code()).as(run.err()).isEqualTo(memory ? ExitCode.DEVICE : ExitCode.MODEL_OR_FILE);
        String sentence = run.err().lines().toList().getLast();
        assertThat(sentence).startsWith("waterspout: ").contains(fault.reason());
        assertThat(run.err()).doesNotContain("\tat ");
        if (!memory) {
            assertThat(sentence).contains(out.toString());
        }
        assertThat(out).hasContent(OLD);
        assertThat(names()).containsExactlyInAnyOrder("in.f32", "in.gguf", "text", "results.json", "out");
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("slowCommands")
    void writesOfOneByteAtATimeWriteTheWholeFileOfASlowCommand(String command) throws IOException {
        writesOfOneByteAtATimeWriteTheWholeFile(command);
    }

    @ParameterizedTest
    @MethodSource("shortCommands")
    void writesOfOneByteAtATimeWriteTheWholeFile(String command) throws IOException {
        Path whole = folder.resolve("whole");
        Run expected = run(command, whole);
        assertThat(expected.code()).as(expected.err()).isZero();
        Path out = folder.resolve("out");
        try (FaultyFiles faulty = new FaultyFiles(Fault.SHORT_WRITE, 0)) {
            assertThat(run(command, out).code()).isZero();
            assertThat(faulty.files()).isPositive();
        }
        if (command.contains("--profile") || command.contains("search")) { // has times in it
            assertThat(Files.readString(out)).endsWith("}");
        } else {
            assertThat(Files.mismatch(out, whole)).isEqualTo(-1);
        }
    }

    @Test
    void anUnexpectedExceptionIsOneSentenceWithItsOrigin() throws IOException {
        Run run;
        try (FaultyFiles _ = new FaultyFiles(Fault.DEFECT, 10)) {
            run = run(COMMANDS.getFirst(), folder.resolve("out"));
        }
        assertThat(run.code()).isEqualTo(ExitCode.INTERNAL);
        assertThat(run.sentence())
                .startsWith("waterspout: a fault of this program, please report it: java.lang.IllegalStateException: "
                        + Fault.DEFECT.reason())
                .contains(", at dev.waterspout.");
        assertThat(names()).doesNotContain("out");
    }

    @Test
    void sourcesOfAnFpgaProjectAreReplacedFileByFile() throws IOException {
        Path project = folder.resolve("project");
        assertThat(CommandLineTest.run("fpga", "export", project.toString(), "--vendor", "intel")
                        .code())
                .isZero();
        List<String> before;
        try (Stream<Path> files = Files.walk(project)) {
            before = files.map(Path::toString).sorted().toList();
        }
        try (FaultyFiles faulty = new FaultyFiles(Fault.NO_SPACE, 5)) {
            Run run = CommandLineTest.run("fpga", "export", project.toString(), "--vendor", "intel");
            assertThat(run.code()).isEqualTo(ExitCode.MODEL_OR_FILE);
            assertThat(run.sentence()).contains(project.toString()).contains(Fault.NO_SPACE.reason());
            assertThat(faulty.files()).isOne();
        }
        try (Stream<Path> files = Files.walk(project)) {
            assertThat(files.map(Path::toString).sorted()).isEqualTo(before);
        }
    }

    @Test
    void kernelChoicesOfEarlierRunsStay() throws IOException {
        Path file = folder.resolve("kernels.json");
        new KernelChoiceFile(List.of()).write(file);
        byte[] before = Files.readAllBytes(file);
        try (FaultyFiles _ = new FaultyFiles(Fault.IO_ERROR, 3)) {
            assertThatThrownBy(() -> new KernelChoiceFile(List.of()).write(file))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file + ": " + Fault.IO_ERROR.reason());
        }
        assertThat(new String(before, StandardCharsets.UTF_8)).isEqualTo(Files.readString(file));
        assertThat(names()).containsExactly("kernels.json");
    }
}

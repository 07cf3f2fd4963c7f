package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.testing.ParallelTexts;
import dev.waterspout.kernels.testing.Pairwise;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The embedded model on several processes, started by Open MPI's mpirun as a user would. */
@Timeout(180)
class MpiGenerateTest {
    private static final List<String> PROMPT = List.of("generate", "-p", "We the people", "-n", "12", "--temp", "0");

    @TempDir
    private Path folder;

    /** Output and exit code of a group of processes. */
    private record Outcome(int code, String out, String err) {}

    @BeforeAll
    static void needsOpenMpi() {
        boolean found = false;
        try {
            Process version = new ProcessBuilder("mpirun", "--version")
                    .redirectErrorStream(true)
                    .start();
            found = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8).contains("Open MPI");
        } catch (IOException absent) {
            found = false;
        }
        assumeTrue(found, "no mpirun of Open MPI on the PATH");
    }

    private static Arguments combination(int ranks, int format, int collective, int first) {
        return Arguments.of(
                List.of(2, 4).get(ranks),
                List.of("f32", "e2m1:32:e8m0").get(format),
                List.of("allgather", "twostep").get(collective),
                List.of("1", ranks == 0 ? "3" : "2").get(first) + ",1".repeat(ranks == 0 ? 1 : 3));
    }

    static Stream<Arguments> pairs() {
        return Pairwise.of(2, 2, 2, 2).stream().map(each -> combination(each[0], each[1], each[2], each[3]));
    }

    static Stream<Arguments> combinations() {
        return IntStream.range(0, 16).mapToObj(bits -> combination(bits >> 3, bits >> 2 & 1, bits >> 1 & 1, bits & 1));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest(name = "{0} ranks, {1}, {2}, {3}")
    @MethodSource("combinations")
    void writesTheTextOfOneProcessInEveryCombination(int ranks, String format, String collective, String shares)
            throws Exception {
        writesTheTextOfOneProcess(ranks, format, collective, shares);
    }

    @ParameterizedTest(name = "{0} ranks, {1}, {2}, {3}")
    @MethodSource("pairs")
    void writesTheTextOfOneProcess(int ranks, String format, String collective, String shares) throws Exception {
        List<String> options = List.of("--comm", format, "--collective", collective, "-ts", shares, "--stats", "none");
        List<String> alone = new ArrayList<>(PROMPT);
        alone.addAll(options);
        alone.addAll(List.of("-tp", Integer.toString(ranks)));
        StringWriter text = new StringWriter();
        StringWriter errors = new StringWriter();
        int code = Main.run(alone.toArray(String[]::new), new PrintWriter(text), new PrintWriter(errors));
        assertThat(code).as(errors.toString()).isZero();

        Outcome together = mpirun(List.of("-np", Integer.toString(ranks)), options);
        assertThat(together.code).as(together.err).isZero();
        assertThat(together.out)
                .isEqualTo(text.toString())
                .startsWith("We the people")
                .hasSizeGreaterThan(20);
    }

    /** Rank 0 broadcasts steps of several sequences, block tables and copies of blocks. */
    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource({"f32, 3200, 0", "e2m1:32:e8m0, 3200, 1000"})
    void writesSixteenTextsThatAllFitIntoTheCache(String format, int cachePositions, int reuse) throws Exception {
        sixteenConcurrentTextsEqualThoseOfOneAtATime(format, cachePositions, reuse);
    }

    @ParameterizedTest
    @CsvSource("e2m1:32:e8m0, 640, 1000")
    void sixteenConcurrentTextsEqualThoseOfOneAtATime(String format, int cachePositions, int reuse) throws Exception {
        String alone = ParallelTexts.write(format, 1, 256, 0);
        List<String> command = new ArrayList<>(List.of("-np", "2"));
        command.addAll(java(
                ParallelTexts.class, List.of(format, "16", Integer.toString(cachePositions), Integer.toString(reuse))));
        Outcome together = run(command);
        assertThat(together.code).as(together.err).isZero();
        assertThat(together.out).isEqualTo(alone);
        assertThat(alone.lines().distinct()).hasSizeGreaterThan(8);
    }

    @Test
    void countsTheBytesOfEveryProcess() throws Exception {
        Outcome outcome = mpirun(List.of("-np", "2"), List.of("--stats", "json", "--comm", "e2m1"));
        assertThat(outcome.code).as(outcome.err).isZero();
        assertThat(outcome.err)
                .contains(
                        "\"transport\":\"mpi (",
                        "\"transport\":\"mpi\"",
                        "\"allgather\":{",
                        "\"control\":{",
                        "\"rank\":1");
    }

    /** Two runs score the text at the same time, on the same processes. */
    @Test
    void scoresATextAsOneProcessDoes() throws Exception {
        String speech = "Four score and seven years ago our fathers brought forth a new nation. ".repeat(4);
        Path text = Files.writeString(folder.resolve("text.txt"), speech);
        List<String> words = List.of("perplexity", "-f", text.toString(), "--ctx", "32", "--comm", "e2m1");
        List<String> alone = new ArrayList<>(words);
        alone.addAll(List.of("-tp", "2"));
        CommandLineTest.Run one = CommandLineTest.run(alone.toArray(String[]::new));
        assertThat(one.code()).as(one.err()).isZero();

        List<String> both = new ArrayList<>(List.of("-np", "2"));
        both.addAll(program(words, List.of()));
        Outcome together = run(both);
        assertThat(together.code).as(together.err).isZero();
        assertThat(figures(together.out)).isEqualTo(figures(one.out())).contains("ratio", "KL divergence");
    }

    /** The output without speeds and without the title, which names chunks if there is a link. */
    private static String figures(String out) {
        return out.lines().skip(1).filter(line -> !line.startsWith("tokens/s")).collect(Collectors.joining("\n"));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "--comm f32; --comm bf16; --comm 'bf16'; 'f32'",
                "-s 1; -s 2; --seed '2'; '1'",
            })
    void refusesProcessesWithOtherFormatsOrSeeds(String first, String second, String theirs, String ours)
            throws Exception {
        refusesProcessesWithOtherOptions(first, second, theirs, ours);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = "-tp 2; -ts 3,1; --tensor-split '[3.0, 1.0]'; '[1.0, 1.0]'")
    void refusesProcessesWithOtherOptions(String first, String second, String theirs, String ours) throws Exception {
        List<String> both = new ArrayList<>(List.of("-np", "1"));
        both.addAll(program(List.of(first.split(" "))));
        both.addAll(List.of(":", "-np", "1"));
        both.addAll(program(List.of(second.split(" "))));
        Outcome outcome = run(both);
        assertThat(outcome.code).as(outcome.err).isEqualTo(ExitCode.PEER);
        assertThat(outcome.err).contains("rank 1 has " + theirs, "and rank 0 has " + ours);
        assertThat(outcome.out).isEmpty();
    }

    @Test
    void everyProcessPrintsWhyOneProcessFailed() throws Exception {
        List<String> both = new ArrayList<>(List.of("-np", "1"));
        both.addAll(program(List.of()));
        both.addAll(List.of(":", "-np", "1"));
        both.addAll(program(List.of("-m", folder.resolve("absent.gguf").toString())));
        Outcome outcome = run(both);
        assertThat(outcome.code).as(outcome.err).isIn(ExitCode.PEER, ExitCode.MODEL_OR_FILE);
        assertThat(outcome.err).contains("rank 1 failed", "absent.gguf");
    }

    /** Messages are read from standard input, which the launcher gives to rank 0; the other process follows. */
    @Test
    void chatsAsOneProcessDoes() throws Exception {
        Path template = Files.writeString(
                folder.resolve("template.jinja"),
                "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}<|assistant|>");
        List<String> words = List.of("chat", "--chat-template", template.toString(), "-n", "12", "--temp", "0");
        List<String> one = new ArrayList<>(List.of("-np", "1"));
        one.addAll(program(words, List.of()));
        List<String> two = new ArrayList<>(List.of("-np", "2"));
        two.addAll(program(words, List.of("--comm", "f32")));
        String typed = "Hello there\nAnd again\n/exit\n";
        Outcome alone = run(one, typed);
        assertThat(alone.code).as(alone.err).isZero();
        Outcome together = run(two, typed);
        assertThat(together.code).as(together.err).isZero();
        assertThat(together.out).isEqualTo(alone.out).hasSizeGreaterThan(20);
    }

    private Outcome mpirun(List<String> launch, List<String> options) throws Exception {
        List<String> command = new ArrayList<>(launch);
        command.addAll(program(options));
        return run(command);
    }

    private Outcome run(List<String> processes) throws Exception {
        return run(processes, "");
    }

    private Outcome run(List<String> processes, String typed) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "mpirun",
                "--allow-run-as-root",
                "--oversubscribe",
                "--bind-to",
                "none",
                "--mca",
                "mpi_yield_when_idle",
                "1"));
        command.addAll(processes);
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("HWLOC_COMPONENTS", "-opencl");
        builder.environment().put("UCX_ERROR_SIGNALS", "");
        Process process = builder.start();
        try (OutputStream input = process.getOutputStream()) {
            input.write(typed.getBytes(StandardCharsets.UTF_8));
        }
        if (!process.waitFor(150, TimeUnit.SECONDS)) {
            process.destroy();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static List<String> program(List<String> options) {
        return program(PROMPT, options);
    }

    private static List<String> program(List<String> words, List<String> options) {
        List<String> arguments = new ArrayList<>(words);
        arguments.addAll(options);
        return java(Main.class, arguments);
    }

    private static List<String> java(Class<?> main, List<String> arguments) {
        String java = ProcessHandle.current().info().command().orElse("java");
        String classPath = ManagementFactory.getRuntimeMXBean().getClassPath();
        List<String> command = new ArrayList<>(Arrays.asList(
                java,
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                main.getName()));
        command.addAll(arguments);
        return command;
    }
}

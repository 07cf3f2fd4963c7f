package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.StandardOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts are never interpreted, and output that cannot be written ends the run. */
@Timeout(120)
class PromptAndOutputTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-hello",
                "-5 degrees",
                "--- title",
                "--help",
                "@file",
                "${env:PATH}",
                "${sys:user.home} %s",
                "-n",
                "\"quoted\" 'text'"
            })
    void aPromptIsNotInterpreted(String prompt) {
        Run run = CommandLineTest.run("generate", "-n", "1", "--temp", "0", "--stats", "none", "-p", prompt);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).startsWith(prompt);
        Run joined = CommandLineTest.run("generate", "--prompt=" + prompt, "-n", "1", "--temp", "0", "--stats", "none");
        assertThat(joined.out()).isEqualTo(run.out());
    }

    @Test
    void aPromptFileThatIsNotUtf8IsRead() throws IOException {
        Path file = Files.write(folder.resolve("p.txt"), new byte[] {'G', 'r', (byte) 0xfc, (byte) 0xdf, 'e'});
        Run run = CommandLineTest.run("generate", "-f", file.toString(), "-n", "1", "--temp", "0", "--stats", "none");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).startsWith("Gr\uFFFD\uFFFDe");
    }

    private static int runTo(String failure, StringWriter err, String... arguments) {
        PrintWriter out = StandardOutput.writer(new OutputStream() {
            private int written;

            @Override
            public void write(int value) throws IOException {
                if (++written > 20) {
                    throw new IOException(failure);
                }
            }
        });
        return Main.run(arguments, out, new PrintWriter(err));
    }

    private static int generateTo(String failure, StringWriter err) {
        String arguments = "generate -p We -n 3000 -c 4000 --temp 0 --stats none";
        return runTo(failure, err, arguments.split(" "));
    }

    @Test
    void aDiskThatIsFullEndsTheRunWithOneSentence() {
        StringWriter err = new StringWriter();
        assertThat(generateTo("No space left on device", err)).isEqualTo(ExitCode.MODEL_OR_FILE);
        assertThat(err.toString().strip())
                .isEqualTo("waterspout: standard output cannot be written: No space left on device");
    }

    @Test
    void aClosedPipeEndsTheRunWithoutAMessage() {
        StringWriter err = new StringWriter();
        assertThat(generateTo("Broken pipe", err)).isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpThatCannotBeWrittenIsAnErrorToo() {
        StringWriter err = new StringWriter();
        assertThat(runTo("Broken pipe", err, "bench", "--help")).isZero();
        assertThat(err.toString()).isEmpty();
        assertThat(runTo("No space left on device", err, "bench", "--help")).isEqualTo(ExitCode.MODEL_OR_FILE);
        assertThat(err.toString().strip())
                .isEqualTo("waterspout: standard output cannot be written: No space left on device");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c 2147483647", "-c 2000000000 -tp 2", "-c 2000000000 --cache-type f16"})
    void aContextThatDoesNotFitIsRefusedWithTheMemoryThatItNeeds(String options) {
        Run run = CommandLineTest.run(("generate -p x -n 1 " + options).split(" "));
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.DEVICE);
        assertThat(run.sentence()).contains("GB of memory", "available", "--ctx-size");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-t 20000", "-tp 2000000000"})
    void numbersOfThreadsAndRanksAreLimited(String options) {
        Run run = CommandLineTest.run(("generate -p x -n 1 " + options).split(" "));
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.sentence()).contains("it must be within 1 to 4096");
    }
}

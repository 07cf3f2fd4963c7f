package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class RotateCommandTest {
    @TempDir
    private Path folder;

    private Path model() throws IOException {
        return Files.write(folder.resolve("in.gguf"), SmallModel.of("llama").bytes());
    }

    private Run rotate(String... options) throws IOException {
        String[] all = new String[options.length + 3];
        all[0] = "rotate";
        all[1] = model().toString();
        all[2] = folder.resolve("out.gguf").toString();
        System.arraycopy(options, 0, all, 3, options.length);
        return CommandLineTest.run(all);
    }

    @Test
    void writesAModelThatRuns() throws IOException {
        String text = Files.writeString(folder.resolve("t.txt"), "All the world's a stage. ".repeat(60))
                .toString();
        assertThat(rotate("--basis", "hadamard", "--type", "f16").code()).isZero();
        Run inspected = CommandLineTest.run("inspect", "-m", folder.resolve("out.gguf") + "");
        assertThat(inspected.out()).contains("F16").contains("output.weight");
        assertThat(rotate("--basis", "pca", "-f", text).code()).isZero();
        assertThat(CommandLineTest.run("perplexity", "-m", folder.resolve("out.gguf") + "", "-f", text, "--ctx", "64")
                        .code())
                .isZero();
    }

    @Test
    void refusesInOneSentence() throws IOException {
        assertRefused(rotate("--basis", "pca"), 2, "--basis pca needs one with -f FILE");
        assertRefused(rotate("--basis", "pca", "-f", "absent.txt"), 3, "absent.txt is not a file");
        assertRefused(rotate("--basis", "hadamard", "--type", "q4_0"), 2, "type 'q4_0' is not f32, f16 or q8_0");
        assertRefused(rotate("--basis", "fourier"), 2, "fourier");
        assertThat(folder.resolve("out.gguf")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "phi3, tensor blk.0.attn_qkv.weight cannot be rotated",
        "gemma2, tensor blk.0.post_attention_norm.weight cannot be rotated",
        "qwen3moe, tensor blk.0.ffn_gate_inp.weight cannot be rotated",
        "deepseek2, tensor blk.0.attn_q_a.weight cannot be rotated",
        "commandr, architecture 'command-r' cannot be rotated"
    })
    void namesTheArchitectureOrTensorThatCannotBeRotated(String name, String says) {
        Path file = TestData.require("arch/" + name + ".gguf");
        Path target = folder.resolve("out.gguf");
        assertRefused(
                CommandLineTest.run(
                        "rotate", file.toString(), target.toString(), "--basis", "hadamard", "--type", "f32"),
                3,
                says);
        assertThat(target).doesNotExist();
    }

    private static void assertRefused(Run run, int code, String part) {
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.sentence()).contains(part);
    }
}

package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.codec.PayloadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Exit codes: 2 for an option, 3 for the model's file, 4 for memory, 5 for a peer. Each failure prints one sentence.
 */
@Timeout(60)
class ExitCodeTest {
    /** 13,421,773 heads of 320 elements: in 32 bits the product overflows to 64, which is the model's width. */
    private static final int WRAPPING_HEADS = 13_421_773;

    @TempDir
    private Path folder;

    private static SmallModel llama() {
        return SmallModel.of("llama");
    }

    private static SmallModel damaged(String tensor, float value) {
        SmallModel model = llama();
        Arrays.fill(model.values(tensor), value);
        return model;
    }

    static Stream<Arguments> damagedModels() {
        return Stream.of(
                Arguments.of("width", llama().put("embedding_length", 2 * SmallModel.WIDTH)),
                Arguments.of("more tokens than rows", llama().tensor("token_embd.weight", 1, SmallModel.WIDTH, 100)),
                Arguments.of("NaN weights", damaged("blk.0.ffn_down.weight", Float.NaN)),
                Arguments.of("infinite weights", damaged("output.weight", Float.POSITIVE_INFINITY)),
                Arguments.of("NaN norm", damaged("output_norm.weight", Float.NaN)),
                Arguments.of("odd head dimension", SmallModel.of("llama", 7)),
                Arguments.of("head dimension 1", SmallModel.of("llama", 1)),
                Arguments.of("head dimension 0", llama().put("attention.key_length", 0)),
                Arguments.of("other head dimension", llama().put("attention.key_length", 16)),
                Arguments.of("no heads", llama().put("attention.head_count", 0)),
                Arguments.of("heads that do not divide", llama().put("attention.head_count", 7)),
                Arguments.of("KV heads that do not divide", llama().put("attention.head_count_kv", 3)),
                Arguments.of(
                        "product that overflows to the right width",
                        llama().put("attention.head_count", WRAPPING_HEADS)
                                .put("attention.head_count_kv", WRAPPING_HEADS)
                                .put("attention.key_length", 320)
                                .put("attention.value_length", 320)
                                .put("rope.dimension_count", 320)),
                Arguments.of("layers", llama().put("block_count", 16_384)),
                Arguments.of("too many layers", llama().put("block_count", 16_000_000)),
                Arguments.of("FFN width", llama().put("feed_forward_length", 16_777_216)),
                Arguments.of("huge width", llama().put("embedding_length", Integer.MAX_VALUE)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damagedModels")
    void faultsOfTheModelHaveExitCode3(String what, SmallModel model) throws IOException {
        Path file = Files.write(folder.resolve("model.gguf"), model.bytes());
        Path text = Files.writeString(folder.resolve("text"), "We the people of the United States".repeat(9));
        for (List<String> command : List.of(
                List.of("generate", "-p", "We", "-n", "3", "--stats", "none"),
                List.of("generate", "-p", "We", "-n", "3", "--stats", "none", "--temp", "0", "-tp", "2"),
                List.of("perplexity", "-f", text.toString(), "--ctx", "32", "-tp", "2"))) {
            Run run = CommandLineTest.run(Stream.concat(command.stream(), Stream.of("-m", file.toString()))
                    .toArray(String[]::new));
            assertOneSentence(run, ExitCode.MODEL_OR_FILE);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-t 20000",
                "-tp 2000000000",
                "-tp 4097",
                "-tp -1",
                "-b 0",
                "-c -1",
                "-tp 2 --comm e9m9",
                "-tp 9",
                "-tp 2 -ts 1,0"
            })
    void impossibleOptionsHaveExitCode2(String options) {
        String[] arguments = ("generate -p We -n 1 " + options).split(" ");
        assertOneSentence(CommandLineTest.run(arguments), ExitCode.USAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c 2147483647", "-c 2147483647 -b 2147483647", "-c 2147483647 -tp 4 --cache-type f16"})
    void missingMemoryHasExitCode4(String options) {
        String[] arguments = ("generate -p We -n 1 " + options).split(" ");
        assertOneSentence(CommandLineTest.run(arguments), ExitCode.DEVICE);
    }

    @Test
    void payloadsThatNoEncoderWritesHaveExitCode5() {
        assertThat(ExitCode.of(new PayloadException("row 0 keeps column 7, but has 5 columns")))
                .isEqualTo(ExitCode.PEER);
    }

    private static void assertOneSentence(Run run, int code) {
        assertThat(run.code()).as(run.err()).isEqualTo(code);
        assertThat(run.err().lines().filter(line -> line.startsWith("waterspout: ")))
                .as(run.err())
                .hasSize(1);
        assertThat(run.err()).doesNotContain("\tat ");
    }
}

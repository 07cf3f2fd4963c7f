package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import dev.waterspout.engine.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files whose names and texts contain control characters that would move the cursor, colour the terminal or begin a
 * new line.
 */
class HostileTextTest {
    private static final String HOSTILE = "\u001b[2J\u009b31m\r\nwaterspout: all is well\u202e";

    @TempDir
    private Path folder;

    private static Arguments file(String what, Consumer<GgufWriter> content) {
        return Arguments.of(what, content);
    }

    static Stream<Arguments> files() {
        return Stream.of(
                file("architecture", writer -> writer.put("general.architecture", HOSTILE)),
                file("type", writer -> writer.put("general.type", "adapter").put("general.architecture", HOSTILE)),
                file("key", writer -> writer.put(HOSTILE, HOSTILE)),
                file("tokenizer", writer -> llama(writer).put("tokenizer.ggml.model", HOSTILE)),
                file(
                        "pre-tokenizer",
                        writer -> llama(writer)
                                .put("tokenizer.ggml.model", "gpt2")
                                .put("tokenizer.ggml.pre", HOSTILE)
                                .put("tokenizer.ggml.tokens", List.of(HOSTILE))
                                .put("tokenizer.ggml.merges", List.of(HOSTILE.replace(" ", "")))
                                .put("tokenizer.ggml.token_type", GgufValue.Numbers.ofInts(1))),
                file("tensor", HostileTextTest::llama),
                file(
                        "split",
                        writer -> writer.put("split.count", new GgufValue.Int(GgufValueType.UINT16, 2))
                                .put("general.name", HOSTILE)));
    }

    private static GgufWriter llama(GgufWriter writer) {
        return writer.put("general.architecture", "llama")
                .put("general.name", HOSTILE)
                .put("llama.embedding_length", 8L)
                .put("llama.block_count", 1L)
                .put("llama.feed_forward_length", 8L)
                .put("llama.attention.head_count", 1L)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .tensor("token_embd.weight", GgmlType.F32, List.of(8L, 1L), zeros(8))
                .tensor("blk.0." + HOSTILE, GgmlType.F32, List.of(8L), zeros(8));
    }

    private static GgufWriter.TensorData zeros(int count) {
        return sink -> sink.write(MemorySegment.ofArray(new byte[count * Float.BYTES]));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void commandsPrintNoControlCharactersOfAFile(String what, Consumer<GgufWriter> content) throws IOException {
        Path path = folder.resolve("hostile.gguf");
        GgufWriter writer = new GgufWriter();
        content.accept(writer);
        writer.write(path);

        for (List<String> command : List.of(
                List.of("inspect", "-m", path.toString()),
                List.of("generate", "-p", "a", "-m", path.toString()),
                List.of("perplexity", "-f", path.toString(), "-m", path.toString()))) {
            Run run = CommandLineTest.run(command.toArray(String[]::new));
            assertThat(run.code()).isEqualTo(ExitCode.MODEL_OR_FILE);
            String printed = run.out() + run.err();
            assertThat(printed.lines()).noneMatch(line -> line.startsWith("waterspout: all is well"));
            assertThat(printed.codePoints().filter(point -> point != '\n' && point != '\t'))
                    .noneMatch(point -> Character.isISOControl(point) || Character.getType(point) == Character.FORMAT);
        }
    }
}

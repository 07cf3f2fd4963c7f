package dev.waterspout.engine.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FileKindTest {
    @TempDir
    private Path folder;

    static Stream<Arguments> kinds() {
        return Stream.of(
                Arguments.of("adapter", "llama", "x", "an adapter (LoRA)"),
                Arguments.of("model", "llama", "blk.0.attn_q.weight.lora_a", "an adapter (LoRA)"),
                Arguments.of("mmproj", "clip", "v.patch_embd.weight", "a projector of a multimodal model"),
                Arguments.of("model", "clip", "v.patch_embd.weight", "\"clip\""),
                Arguments.of("imatrix", "", "blk.0.attn_q.weight.in_sum2", "an importance matrix"),
                Arguments.of("model", "llama", "output_norm.weight", "a vocabulary without a model"));
    }

    @ParameterizedTest(name = "{3}")
    @MethodSource("kinds")
    void namesTheKindOfAFileWithoutALanguageModel(String type, String architecture, String tensor, String says)
            throws IOException {
        Path path = folder.resolve("other.gguf");
        new GgufWriter()
                .put("general.type", type)
                .put("general.architecture", architecture)
                .put("tokenizer.ggml.tokens", List.of("a"))
                .tensor(tensor, GgmlType.F32, List.of(1L), sink -> sink.write(MemorySegment.ofArray(new byte[4])))
                .write(path);

        try (GgufFile file = GgufFile.open(path)) {
            assertThatThrownBy(() -> new Model(file).close())
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("other.gguf holds no language model but ")
                    .hasMessageContaining(says);
        }
    }
}

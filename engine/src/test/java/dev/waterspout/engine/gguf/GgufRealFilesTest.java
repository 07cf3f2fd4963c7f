package dev.waterspout.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.testing.TestData;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that other programs wrote. */
class GgufRealFilesTest {
    @ParameterizedTest
    @CsvSource({
        "stories260K.gguf, 48, 19",
        "types/tb-q4_K.gguf, 11, 19",
        "types/tb-q6_K.gguf, 11, 19",
        "orator-f32.gguf, 38, 22",
        "orator-f16.gguf, 38, 22",
        "orator-q8_0.gguf, 38, 22"
    })
    void readsEveryTensorAndKey(String name, int tensors, int keys) {
        try (GgufFile file = GgufFile.open(TestData.require(name))) {
            assertThat(file.version()).isEqualTo(3);
            assertThat(file.name()).endsWith(Path.of(name).getFileName().toString());
            assertThat(file.tensors()).hasSize(tensors);
            assertThat(file.metadata().keys()).hasSize(keys);
            assertThat(file.metadata().string("general.architecture")).hasValue("llama");
            long last = file.tensors().stream()
                    .mapToLong(tensor -> tensor.offset() + tensor.bytes())
                    .max()
                    .orElseThrow();
            assertThat(file.fileBytes() - last).isBetween(0L, 31L);
        }
    }

    @Test
    void readsTheOddMetadataOfStories() {
        try (GgufFile file = GgufFile.open(TestData.require("stories260K.gguf"))) {
            GgufMetadata metadata = file.metadata();
            assertThat(metadata.integer("llama.context_length")).hasValue(128);
            assertThat(metadata.integer("tokenizer.ggml.padding_token_id")).hasValue(4_294_967_295L);
            assertThat(metadata.strings("tokenizer.ggml.tokens").orElseThrow()).hasSize(512);
            assertThat(metadata.floats("tokenizer.ggml.scores").orElseThrow()).hasSize(512);
            assertThat(metadata.integers("tokenizer.ggml.token_type").orElseThrow())
                    .hasSize(512);
        }
    }

    @Test
    void readsTheShapesOfOrator() {
        try (GgufFile file = GgufFile.open(TestData.require("orator-q8_0.gguf"))) {
            GgufTensor embedding = file.tensor("token_embd.weight").orElseThrow();
            assertThat(embedding.type()).isEqualTo(GgmlType.Q8_0);
            assertThat(embedding.dimensions()).isEqualTo(List.of(256L, 2048L));
            assertThat(embedding.shape()).isEqualTo("256 x 2048");
            assertThat(embedding.columns()).isEqualTo(256);
            assertThat(embedding.rows()).isEqualTo(2048);
            assertThat(embedding.rowBytes()).isEqualTo(256 / 32 * 34);
            assertThat(embedding.bytes()).isEqualTo(2048 * embedding.rowBytes());
            assertThat(file.data(embedding).byteSize()).isEqualTo(embedding.bytes());
        }
    }
}

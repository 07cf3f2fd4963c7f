package dev.waterspout.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.kernels.host.HostKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class SyntheticModelTest {
    @ParameterizedTest
    @ValueSource(strings = {"llama-110m:q8_0", "llama-110m:q4_0"})
    void writesAModelThatRuns(String name, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.gguf");
        SyntheticModel.parse(name).write(file);
        try (Model model = new Model(GgufFile.open(file));
                RankGroup group = Groups.start(model, 2, List.of(), "e2m1:32:e8m0", 16, 16, HostKernels.vector())) {
            assertThat(model.config().layers()).isEqualTo(12);
            float[] logits = Groups.logits(group, model.tokenizer().encode("a b"));
            assertThat(logits).hasSize(32_000).doesNotContain(Float.NaN);
            assertThat(logits[0]).isNotEqualTo(logits[1]);
        }
    }

    @Test
    void keepsAnExistingFileUntilAllIsWritten(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("model.gguf"), "precious");
        SyntheticModel broken = new SyntheticModel(SyntheticModel.Shape.LLAMA_110M, GgmlType.Q4_K);
        assertThatThrownBy(() -> broken.write(file)).isInstanceOf(IllegalArgumentException.class);
        assertThat(file).hasContent("precious");
        assertThat(folder).isDirectoryContaining(path -> path.equals(file));
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tinyllama-1.1b", "tinyllama-1.1b:q4_k", "gpt:q8_0"})
    void refusesUnknownNames(String name) {
        assertThatThrownBy(() -> SyntheticModel.parse(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tinyllama-1.1b")
                .hasMessageContaining("q4_0");
    }
}

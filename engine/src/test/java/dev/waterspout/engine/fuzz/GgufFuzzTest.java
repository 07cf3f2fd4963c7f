package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.engine.gguf.GgufException;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelException;
import dev.waterspout.engine.tokenizer.TokenizerException;
import java.io.ByteArrayInputStream;

/** A GGUF file of arbitrary bytes is read, or refused with one sentence. */
class GgufFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void isReadOrRefused(byte[] bytes) {
        try (GgufFile file = GgufFile.read("fuzzed", new ByteArrayInputStream(bytes))) {
            for (GgufTensor tensor : file.tensors()) {
                assertThat(file.data(tensor).byteSize()).isEqualTo(tensor.bytes());
            }
            model(file);
        } catch (GgufException refused) {
            assertThat(refused.getMessage()).isNotBlank();
        }
    }

    private static void model(GgufFile file) {
        try {
            Model model = new Model(file);
            assertThat(model.config().layers()).isPositive();
        } catch (ModelException | TokenizerException | GgufException refused) {
            assertThat(refused.getMessage()).isNotBlank();
        }
    }
}

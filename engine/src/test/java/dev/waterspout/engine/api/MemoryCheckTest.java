package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.kernels.testing.TestData;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class MemoryCheckTest {
    @Test
    void aFileThatDoesNotFitIsRefusedBeforeItIsRead() {
        try (GgufFile file = GgufFile.open(TestData.require("stories260K.gguf"))) {
            assertThatThrownBy(() -> MemoryCheck.requireFile(file, OptionalLong.of(file.fileBytes() - 1)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessage(file.name() + " needs 0.00 GB of memory without a mapping, and 0.00 GB are available;"
                            + " a mapped file needs none of its own");
            assertThatCode(() -> MemoryCheck.requireFile(file, OptionalLong.of(file.fileBytes())))
                    .doesNotThrowAnyException();
            assertThatCode(() -> MemoryCheck.requireFile(file, OptionalLong.empty()))
                    .doesNotThrowAnyException();
        }
    }
}

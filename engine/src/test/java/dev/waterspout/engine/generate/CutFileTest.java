package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.gguf.GgufException;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.host.HostKernels;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model file that is truncated or replaced while the model runs. */
@Timeout(60)
@EnabledOnOs({OS.LINUX, OS.MAC})
class CutFileTest {
    private static final int[] PROMPT = {1, 70, 71};

    @TempDir
    private Path folder;

    private Path model() throws IOException {
        return Files.write(folder.resolve("model.gguf"), SmallModel.of("llama").bytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aTruncatedFileIsReportedBeforeItsWeightsAreRead(int ranks) throws IOException {
        Path path = model();
        long size = Files.size(path);
        try (Model model = new Model(GgufFile.open(path));
                RankGroup group = Groups.start(model, ranks, "f32", HostKernels.vector())) {
            assertThat(Groups.logits(group, PROMPT)).isNotEmpty();
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
                file.truncate(1000);
            }
            assertThatThrownBy(() -> Groups.logits(group, PROMPT))
                    .isInstanceOf(GgufException.class)
                    .hasMessage(path + ": was cut to 1000 bytes while it was used; it had " + size)
                    .satisfies(cut -> assertThat(ExitCode.of(cut)).isEqualTo(ExitCode.MODEL_OR_FILE));
        }
    }

    /** Tools replace a file by renaming another one; the mapping of the old file stays readable. */
    @Test
    void aFileThatIsReplacedStaysInUse() throws IOException {
        Path path = model();
        try (Model model = new Model(GgufFile.open(path));
                RankGroup group = Groups.start(model, 2, "f32", HostKernels.vector())) {
            float[] before = Groups.logits(group, PROMPT);
            Path other = Files.writeString(folder.resolve("other"), "another file");
            Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
            assertThat(Groups.logits(group, PROMPT)).isEqualTo(before);
        }
    }

    @Test
    void aFileTruncatedAfterItWasCopiedStaysInUse() throws IOException {
        Path path = model();
        try (Model mapped = new Model(GgufFile.open(path));
                Model copied = Waterspout.openInMemory(path);
                RankGroup ofFile = Groups.start(mapped, 2, "f32", HostKernels.vector());
                RankGroup ofCopy = Groups.start(copied, 2, "f32", HostKernels.vector())) {
            float[] before = Groups.logits(ofFile, PROMPT);
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
                file.truncate(1000);
            }
            assertThat(Groups.logits(ofCopy, PROMPT)).isEqualTo(before);
            assertThatThrownBy(() -> mapped.file().copy())
                    .isInstanceOf(GgufException.class)
                    .hasMessageStartingWith(path + ": was cut to 1000 bytes while it was read; it had ");
        }
    }

    @Test
    void aCopyHasTheBytesOfTheFile() throws IOException {
        try (GgufFile file = GgufFile.open(model());
                GgufFile copy = file.copy()) {
            assertThat(copy.digest()).isEqualTo(file.digest());
            for (GgufTensor tensor : file.tensors()) {
                assertThat(copy.data(tensor).mismatch(file.data(tensor))).isEqualTo(-1);
                assertThat(copy.data(tensor).isMapped()).isFalse();
            }
        }
    }
}

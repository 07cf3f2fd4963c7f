package dev.waterspout.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in three files, two tensors in each. */
class GgufSplitTest {
    private static final int PARTS = 3;

    @TempDir
    private Path folder;

    @BeforeEach
    void writeParts() throws IOException {
        for (int part = 0; part < PARTS; part++) {
            write(part, part, PARTS, 2 * PARTS, "tensor" + 2 * part, "tensor" + (2 * part + 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void anyPartOpensTheWholeModel(int given) {
        try (GgufFile file = GgufFile.open(path(given));
                GgufFile other = GgufFile.open(path(0))) {
            assertThat(file.parts()).isEqualTo(PARTS);
            assertThat(file.metadata().string("general.name")).hasValue("part 0");
            assertThat(file.tensors())
                    .extracting(GgufTensor::name)
                    .containsExactly("tensor0", "tensor1", "tensor2", "tensor3", "tensor4", "tensor5");
            for (GgufTensor tensor : file.tensors()) {
                assertThat(file.tensor(tensor.name())).hasValue(tensor);
                assertThat(file.data(tensor).toArray(ValueLayout.JAVA_BYTE))
                        .containsOnly((byte) tensor.name().charAt(6));
            }
            assertThat(file.fileBytes()).isEqualTo(size(0) + size(1) + size(2));
            assertThat(file.digest()).isEqualTo(other.digest());
        }
    }

    @Test
    void namesEveryMissingPart() throws IOException {
        Files.delete(path(0));
        Files.delete(path(2));

        refused(path(1))
                .hasMessageContaining("part 2 of a model that was split into 3")
                .hasMessageContaining("no tiny-00001-of-00003.gguf, no tiny-00003-of-00003.gguf");
    }

    @Test
    void needsTheNumbersInTheName() throws IOException {
        Path renamed = Files.copy(path(1), folder.resolve("model.gguf"));
        Path misnumbered = Files.copy(path(1), folder.resolve("x-00003-of-00003.gguf"));

        refused(renamed).hasMessageContaining("model.gguf").hasMessageContaining("must end in -00002-of-00003.gguf");
        refused(misnumbered).hasMessageContaining("must end in -00002-of-00003.gguf");
    }

    @Test
    void refusesAnotherPartInThePlaceOfOne() throws IOException {
        Files.delete(path(2));
        Files.copy(path(1), path(2));

        refused(path(0))
                .hasMessageContaining("tiny-00003-of-00003.gguf")
                .hasMessageContaining("part 2 of 3 by its metadata; part 3 of 3 is needed");
    }

    @Test
    void refusesAPartOfAnotherModel() throws IOException {
        write(2, 2, PARTS, 2 * PARTS, "tensor4");

        refused(path(0)).hasMessageContaining("split.tensors.count is 6").hasMessageContaining("5 tensors");
    }

    @Test
    void refusesATensorThatTwoPartsHave() throws IOException {
        write(2, 2, PARTS, 2 * PARTS, "tensor4", "tensor0");

        refused(path(0)).hasMessageContaining("\"tensor0\"").hasMessageContaining("tiny-00001-of-00003.gguf");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 100_000})
    void refusesACountOutOfRange(int count) throws IOException {
        write(0, 0, count, 2, "tensor0");

        refused(path(0)).hasMessageContaining("split.count is " + count);
    }

    @Test
    void aPartCannotBeReadFromAStream() throws IOException {
        ByteArrayInputStream stream = new ByteArrayInputStream(Files.readAllBytes(path(0)));

        assertThatThrownBy(() -> GgufFile.read("stream", stream).close())
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("one part of a split model of 3");
    }

    private void write(int place, int number, int count, int tensors, String... names) throws IOException {
        GgufWriter writer = new GgufWriter()
                .put("general.name", "part " + place)
                .put("split.no", new GgufValue.Int(GgufValueType.UINT16, number))
                .put("split.count", new GgufValue.Int(GgufValueType.INT32, count))
                .put("split.tensors.count", new GgufValue.Int(GgufValueType.INT32, tensors));
        for (String name : names) {
            byte[] data = new byte[16];
            java.util.Arrays.fill(data, (byte) name.charAt(6));
            writer.tensor(name, GgmlType.F32, List.of(4L), sink -> sink.write(MemorySegment.ofArray(data)));
        }
        writer.write(path(place));
    }

    private Path path(int part) {
        return folder.resolve("tiny-%05d-of-%05d.gguf".formatted(part + 1, PARTS));
    }

    private long size(int part) {
        return path(part).toFile().length();
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> refused(Path path) {
        return assertThatThrownBy(() -> GgufFile.open(path).close()).isInstanceOf(GgufException.class);
    }
}

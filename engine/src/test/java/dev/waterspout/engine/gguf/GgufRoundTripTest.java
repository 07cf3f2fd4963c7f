package dev.waterspout.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A written file is read back unchanged: every metadata type, every tensor type, both versions. */
class GgufRoundTripTest {
    private static final int VERSION_OFFSET = 4;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void keepsMetadataOfEveryType(int version) throws IOException {
        Map<String, GgufValue> values = everyType();
        GgufWriter writer = new GgufWriter();
        values.forEach(writer::put);

        try (GgufFile file = GgufFile.open(write(writer, version))) {
            assertThat(file.version()).isEqualTo(version);
            assertThat(file.tensors()).isEmpty();
            assertThat(file.metadata().keys()).containsExactlyElementsOf(values.keySet());
            values.forEach((key, value) ->
                    assertThat(file.metadata().value(key)).as(key).hasValue(value));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void keepsTensorsOfEveryType(int version) throws IOException {
        GgufWriter writer = new GgufWriter();
        List<byte[]> contents = new ArrayList<>();
        Random random = new Random(11);
        for (GgmlType type : GgmlType.values()) {
            List<Long> dimensions = List.of(2L * type.blockElements(), 3L, 1L, 2L);
            byte[] content = new byte[(int) type.bytes(12L * type.blockElements())];
            random.nextBytes(content);
            contents.add(content);
            writer.tensor("blk." + type, type, dimensions, sink -> writeInPieces(content, sink));
        }

        Path path = write(writer, version);
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.fileBytes()).isEqualTo(Files.size(path));
            assertThat(file.tensors()).extracting(GgufTensor::type).containsExactly(GgmlType.values());
            int index = 0;
            for (GgufTensor tensor : file.tensors()) {
                assertThat(file.tensor(tensor.name())).hasValue(tensor);
                assertThat(tensor.offset() % 32).isZero();
                assertThat(tensor.dimensions())
                        .containsExactly(2L * tensor.type().blockElements(), 3L, 1L, 2L);
                assertThat(tensor.rows()).isEqualTo(6);
                assertThat(tensor.rows() * tensor.rowBytes()).isEqualTo(tensor.bytes());
                MemorySegment data = file.data(tensor);
                assertThat(data.isReadOnly()).isTrue();
                assertThat(data.toArray(ValueLayout.JAVA_BYTE))
                        .as(tensor.name())
                        .isEqualTo(contents.get(index++));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {8, 32, 64, 4096})
    void honoursTheAlignment(long alignment) throws IOException {
        GgufWriter writer = new GgufWriter().put("general.alignment", alignment);
        for (String name : List.of("a", "b")) {
            writer.tensor(name, GgmlType.I8, List.of(9L), sink -> sink.write(MemorySegment.ofArray(new byte[9])));
        }

        try (GgufFile file = GgufFile.open(write(writer, 3))) {
            long first = file.tensor("a").orElseThrow().offset();
            long second = file.tensor("b").orElseThrow().offset();
            assertThat(first % alignment).isZero();
            assertThat(second - first).isEqualTo(Math.max(alignment, 16));
        }
    }

    @Test
    void acceptsTensorsInAnyOrderWithGaps() {
        byte[] bytes = GgufBytes.header(3, 3, 0)
                .tensor("last", 0, 192, 8)
                .tensor("first", 0, 0, 8)
                .tensor("middle", 0, 96, 8)
                .data(32, 224)
                .build();

        try (GgufFile file = read(bytes)) {
            assertThat(file.tensors()).extracting(GgufTensor::name).containsExactly("last", "first", "middle");
        }
    }

    @Test
    void readsOddButRealMetadata() throws IOException {
        GgufWriter writer = new GgufWriter()
                .put("llama.context_length", 0)
                .put("tokenizer.ggml.padding_token_id", 4_294_967_295L)
                .put("tokenizer.ggml.seperator_token_id", 2)
                .put("tokenizer.ggml.precompiled", List.of());

        try (GgufFile file = GgufFile.open(write(writer, 3))) {
            GgufMetadata metadata = file.metadata();
            assertThat(metadata.integer("llama.context_length")).hasValue(0);
            assertThat(metadata.integer("tokenizer.ggml.padding_token_id")).hasValue(4_294_967_295L);
            assertThat(metadata.integer("tokenizer.ggml.seperator_token_id")).hasValue(2);
            assertThat(metadata.strings("tokenizer.ggml.precompiled")).hasValue(List.of());
            assertThat(metadata.integer("llama.vocab_size")).isEmpty();
        }
    }

    @Test
    void replacesMalformedUtf8() {
        byte[] bytes = GgufBytes.header(3, 0, 1)
                .key("key", GgufValueType.ARRAY)
                .u32(GgufValueType.STRING.id())
                .u64(2)
                .u64(3)
                .raw('a', 0xff, 'b')
                .string("\u00e9\u6c34\ud83c\udf0a")
                .build();

        try (GgufFile file = read(bytes)) {
            assertThat(file.metadata().strings("key")).hasValue(List.of("a\ufffdb", "\u00e9\u6c34\ud83c\udf0a"));
        }
    }

    @Test
    void readsAVocabulary() throws IOException {
        List<String> tokens =
                IntStream.range(0, 131_072).mapToObj(i -> "\u0120token" + i).toList();

        try (GgufFile file = GgufFile.open(write(new GgufWriter().put("tokenizer.ggml.tokens", tokens), 3))) {
            assertThat(file.metadata().strings("tokenizer.ggml.tokens")).hasValue(tokens);
        }
    }

    @Test
    void readsAStreamLikeAFile() throws IOException {
        byte[] content = new byte[3 << 20];
        new Random(3).nextBytes(content);
        GgufWriter writer = new GgufWriter()
                .put("general.name", "stream")
                .tensor("t", GgmlType.I8, List.of(3L << 20), sink -> sink.write(MemorySegment.ofArray(content)));
        byte[] bytes = bytes(writer);
        InputStream inTwo = new SequenceInputStream(
                new ByteArrayInputStream(bytes, 0, 1000), new ByteArrayInputStream(bytes, 1000, bytes.length - 1000));

        try (GgufFile file = GgufFile.read("resource", inTwo)) {
            assertThat(file.name()).isEqualTo("resource");
            assertThat(file.fileBytes()).isEqualTo(bytes.length);
            assertThat(file.data(file.tensor("t").orElseThrow()).toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(content);
        }
    }

    @Test
    void boundsAStream() {
        byte[] bytes = MalformedGgufs.sample().build();
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.read("resource", new ByteArrayInputStream(bytes), bytes.length - 1)
                        .close())
                .withMessage("resource: is longer than the " + (bytes.length - 1) + " bytes allowed for a stream");
        GgufFile.read("resource", new ByteArrayInputStream(bytes), bytes.length).close();
    }

    @Test
    void reportsAStreamThatFails() {
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the cable is cut");
            }

            @Override
            public int read(byte[] bytes, int start, int length) throws IOException {
                throw new IOException("the cable is cut");
            }
        };
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.read("resource", failing).close())
                .withMessage("resource: cannot be read: the cable is cut");
    }

    @Test
    void endsItsSegmentsWhenClosed() {
        GgufFile file = read(MalformedGgufs.sample().build());
        MemorySegment data = file.data(file.tensor("first").orElseThrow());
        assertThat(data.byteSize()).isEqualTo(64);

        file.close();
        file.close();

        assertThatIllegalStateException().isThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0));
        assertThat(file.metadata().strings("tokenizer.ggml.tokens")).hasValue(List.of("<s>", "the"));
    }

    @Test
    void refusesTheTensorOfAnotherFile() {
        try (GgufFile file = read(MalformedGgufs.sample().build())) {
            GgufTensor stranger = new GgufTensor("first", GgmlType.F32, List.of(8L, 2L), 0, 64);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> file.data(stranger))
                    .withMessageContaining("\"first\"")
                    .withMessageContaining("memory.gguf");
        }
    }

    @ParameterizedTest
    @CsvSource({"63, 'only 63'", "65, more"})
    void refusesDataOfAnotherSizeThanDeclared(int size, String says) {
        GgufWriter writer = new GgufWriter()
                .tensor("t", GgmlType.I8, List.of(64L), sink -> sink.write(MemorySegment.ofArray(new byte[size])));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bytes(writer))
                .withMessageContaining("must have 64 bytes")
                .withMessageContaining(says);
    }

    @Test
    void refusesFilesThatCouldNotBeReadBack() {
        GgufWriter.TensorData none = sink -> {};
        GgufWriter writer = new GgufWriter().put("key", 1).tensor("t", GgmlType.F32, List.of(1L), none);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.put("key", 2))
                .withMessageContaining("\"key\"");
        assertThatIllegalArgumentException().isThrownBy(() -> writer.put("", 2)).withMessageContaining("1 to 65535");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.put("big", 1L << 32))
                .withMessageContaining("4294967296");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.put("general.alignment", 64))
                .withMessageContaining("before the first tensor");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GgufWriter().put("general.alignment", 12))
                .withMessageContaining("power of two");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("t", GgmlType.F32, List.of(1L), none))
                .withMessageContaining("\"t\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("u", GgmlType.Q4_K, List.of(128L), none))
                .withMessageContaining("multiple of 256");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("u", GgmlType.F32, List.of(1L, 1L, 1L, 1L, 1L), none))
                .withMessageContaining("1 to 4");
    }

    private static Map<String, GgufValue> everyType() {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        long[] extremes = {0, 255, -128, 127, 65_535, -32_768, 0xffff_ffffL, Integer.MIN_VALUE, Long.MIN_VALUE, -1};
        for (GgufValueType type : GgufValueType.values()) {
            if (!type.isInteger()) {
                continue;
            }
            long[] fitting = Arrays.stream(extremes).filter(v -> fits(type, v)).toArray();
            for (long value : fitting) {
                values.put(type + "=" + value, new GgufValue.Int(type, value));
            }
            values.put(type + "[]", GgufValue.Numbers.ofLongs(type, fitting));
        }
        values.put("float32", new GgufValue.Real(GgufValueType.FLOAT32, 1e-5f));
        values.put("float32 NaN", new GgufValue.Real(GgufValueType.FLOAT32, Double.NaN));
        values.put("float64", new GgufValue.Real(GgufValueType.FLOAT64, Math.PI));
        values.put("true", new GgufValue.Bool(true));
        values.put("false", new GgufValue.Bool(false));
        values.put("string", new GgufValue.Text("caf\u00e9 \ud83c\udf0a\n"));
        values.put("empty string", new GgufValue.Text(""));
        values.put("strings", new GgufValue.Strings(List.of("", "a", "\u6c34")));
        values.put("floats", GgufValue.Numbers.ofFloats(-1000f, 0f, Float.MIN_VALUE));
        values.put("doubles", GgufValue.Numbers.ofDoubles(Double.MAX_VALUE, -0.0));
        values.put("bools", GgufValue.Numbers.ofBools(true, false, true));
        values.put("empty floats", GgufValue.Numbers.ofFloats());
        values.put("empty strings", new GgufValue.Strings(List.of()));
        GgufValue.Array inner = GgufValue.Numbers.ofInts(1, 2, 3);
        GgufValue.Arrays nested = new GgufValue.Arrays(List.of(inner, new GgufValue.Strings(List.of("x"))));
        values.put("nested", nested);
        values.put("nested 4 deep", new GgufValue.Arrays(List.of(new GgufValue.Arrays(List.of(nested)))));
        values.put("empty nested", new GgufValue.Arrays(List.of()));
        return values;
    }

    private static boolean fits(GgufValueType type, long value) {
        return switch (type) {
            case UINT8 -> value >= 0 && value <= 255;
            case INT8 -> value == (byte) value;
            case UINT16 -> value >= 0 && value <= 65_535;
            case INT16 -> value == (short) value;
            case UINT32 -> value >= 0 && value <= 0xffff_ffffL;
            case INT32 -> value == (int) value;
            default -> true;
        };
    }

    private static void writeInPieces(byte[] content, GgufWriter.Sink sink) throws IOException {
        int half = content.length / 2;
        MemorySegment all = MemorySegment.ofArray(content);
        sink.write(all.asSlice(0, half));
        sink.write(all.asSlice(half));
    }

    private Path write(GgufWriter writer, int version) throws IOException {
        Path path = folder.resolve("written.gguf");
        writer.write(path);
        byte[] bytes = Files.readAllBytes(path);
        bytes[VERSION_OFFSET] = (byte) version;
        Files.write(path, bytes);
        return path;
    }

    private static byte[] bytes(GgufWriter writer) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.write(Channels.newChannel(out));
        return out.toByteArray();
    }

    private static GgufFile read(byte[] bytes) {
        return GgufFile.read("memory.gguf", new ByteArrayInputStream(bytes));
    }
}

package dev.waterspout.benchmarks.ttft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistributedLlamaModelTest {
    private static final int WIDTH = 32;
    private static final int FFN = 64;
    private static final int KV = 16;
    private static final int VOCABULARY = 300;

    @TempDir
    private Path folder = Path.of("");

    private Path source = Path.of("");
    private Path target = Path.of("");

    @BeforeEach
    void name() {
        source = folder.resolve("a.gguf");
        target = folder.resolve("a.m");
    }

    /** Elements of each tensor, all equal to its number in this order. */
    private static Map<String, List<Long>> shapes() {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        shapes.put("token_embd.weight", List.of((long) WIDTH, (long) VOCABULARY));
        shapes.put("blk.0.attn_q.weight", List.of((long) WIDTH, (long) WIDTH));
        shapes.put("blk.0.attn_k.weight", List.of((long) WIDTH, (long) KV));
        shapes.put("blk.0.attn_v.weight", List.of((long) WIDTH, (long) KV));
        shapes.put("blk.0.attn_output.weight", List.of((long) WIDTH, (long) WIDTH));
        shapes.put("blk.0.ffn_gate.weight", List.of((long) WIDTH, (long) FFN));
        shapes.put("blk.0.ffn_down.weight", List.of((long) FFN, (long) WIDTH));
        shapes.put("blk.0.ffn_up.weight", List.of((long) WIDTH, (long) FFN));
        shapes.put("blk.0.attn_norm.weight", List.of((long) WIDTH));
        shapes.put("blk.0.ffn_norm.weight", List.of((long) WIDTH));
        shapes.put("output_norm.weight", List.of((long) WIDTH));
        shapes.put("output.weight", List.of((long) WIDTH, (long) VOCABULARY));
        return shapes;
    }

    private static int elements(List<Long> shape) {
        return Math.toIntExact(shape.stream().reduce(1L, (a, b) -> a * b));
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static MemorySegment filled(GgmlType type, int elements, float value) {
        ByteBuffer bytes = buffer(Math.toIntExact(type.bytes(elements)));
        while (bytes.hasRemaining()) {
            if (type == GgmlType.F32) {
                bytes.putFloat(value);
            } else {
                bytes.put((byte) value);
            }
        }
        return MemorySegment.ofBuffer(bytes.flip());
    }

    /** One unknown, two control tokens, and words. */
    private static int[] types() {
        int[] types = new int[VOCABULARY];
        Arrays.fill(types, 1);
        types[0] = 2;
        types[1] = 3;
        types[2] = 3;
        return types;
    }

    private void writeSource(GgmlType type) throws IOException {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int token = tokens.size(); token < VOCABULARY; token++) {
            tokens.add("\u2581" + token);
        }
        GgufWriter writer = new GgufWriter()
                .put("general.architecture", "llama")
                .put("llama.context_length", 128)
                .put("llama.embedding_length", WIDTH)
                .put("llama.block_count", 1)
                .put("llama.feed_forward_length", FFN)
                .put("llama.attention.head_count", 2)
                .put("llama.attention.head_count_kv", 1)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .put("tokenizer.ggml.model", "llama")
                .put("tokenizer.ggml.tokens", tokens)
                .put("tokenizer.ggml.scores", GgufValue.Numbers.ofFloats(new float[VOCABULARY]))
                .put("tokenizer.ggml.token_type", GgufValue.Numbers.ofInts(types()))
                .put("tokenizer.ggml.unknown_token_id", 0)
                .put("tokenizer.ggml.bos_token_id", 1)
                .put("tokenizer.ggml.eos_token_id", 2);
        float[] number = {0};
        shapes().forEach((name, shape) -> {
            GgmlType own = shape.size() == 1 ? GgmlType.F32 : type;
            MemorySegment data = filled(own, elements(shape), ++number[0]);
            writer.tensor(name, own, shape, sink -> sink.write(data));
        });
        writer.write(source);
    }

    private ByteBuffer written() throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(target)).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void tensorsFollowTheHeaderInDistributedLlamasOrder() throws IOException {
        writeSource(GgmlType.F32);
        DistributedLlamaModel.writeModel(source, target);
        ByteBuffer bytes = written();
        assertThat(bytes.getInt()).isEqualTo(0xA00ABCD);
        Map<Integer, Integer> header = new LinkedHashMap<>();
        for (int pairs = (bytes.getInt() - 2 * Integer.BYTES) / (2 * Integer.BYTES); pairs > 0; pairs--) {
            header.put(bytes.getInt(), bytes.getInt());
        }
        assertThat(header)
                .containsEntry(2, WIDTH)
                .containsEntry(3, FFN)
                .containsEntry(4, 1)
                .containsEntry(5, 2)
                .containsEntry(6, 1)
                .containsEntry(9, VOCABULARY)
                .containsEntry(13, 0)
                .containsEntry(19, KV);
        float number = 0;
        for (List<Long> shape : shapes().values()) {
            number++;
            float[] values = new float[elements(shape)];
            bytes.asFloatBuffer().get(values);
            bytes.position(bytes.position() + values.length * Float.BYTES);
            float[] expected = new float[values.length];
            Arrays.fill(expected, number);
            assertThat(values).isEqualTo(expected);
        }
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @Test
    void fourBitBlocksAreUnchangedAndTheEmbeddingIsExpanded() throws IOException {
        writeSource(GgmlType.Q4_0);
        DistributedLlamaModel.writeModel(source, target);
        long matrices = shapes().values().stream()
                .filter(shape -> shape.size() == 2)
                .skip(1)
                .mapToLong(shape -> GgmlType.Q4_0.bytes(elements(shape)))
                .sum();
        long floats = (long) Float.BYTES * (WIDTH * VOCABULARY + 3 * WIDTH);
        byte[] bytes = written().array();
        int header = written().getInt(Integer.BYTES);
        assertThat(bytes).hasSize(Math.toIntExact(header + matrices + floats));
        int query = header + Float.BYTES * WIDTH * VOCABULARY;
        byte[] expected = new byte[Math.toIntExact(GgmlType.Q4_0.bytes((long) WIDTH * WIDTH))];
        Arrays.fill(expected, (byte) 2);
        assertThat(Arrays.copyOfRange(bytes, query, query + expected.length)).isEqualTo(expected);
    }

    @Test
    void otherTypesAreRefused() throws IOException {
        writeSource(GgmlType.Q8_0);
        assertThatThrownBy(() -> DistributedLlamaModel.writeModel(source, target))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has weights of Q8_0")
                .hasMessageContaining("takes F32 or Q4_0");
        assertThat(target).doesNotExist();
    }

    @Test
    void everyPrintableCharacterIsAToken() throws IOException {
        writeSource(GgmlType.F32);
        DistributedLlamaModel.writeVocabulary(source, target);
        ByteBuffer bytes = written();
        assertThat(bytes.getInt()).isEqualTo(0x567124);
        bytes.position(bytes.getInt());
        List<String> tokens = new ArrayList<>();
        while (bytes.hasRemaining()) {
            assertThat(bytes.getFloat()).isZero();
            byte[] text = new byte[bytes.getInt()];
            bytes.get(text);
            tokens.add(new String(text, StandardCharsets.US_ASCII));
        }
        assertThat(tokens)
                .hasSize(VOCABULARY)
                .doesNotHaveDuplicates()
                .startsWith(" ", "!")
                .contains("a", "~");
    }
}

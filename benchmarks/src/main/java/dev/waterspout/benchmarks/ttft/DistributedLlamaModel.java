package dev.waterspout.benchmarks.ttft;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Architectures;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.kernels.files.FileReplacement;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.WeightMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Converts a GGUF model of the Llama architecture to the files of distributed-llama: weights ({@code .m}) and
 * vocabulary ({@code .t}). The bits of the weights do not change: its Q40 block is GGUF's Q4_0, and the rows of queries
 * and keys have the same order. The vocabulary has every printable ASCII character as a token, so that a prompt has one
 * token per character and one token at its beginning.
 */
final class DistributedLlamaModel {
    private static final int MODEL_MAGIC = 0xA00ABCD;
    private static final int VOCABULARY_MAGIC = 0x567124;
    private static final int LLAMA = 0xABCD00;
    private static final int SILU = 1;

    /** The numbers of its tensor types, by GGUF's types. */
    private static final Map<GgmlType, Integer> TYPES = Map.of(GgmlType.F32, 0, GgmlType.Q4_0, 2);

    private static final float EPSILON = 1e-5f;
    private static final int EPSILON_EXPONENT = 5;

    /** A key of a header. */
    private interface HeaderKey {
        int number();
    }

    /** Keys of the weights' header. */
    private enum Key implements HeaderKey {
        VERSION(0),
        ARCHITECTURE(1),
        WIDTH(2),
        FFN_WIDTH(3),
        LAYERS(4),
        HEADS(5),
        KV_HEADS(6),
        EXPERTS(7),
        ACTIVE_EXPERTS(8),
        VOCABULARY(9),
        CONTEXT(10),
        ACTIVATION(11),
        ROPE_BASE(12),
        WEIGHT_TYPE(13),
        HEAD_DIM(19),
        EPSILON_EXPONENT(20);

        private final int number;

        Key(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }
    }

    /** Keys of the vocabulary's header. */
    private enum VocabularyKey implements HeaderKey {
        VERSION(0),
        SIZE(1),
        LONGEST_TOKEN(2),
        BEGIN(3),
        TEXT_HAS_BEGIN(10);

        private final int number;

        VocabularyKey(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }
    }

    private DistributedLlamaModel() {}

    /**
     * Writes the weights as a whole file.
     *
     * @param source GGUF model whose matrices are all F32 or all Q4_0
     * @throws IOException if the target cannot be written
     * @throws IllegalArgumentException if distributed-llama does not support the model
     */
    static void writeModel(Path source, Path target) throws IOException {
        try (Model model = new Model(GgufFile.open(source))) {
            FileReplacement.write(target, channel -> writeModel(model, channel));
        }
    }

    private static void writeModel(Model model, WritableByteChannel channel) throws IOException {
        ModelConfig config = model.config();
        RopeConfig rope = config.ropes().getFirst();
        GgmlType type =
                model.file().tensor(TensorRole.ATTN_Q.name(0)).orElseThrow().type();
        Integer number = TYPES.get(type);
        boolean plainLlama = config.architecture().equals(Architectures.LLAMA)
                && rope.equals(new RopeConfig(config.headDim(), rope.pairing(), rope.base()))
                && model.ropeFactors(config.contextLength()).isEmpty();
        if (number == null || config.epsilon() != EPSILON || !plainLlama) {
            throw new IllegalArgumentException(model.file().name() + " has weights of " + type + ", an epsilon of "
                    + config.epsilon() + " and the architecture " + config.architecture()
                    + "; distributed-llama takes F32 or Q4_0, " + EPSILON + ", and a LLAMA without scaled positions");
        }
        Header header = new Header(MODEL_MAGIC);
        header.put(Key.VERSION, 0);
        header.put(Key.ARCHITECTURE, LLAMA);
        header.put(Key.WIDTH, config.width());
        header.put(Key.FFN_WIDTH, config.ffnWidth());
        header.put(Key.LAYERS, config.layers());
        header.put(Key.HEADS, config.heads());
        header.put(Key.KV_HEADS, config.kvHeads());
        header.put(Key.EXPERTS, 0);
        header.put(Key.ACTIVE_EXPERTS, 0);
        header.put(Key.VOCABULARY, config.vocabulary());
        header.put(Key.CONTEXT, config.contextLength());
        header.put(Key.ACTIVATION, SILU);
        header.put(Key.ROPE_BASE, (int) rope.base());
        header.put(Key.WEIGHT_TYPE, number);
        header.put(Key.HEAD_DIM, config.headDim());
        header.put(Key.EPSILON_EXPONENT, EPSILON_EXPONENT);
        FileReplacement.writeFully(header.bytes(), channel);
        writeEmbedding(model.embedding(), channel);
        for (int layer = 0; layer < config.layers(); layer++) {
            for (TensorRole role : List.of(
                    TensorRole.ATTN_Q,
                    TensorRole.ATTN_K,
                    TensorRole.ATTN_V,
                    TensorRole.ATTN_OUTPUT,
                    TensorRole.FFN_GATE,
                    TensorRole.FFN_DOWN,
                    TensorRole.FFN_UP)) {
                writeDense(model.matrix(role, layer), channel);
            }
            write(channel, model.vector(TensorRole.ATTN_NORM, layer).orElseThrow());
            write(channel, model.vector(TensorRole.FFN_NORM, layer).orElseThrow());
        }
        write(channel, model.outputNorm());
        writeDense(model.output(), channel);
    }

    /** Writes the embedding, which is always f32 in this format. */
    private static void writeEmbedding(WeightMatrix table, WritableByteChannel channel) throws IOException {
        HostKernels kernels = HostKernels.scalar();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate((long) table.columns() * Float.BYTES, Float.BYTES);
            for (int i = 0; i < table.rows(); i++) {
                kernels.embed(table, i, row, 0);
                write(channel, row);
            }
        }
    }

    private static void writeDense(WeightMatrix matrix, WritableByteChannel channel) throws IOException {
        for (int row = 0; row < matrix.rows(); row++) {
            write(channel, matrix.rowSlice(row, row + 1).data());
        }
    }

    /** Writes a vocabulary of the same size as the source's. */
    static void writeVocabulary(Path source, Path target) throws IOException {
        int size;
        try (Model model = new Model(GgufFile.open(source))) {
            size = model.config().vocabulary();
        }
        FileReplacement.write(target, channel -> {
            int begin = size - 1; // distributed-llama takes all tokens before the begin-of-sequence token as text
            Header header = new Header(VOCABULARY_MAGIC);
            header.put(VocabularyKey.VERSION, 1);
            header.put(VocabularyKey.SIZE, size);
            header.put(VocabularyKey.LONGEST_TOKEN, filler(size).length());
            header.put(VocabularyKey.BEGIN, begin);
            header.put(VocabularyKey.TEXT_HAS_BEGIN, 1);
            FileReplacement.writeFully(header.bytes(), channel);
            for (int token = 0; token < size; token++) {
                char character = (char) (' ' + token);
                byte[] text = (character <= '~' ? String.valueOf(character) : filler(token))
                        .getBytes(StandardCharsets.US_ASCII);
                ByteBuffer bytes = buffer(Float.BYTES + Integer.BYTES + text.length);
                FileReplacement.writeFully(
                        bytes.putFloat(0).putInt(text.length).put(text).flip(), channel);
            }
        });
    }

    /** {@return the text of a token that never occurs} */
    private static String filler(int token) {
        return "\u0001" + token;
    }

    /** A header: a magic number, its length in bytes, and pairs of a key and a value. */
    private record Header(int magic, List<Integer> pairs) {
        Header(int magic) {
            this(magic, new ArrayList<>());
        }

        void put(HeaderKey key, int value) {
            pairs.add(key.number());
            pairs.add(value);
        }

        ByteBuffer bytes() {
            int size = (2 + pairs.size()) * Integer.BYTES;
            ByteBuffer bytes = buffer(size).putInt(magic).putInt(size);
            pairs.forEach(bytes::putInt);
            return bytes.flip();
        }
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void write(WritableByteChannel channel, MemorySegment segment) throws IOException {
        FileReplacement.writeFully(segment.asByteBuffer(), channel);
    }
}

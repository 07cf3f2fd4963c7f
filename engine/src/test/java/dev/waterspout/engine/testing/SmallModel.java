package dev.waterspout.engine.testing;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.model.Model;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/**
 * A model of a few layers with random weights in any architecture, and its weights as arrays. Tensors are f32 unless
 * {@link #half} is called.
 */
public final class SmallModel {
    /** Tokens: three special ones, all bytes, one word. */
    public static final int VOCABULARY = 260;

    public static final int WIDTH = 64;
    public static final int LAYERS = 2;
    public static final int HEADS = 8;
    public static final int KV_HEADS = 4;
    public static final int FFN = 160;
    public static final int CONTEXT = 64;

    private final String architecture;
    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Set<String> halves = new HashSet<>();
    private final Random random = new Random(42);
    private int headDim = WIDTH / HEADS;

    /** Dimensions, columns first, and values. */
    private record Tensor(List<Long> shape, FloatBuffer values) {}

    private SmallModel(String architecture) {
        this.architecture = architecture;
    }

    /** A model with the tensors that every architecture has, and a separate output head. */
    public static SmallModel of(String architecture) {
        return of(architecture, WIDTH / HEADS);
    }

    /** The same with a head size that may differ from width / heads. */
    public static SmallModel of(String architecture, int headDim) {
        SmallModel model = new SmallModel(architecture);
        model.headDim = headDim;
        model.put("context_length", CONTEXT)
                .put("embedding_length", WIDTH)
                .put("block_count", LAYERS)
                .put("feed_forward_length", FFN)
                .put("attention.head_count", HEADS)
                .put("attention.head_count_kv", KV_HEADS)
                .put("attention.layer_norm_rms_epsilon", 1e-5f);
        if (headDim != WIDTH / HEADS) {
            model.put("attention.key_length", headDim).put("attention.value_length", headDim);
        }
        model.tensor("token_embd.weight", 1, WIDTH, VOCABULARY);
        model.tensor("output_norm.weight", 1, WIDTH);
        model.tensor("output.weight", 0.2, WIDTH, VOCABULARY);
        for (int layer = 0; layer < LAYERS; layer++) {
            model.layer(layer);
        }
        return model;
    }

    private void layer(int layer) {
        String prefix = "blk." + layer + ".";
        tensor(prefix + "attn_norm.weight", 1, WIDTH);
        tensor(prefix + "attn_q.weight", 0.2, WIDTH, HEADS * headDim);
        tensor(prefix + "attn_k.weight", 0.2, WIDTH, KV_HEADS * headDim);
        tensor(prefix + "attn_v.weight", 0.2, WIDTH, KV_HEADS * headDim);
        tensor(prefix + "attn_output.weight", 0.2, HEADS * headDim, WIDTH);
        tensor(prefix + "ffn_norm.weight", 1, WIDTH);
        tensor(prefix + "ffn_gate.weight", 0.2, WIDTH, FFN);
        tensor(prefix + "ffn_up.weight", 0.2, WIDTH, FFN);
        tensor(prefix + "ffn_down.weight", 0.2, FFN, WIDTH);
    }

    /** Adds layers without biases and head norms, up to a number of layers. */
    public SmallModel withLayers(int layers) {
        for (int layer = LAYERS; layer < layers; layer++) {
            layer(layer);
        }
        return put("block_count", layers);
    }

    /** Stores a tensor as F16; {@link #values} are those before rounding. */
    public SmallModel half(String name) {
        halves.add(name);
        return this;
    }

    /** Adds biases on Q, K and V. */
    public SmallModel withBiases() {
        for (int layer = 0; layer < LAYERS; layer++) {
            tensor("blk." + layer + ".attn_q.bias", 0.5, HEADS * headDim);
            tensor("blk." + layer + ".attn_k.bias", 0.5, KV_HEADS * headDim);
            tensor("blk." + layer + ".attn_v.bias", 0.5, KV_HEADS * headDim);
        }
        return this;
    }

    /** Adds norms on every head of Q and K. */
    public SmallModel withHeadNorms() {
        for (int layer = 0; layer < LAYERS; layer++) {
            tensor("blk." + layer + ".attn_q_norm.weight", 1, headDim);
            tensor("blk." + layer + ".attn_k_norm.weight", 1, headDim);
        }
        return this;
    }

    /** Adds the frequency factors of Llama 3.1. */
    public SmallModel withRopeFactors() {
        float[] factors = new float[headDim / 2];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = 1 + i;
        }
        tensors.put("rope_freqs.weight", new Tensor(List.of((long) factors.length), FloatBuffer.wrap(factors)));
        return this;
    }

    /** Removes the output head, so that the embedding table serves as the head. */
    public SmallModel tied() {
        return without("output.weight");
    }

    /** Removes a tensor. */
    public SmallModel without(String name) {
        tensors.remove(name);
        return this;
    }

    /** Sets a metadata key below the architecture's prefix; int, float, or string. */
    public SmallModel put(String key, Object value) {
        metadata.put(key, value);
        return this;
    }

    /** Removes a metadata key below the architecture's prefix. */
    public SmallModel drop(String key) {
        metadata.remove(key);
        return this;
    }

    /** Adds a tensor of random values around 0 with the given spread; norms are around 1. */
    public SmallModel tensor(String name, double spread, int... dimensions) {
        int count = 1;
        List<Long> shape = new ArrayList<>();
        for (int dimension : dimensions) {
            count *= dimension;
            shape.add((long) dimension);
        }
        float[] values = new float[count];
        boolean norm = name.contains("norm");
        for (int i = 0; i < count; i++) {
            values[i] = (float) (norm ? 1 + 0.2 * random.nextGaussian() : spread * random.nextGaussian());
        }
        tensors.put(name, new Tensor(List.copyOf(shape), FloatBuffer.wrap(values)));
        return this;
    }

    public float[] values(String name) {
        return Objects.requireNonNull(tensors.get(name)).values.array();
    }

    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    public int headDim() {
        return headDim;
    }

    /** The bytes of the GGUF file. */
    public byte[] bytes() {
        GgufWriter writer = new GgufWriter().put("general.architecture", architecture);
        metadata.forEach((key, value) -> {
            String full = architecture + "." + key;
            switch (value) {
                case Integer number -> writer.put(full, (long) number);
                case Float number -> writer.put(full, (float) number);
                case String text -> writer.put(full, text);
                default -> throw new IllegalArgumentException("value " + value);
            }
        });
        vocabulary(writer);
        tensors.forEach((name, tensor) -> {
            float[] values = tensor.values.array();
            boolean half = halves.contains(name);
            writer.tensor(
                    name,
                    half ? GgmlType.F16 : GgmlType.F32,
                    tensor.shape,
                    sink -> sink.write(half ? halves(values) : singles(values)));
        });
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            writer.write(Channels.newChannel(out));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return out.toByteArray();
    }

    private static MemorySegment singles(float[] values) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
        MemorySegment.copy(values, 0, bytes, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
        return bytes;
    }

    private static MemorySegment halves(float[] values) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Short.BYTES]);
        for (int i = 0; i < values.length; i++) {
            bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, (long) i * Short.BYTES, Float.floatToFloat16(values[i]));
        }
        return bytes;
    }

    /** The model, read from memory. */
    public Model load() {
        return new Model(GgufFile.read("small " + architecture, new ByteArrayInputStream(bytes())));
    }

    private static void vocabulary(GgufWriter writer) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        int[] types = new int[VOCABULARY];
        types[0] = 2;
        types[1] = 3;
        types[2] = 3;
        for (int value = 0; value < 256; value++) {
            types[tokens.size()] = 6;
            tokens.add(String.format(Locale.ROOT, "<0x%02X>", value));
        }
        types[tokens.size()] = 1;
        tokens.add("\u2581the");
        writer.put("tokenizer.ggml.model", "llama")
                .put("tokenizer.ggml.tokens", tokens)
                .put("tokenizer.ggml.scores", GgufValue.Numbers.ofFloats(new float[VOCABULARY]))
                .put("tokenizer.ggml.token_type", GgufValue.Numbers.ofInts(types));
    }
}

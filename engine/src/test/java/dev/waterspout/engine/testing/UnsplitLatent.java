package dev.waterspout.engine.testing;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.model.Latent;
import dev.waterspout.engine.model.Model;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Converts a model with latent attention to the older form of file: one tensor projects latent vectors to the keys and
 * values of all heads, and the metadata gives the lengths of these keys and values.
 */
public final class UnsplitLatent {
    private static final Set<String> NEW_KEYS = Set.of(
            "deepseek2.attention.key_length_mla",
            "deepseek2.attention.value_length_mla",
            "deepseek2.attention.key_length",
            "deepseek2.attention.value_length",
            "deepseek2.attention.head_count_kv");

    private UnsplitLatent() {}

    /**
     * Returns the model of the older file.
     *
     * @param path file of a {@code deepseek2} with matrices of f32
     */
    public static Model of(Path path) throws IOException {
        try (Model split = new Model(GgufFile.open(path))) {
            GgufFile file = split.file();
            Latent latent = Objects.requireNonNull(split.config().latent());
            int heads = split.config().heads();
            GgufWriter writer = new GgufWriter();
            file.metadata().keys().stream()
                    .filter(key -> !NEW_KEYS.contains(key))
                    .forEach(key -> writer.put(key, file.metadata().value(key).orElseThrow()));
            writer.put("deepseek2.attention.key_length", number(latent.queryDim()))
                    .put("deepseek2.attention.value_length", number(latent.values()))
                    .put("deepseek2.attention.head_count_kv", number(heads));
            for (GgufTensor tensor : file.tensors()) {
                if (tensor.name().endsWith("attn_k_b.weight")) {
                    GgufTensor values =
                            file.tensor(tensor.name().replace("_k_b", "_v_b")).orElseThrow();
                    float[] both = both(latent, heads, floats(file, tensor), floats(file, values));
                    writer.tensor(
                            tensor.name().replace("_k_b", "_kv_b"),
                            GgmlType.F32,
                            List.of((long) latent.rank(), (long) heads * (latent.plain() + latent.values())),
                            sink -> sink.write(MemorySegment.ofArray(bytes(both))));
                } else if (!tensor.name().endsWith("attn_v_b.weight")) {
                    MemorySegment data = file.data(tensor);
                    writer.tensor(tensor.name(), tensor.type(), tensor.dimensions(), sink -> sink.write(data));
                }
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            writer.write(Channels.newChannel(out));
            return new Model(GgufFile.read("unsplit", new ByteArrayInputStream(out.toByteArray())));
        }
    }

    private static GgufValue number(int value) {
        return new GgufValue.Int(GgufValueType.UINT32, value);
    }

    private static float[] floats(GgufFile file, GgufTensor tensor) {
        return file.data(tensor).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    /** Concatenates, for every head, the transposed key matrix and the value matrix. */
    private static float[] both(Latent latent, int heads, float[] keys, float[] values) {
        float[] both = new float[keys.length + values.length];
        int rank = latent.rank();
        int at = 0;
        for (int head = 0; head < heads; head++) {
            for (int element = 0; element < latent.plain(); element++) {
                for (int i = 0; i < rank; i++) {
                    both[at++] = keys[(head * rank + i) * latent.plain() + element];
                }
            }
            System.arraycopy(values, head * latent.values() * rank, both, at, latent.values() * rank);
            at += latent.values() * rank;
        }
        return both;
    }

    private static byte[] bytes(float[] values) {
        byte[] bytes = new byte[values.length * Float.BYTES];
        MemorySegment.copy(values, 0, MemorySegment.ofArray(bytes), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
        return bytes;
    }
}

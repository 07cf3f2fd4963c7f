package dev.waterspout.engine.perplexity;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Writes a model of f32 weights with its matrices in Q4_0: a block's value of largest magnitude becomes -8. */
final class FourBitModel {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int BLOCK = 32;
    private static final int BYTES = 18;

    private FourBitModel() {}

    static void write(Path source, Path target) throws IOException {
        try (GgufFile file = GgufFile.open(source)) {
            GgufWriter writer = new GgufWriter();
            for (String key : file.metadata().keys()) {
                writer.put(key, file.metadata().value(key).orElseThrow());
            }
            for (GgufTensor tensor : file.tensors()) {
                MemorySegment data = file.data(tensor);
                if (tensor.rows() > 1) {
                    writer.tensor(tensor.name(), GgmlType.Q4_0, tensor.dimensions(), sink -> sink.write(encode(data)));
                } else {
                    writer.tensor(tensor.name(), tensor.type(), tensor.dimensions(), sink -> sink.write(data));
                }
            }
            writer.write(target);
        }
    }

    private static MemorySegment encode(MemorySegment weights) {
        int blocks = (int) (weights.byteSize() / Float.BYTES / BLOCK);
        MemorySegment target = MemorySegment.ofArray(new byte[blocks * BYTES]);
        for (int block = 0; block < blocks; block++) {
            float[] values = weights.asSlice((long) block * BLOCK * Float.BYTES, (long) BLOCK * Float.BYTES)
                    .toArray(F32);
            encode(values, target, (long) block * BYTES);
        }
        return target;
    }

    private static void encode(float[] values, MemorySegment target, long at) {
        float largest = 0;
        for (float value : values) {
            largest = Math.abs(value) > Math.abs(largest) ? value : largest;
        }
        float scale = largest / -8;
        float inverse = scale == 0 ? 0 : 1 / scale;
        target.set(I16, at, Float.floatToFloat16(scale));
        for (int i = 0; i < BLOCK / 2; i++) {
            int low = Math.min(15, (int) (values[i] * inverse + 8.5f));
            int high = Math.min(15, (int) (values[i + BLOCK / 2] * inverse + 8.5f));
            target.set(ValueLayout.JAVA_BYTE, at + Short.BYTES + i, (byte) (low | high << 4));
        }
    }
}

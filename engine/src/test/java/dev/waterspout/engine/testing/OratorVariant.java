package dev.waterspout.engine.testing;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Writes the built-in model, whose matrices are Q8_0, with matrices of another type: F32 holds the same values, F16 and
 * Q4_0 hold rounded ones.
 */
public final class OratorVariant {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int BLOCK = 32;
    private static final int Q8_0_BYTES = 34;
    private static final int Q4_0_BYTES = 18;

    private OratorVariant() {}

    /**
     * Writes a variant.
     *
     * @param type F32, F16, Q8_0 (the model as it is) or Q4_0
     * @param folder folder of the file
     * @return the file
     */
    public static Path write(GgmlType type, Path folder) throws IOException {
        Path target = folder.resolve("orator-" + type + ".gguf");
        try (GgufFile file = GgufFile.open(TestData.require("orator-q8_0.gguf"))) {
            GgufWriter writer = new GgufWriter();
            for (String key : file.metadata().keys()) {
                writer.put(key, file.metadata().value(key).orElseThrow());
            }
            for (GgufTensor tensor : file.tensors()) {
                MemorySegment data = file.data(tensor);
                if (tensor.type() == GgmlType.Q8_0) {
                    writer.tensor(tensor.name(), type, tensor.dimensions(), sink -> sink.write(recode(data, type)));
                } else {
                    writer.tensor(tensor.name(), tensor.type(), tensor.dimensions(), sink -> sink.write(data));
                }
            }
            writer.write(target);
        }
        return target;
    }

    private static MemorySegment recode(MemorySegment data, GgmlType type) {
        return switch (type) {
            case Q8_0 -> data;
            case F32 -> recode(data, BLOCK * Float.BYTES, OratorVariant::f32);
            case F16 -> recode(data, BLOCK * Short.BYTES, OratorVariant::f16);
            case Q4_0 -> recode(data, Q4_0_BYTES, OratorVariant::q4);
            default -> throw new IllegalArgumentException("no variant of type " + type);
        };
    }

    /** Writes a block of values at an offset. */
    @FunctionalInterface
    private interface Encoder {
        void encode(float[] values, MemorySegment target, long at);
    }

    private static MemorySegment recode(MemorySegment data, int bytes, Encoder encoder) {
        int blocks = Math.toIntExact(data.byteSize() / Q8_0_BYTES);
        MemorySegment target = MemorySegment.ofArray(new byte[blocks * bytes]);
        float[] values = new float[BLOCK];
        for (long block = 0; block < blocks; block++) {
            long from = block * Q8_0_BYTES;
            float scale = Float.float16ToFloat(data.get(I16, from));
            for (int i = 0; i < BLOCK; i++) {
                values[i] = scale * data.get(ValueLayout.JAVA_BYTE, from + Short.BYTES + i);
            }
            encoder.encode(values, target, block * bytes);
        }
        return target;
    }

    private static void f32(float[] values, MemorySegment target, long at) {
        for (int i = 0; i < BLOCK; i++) {
            target.set(F32, at + (long) i * Float.BYTES, values[i]);
        }
    }

    private static void f16(float[] values, MemorySegment target, long at) {
        for (int i = 0; i < BLOCK; i++) {
            target.set(I16, at + (long) i * Short.BYTES, Float.floatToFloat16(values[i]));
        }
    }

    /** The value of largest magnitude becomes -8. */
    private static void q4(float[] values, MemorySegment target, long at) {
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

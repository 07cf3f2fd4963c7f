package dev.waterspout.engine.lab.rotate;

import dev.waterspout.engine.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Encodes f32 weights in the tensor types of GGUF. */
final class StoredRows {
    private static final int BLOCK = 32;
    private static final float LARGEST_CODE = 127;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private StoredRows() {}

    /**
     * Encodes weights.
     *
     * @param type F32, F16 or Q8_0
     * @param weights f32, a whole number of the type's blocks
     * @param count number of weights
     * @param target receives {@code type.bytes(count)} bytes
     */
    static void encode(GgmlType type, MemorySegment weights, long count, MemorySegment target) {
        switch (type) {
            case F32 -> MemorySegment.copy(weights, 0, target, 0, count * Float.BYTES);
            case F16 -> {
                for (long i = 0; i < count; i++) {
                    float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                    target.set(SHORT, i * Short.BYTES, Float.floatToFloat16(weight));
                }
            }
            case Q8_0 -> {
                for (long block = 0; block < count / BLOCK; block++) {
                    encodeBlock(weights, block * BLOCK, target, block * type.blockBytes());
                }
            }
            default -> throw new IllegalArgumentException("weights are written as F32, F16 or Q8_0, not as " + type);
        }
    }

    /** Encodes a Q8_0 block: an f16 scale, the largest magnitude over 127, and 32 signed bytes in units of it. */
    private static void encodeBlock(MemorySegment weights, long from, MemorySegment target, long offset) {
        float largest = 0;
        for (int i = 0; i < BLOCK; i++) {
            largest = Math.max(largest, Math.abs(weights.getAtIndex(ValueLayout.JAVA_FLOAT, from + i)));
        }
        short scale = Float.floatToFloat16(largest / LARGEST_CODE);
        float step = Float.float16ToFloat(scale);
        target.set(SHORT, offset, scale);
        for (int i = 0; i < BLOCK; i++) {
            float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, from + i);
            float code = step == 0 ? 0 : Math.clamp(Math.round(weight / step), -LARGEST_CODE, LARGEST_CODE);
            target.set(ValueLayout.JAVA_BYTE, offset + Short.BYTES + i, (byte) code);
        }
    }

    /** {@return f32 values as bytes of a file} */
    static MemorySegment ones(int count) {
        MemorySegment ones = MemorySegment.ofArray(new byte[count * Float.BYTES]);
        for (int i = 0; i < count; i++) {
            ones.set(FLOAT, (long) i * Float.BYTES, 1);
        }
        return ones;
    }
}

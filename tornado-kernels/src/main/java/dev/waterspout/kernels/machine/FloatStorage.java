package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/** Encodings of floats that code expands to f32 while it loads them. */
public enum FloatStorage {
    /** IEEE 754 binary32. */
    F32(Float.BYTES),
    /** IEEE 754 binary16. */
    F16(Short.BYTES),
    /** The upper half of a binary32. */
    BF16(Short.BYTES);

    private final int bytes;

    FloatStorage(int bytes) {
        this.bytes = bytes;
    }

    /** {@return the bytes of a number} */
    int bytes() {
        return bytes;
    }

    /**
     * Loads a vector of numbers as f32.
     *
     * @param code receives the instructions
     * @param bits bits of the vector of f32
     * @param to its register
     * @param base register with an address
     * @param displacement bytes from the address to the first number
     */
    void load(Assembler code, int bits, int to, General base, int displacement) {
        Source memory = Source.memory(base, displacement);
        switch (this) {
            case F32 -> code.put(VectorOp.VMOVUPS, bits, to, 0, memory, 0);
            case F16 -> code.put(VectorOp.VCVTPH2PS, bits, to, 0, memory, 0);
            case BF16 -> {
                code.put(VectorOp.VPMOVZXWD, bits, to, 0, memory, 0);
                code.put(VectorOp.VPSLLD, bits, to, 0, Source.register(to), Short.SIZE);
            }
        }
    }

    /** {@return the bits that store a value: the nearest half, or the value without its lower bits} */
    int encode(float value) {
        return switch (this) {
            case F32 -> Float.floatToRawIntBits(value);
            case F16 -> Float.floatToFloat16(value);
            case BF16 -> Float.floatToRawIntBits(value) >> Short.SIZE;
        };
    }

    /** {@return the f32 of stored bits} */
    float decode(int stored) {
        return switch (this) {
            case F32 -> Float.intBitsToFloat(stored);
            case F16 -> Float.float16ToFloat((short) stored);
            case BF16 -> Float.intBitsToFloat(stored << Short.SIZE);
        };
    }

    /**
     * Stores bits.
     *
     * @param to memory
     * @param index number of the float in it
     * @param stored its bits
     */
    void put(MemorySegment to, long index, int stored) {
        if (this == F32) {
            to.set(Layouts.I32, index * bytes, stored);
        } else {
            to.set(Layouts.I16, index * bytes, (short) stored);
        }
    }
}

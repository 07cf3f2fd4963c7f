package dev.waterspout.kernels.codec;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2L;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Turns chunks of packed scales and codes to values in vector lanes. */
final class MxDecoder {
    private final ElementType element;
    private final ScaleType scale;
    private final int blockShift;
    private final int bits;
    private final int signBit;
    private final int mantissaBits;
    private final int minExponent;
    /** The f32 bits of each code's value. */
    private final int[] table;

    MxDecoder(MxFormat format) {
        element = format.element();
        scale = format.scale();
        blockShift = Integer.numberOfTrailingZeros(format.block());
        bits = element.bits();
        signBit = element.signBit();
        mantissaBits = element.mantissaBits();
        minExponent = element.minExponent();
        table = new int[Math.max(1 << bits, MxLanes.COUNT)];
        for (int code = 0; code < 1 << bits; code++) {
            table[code] = Float.floatToRawIntBits(element.value(code));
        }
    }

    /** Turns a chunk's packed scales and codes to its values, or adds those to the ones before. */
    void decode(MxChunk chunk, boolean add) {
        unpackScales(chunk);
        if (bits != 4 && bits != 8) {
            ByteCodes.unpack(chunk.packed, chunk.count(), bits, chunk.codes);
        }
        byte[] codes = bits == 8 ? chunk.packed : chunk.codes;
        float[] values = chunk.values;
        for (int i = 0; i < chunk.count(); i += MxLanes.COUNT) {
            IntVector code = bits == 4 ? nibbles(chunk.packed, i) : bytes(codes, i);
            FloatVector value = value(code).mul(MxLanes.spread(chunk.scales, blockShift, i));
            if (add) {
                value = FloatVector.fromArray(MxLanes.FLOATS, values, i).add(value);
            }
            value.intoArray(values, i);
        }
    }

    private void unpackScales(MxChunk chunk) {
        int blocks = chunk.blocks();
        if (scale.bits() == Byte.SIZE) {
            for (int i = 0; i < blocks; i += MxLanes.COUNT) {
                powersOfTwo(bytes(chunk.packedScales, i).and(0xff)).intoArray(chunk.scales, i);
            }
            return;
        }
        MemorySegment packed = MemorySegment.ofArray(chunk.packedScales);
        for (int i = 0; i < blocks; i++) {
            chunk.scales[i] = scale.value(PackedBits.get(packed, 0, (long) i * scale.bits(), scale.bits()));
        }
    }

    /** {@return what E8M0 codes stand for: an exponent field, but 2^-127 for 0 and NaN for 255} */
    private static FloatVector powersOfTwo(IntVector code) {
        IntVector field = code.lanewise(LSHL, 23).max(1 << 22);
        return field.or(field.add(1 << 23).lanewise(LSHR, 31).lanewise(LSHL, 22))
                .reinterpretAsFloats();
    }

    private static IntVector bytes(byte[] codes, int index) {
        return (IntVector) ByteVector.fromArray(MxLanes.BYTES, codes, index).convertShape(B2I, MxLanes.INTS, 0);
    }

    private static IntVector nibbles(byte[] packed, int index) {
        ByteVector bytes = ByteVector.fromArray(ByteVector.SPECIES_64, packed, index >>> 1);
        LongVector pairs = (LongVector) bytes.convertShape(ZERO_EXTEND_B2L, MxLanes.LONGS, 0);
        return pairs.or(pairs.lanewise(LSHL, Integer.SIZE - 4))
                .reinterpretAsInts()
                .and(0xf);
    }

    private FloatVector value(IntVector code) {
        if (1 << bits <= MxLanes.COUNT) {
            return code.selectFrom(IntVector.fromArray(MxLanes.INTS, table, 0)).reinterpretAsFloats();
        }
        if (1 << bits <= 2 * MxLanes.COUNT) {
            return code.selectFrom(
                            IntVector.fromArray(MxLanes.INTS, table, 0),
                            IntVector.fromArray(MxLanes.INTS, table, MxLanes.COUNT))
                    .reinterpretAsFloats();
        }
        IntVector magnitude = code.and(signBit - 1);
        IntVector sign = code.and(signBit).lanewise(LSHL, Integer.SIZE - bits);
        IntVector normal = magnitude.lanewise(LSHL, 23 - mantissaBits).add((minExponent - 1 + 127) << 23);
        FloatVector subnormal = ((FloatVector) magnitude.convert(I2F, 0))
                .mul(Float.intBitsToFloat((minExponent - mantissaBits + 127) << 23));
        VectorMask<Integer> small = magnitude.compare(VectorOperators.LT, 1 << mantissaBits);
        return normal.blend(subnormal.reinterpretAsInts(), small).or(sign).reinterpretAsFloats();
    }
}

package dev.waterspout.kernels.codec;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2L;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Decodes chunks of packed scales and codes to f32 in vector lanes. */
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

    private final Passes<MxChunk> passes;

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
        passes = new Passes<>(List.of(this::unpackScales, this::unpackCodes, elements()));
    }

    /** {@return the loop from packed codes to values} */
    private Consumer<MxChunk> elements() {
        if (bits == 4 && MxLanes.takePacked(bits)) {
            return this::decodeNibbles;
        } else if (1 << bits <= MxLanes.COUNT) {
            return this::lookUpInOne;
        }
        return 1 << bits <= 2 * MxLanes.COUNT ? this::lookUpInTwo : this::assemble;
    }

    /** Turns a chunk's packed scales and codes to its values, or adds those to the ones before. */
    void decode(MxChunk chunk) {
        passes.run(chunk);
    }

    private void unpackCodes(MxChunk chunk) {
        if (!MxLanes.takePacked(bits)) {
            ByteCodes.unpack(chunk.packed, chunk.count(), bits, chunk.codes);
        }
    }

    private byte[] codes(MxChunk chunk) {
        return bits == 8 ? chunk.packed : chunk.codes;
    }

    private void decodeNibbles(MxChunk chunk) {
        for (int i = 0; i < chunk.count(); i += MxLanes.COUNT) {
            IntVector code = nibbles(chunk.packed, i);
            // No branch: a machine has one vector length.
            scale(MxLanes.COUNT >= 16 ? fromOne(code) : fromTwo(code), chunk, i);
        }
    }

    private void lookUpInOne(MxChunk chunk) {
        for (int i = 0; i < chunk.count(); i += MxLanes.COUNT) {
            scale(fromOne(bytes(codes(chunk), i)), chunk, i);
        }
    }

    private void lookUpInTwo(MxChunk chunk) {
        for (int i = 0; i < chunk.count(); i += MxLanes.COUNT) {
            scale(fromTwo(bytes(codes(chunk), i)), chunk, i);
        }
    }

    private void assemble(MxChunk chunk) {
        for (int i = 0; i < chunk.count(); i += MxLanes.COUNT) {
            scale(assembled(bytes(codes(chunk), i)), chunk, i);
        }
    }

    private void scale(IntVector bits, MxChunk chunk, int i) {
        FloatVector value = bits.reinterpretAsFloats().mul(MxLanes.spread(chunk.scales, blockShift, i));
        if (chunk.adds) {
            value = FloatVector.fromArray(MxLanes.FLOATS, chunk.values, i).add(value);
        }
        value.intoArray(chunk.values, i);
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

    /** {@return the values of E8M0 codes: an exponent field, but 2^-127 for 0 and NaN for 255} */
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

    /** {@return the values of codes of which a vector holds all, as f32 bits} */
    private IntVector fromOne(IntVector code) {
        return code.selectFrom(IntVector.fromArray(MxLanes.INTS, table, 0));
    }

    /** {@return the values of codes of which two vectors hold all, as f32 bits} */
    private IntVector fromTwo(IntVector code) {
        return code.selectFrom(
                IntVector.fromArray(MxLanes.INTS, table, 0), IntVector.fromArray(MxLanes.INTS, table, MxLanes.COUNT));
    }

    /** {@return the values of codes, put together from their fields, as f32 bits} */
    private IntVector assembled(IntVector code) {
        IntVector magnitude = code.and(signBit - 1);
        IntVector sign = code.and(signBit).lanewise(LSHL, Integer.SIZE - bits);
        IntVector normal = magnitude.lanewise(LSHL, 23 - mantissaBits).add((minExponent - 1 + 127) << 23);
        FloatVector subnormal = ((FloatVector) magnitude.convert(I2F, 0))
                .mul(Float.intBitsToFloat((minExponent - mantissaBits + 127) << 23));
        VectorMask<Integer> small = magnitude.compare(VectorOperators.LT, 1 << mantissaBits);
        return normal.blend(subnormal.reinterpretAsInts(), small).or(sign);
    }
}

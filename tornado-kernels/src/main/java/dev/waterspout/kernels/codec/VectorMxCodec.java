package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The fast codec: quantizes and dequantizes in vector lanes, one code per byte of a small scratch, and moves between bytes
 * and packed codes eight at a time with {@link Long#compress} and {@link Long#expand} (PEXT and PDEP on x86).
 *
 * <p>The lane arithmetic is that of {@link BlockQuantizer}, except that lanes with a subnormal f32 are left to round to
 * zero. Where they would not, in blocks of tiny values, the block is first multiplied by a power of two.
 */
final class VectorMxCodec implements PartialCodec {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    /** A byte per lane of {@link #INTS}, or more where that is less than the smallest vector. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, INTS.vectorBitSize() / 4)));

    private static final int LANES = INTS.length();
    private static final VarHandle GROUP = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Codes that lie next to each other in eight bytes, one per byte. */
    private static final int GROUP_CODES = Long.BYTES;

    private static final float TINY = 0x1p-64f;
    private static final int TINY_EXPONENT = -64;

    private final MxFormat format;
    private final BlockQuantizer quantizer;
    private final int block;
    private final int bits;
    private final int mantissaBits;
    private final int minExponent;
    private final int maxCode;
    private final int signBit;
    private final int tieBit;
    private final long groupMask;
    private final int tinyBelow;

    VectorMxCodec(MxFormat format) {
        ElementType element = format.element();
        this.format = format;
        this.quantizer = new BlockQuantizer(format);
        this.block = format.block();
        this.bits = element.bits();
        this.mantissaBits = element.mantissaBits();
        this.minExponent = element.minExponent();
        this.maxCode = element.maxCode();
        this.signBit = element.signBit();
        this.tieBit = format.rounding() == Rounding.EVEN ? 0 : 1;
        this.groupMask = 0x0101010101010101L * ((1 << bits) - 1);
        // From here up, the exponent field 0 is at least mantissaBits + 2 below minExponent: it rounds to zero.
        this.tinyBelow = mantissaBits + 2 - 127 - minExponent;
    }

    @Override
    public MxFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, MemorySegment target) {
        Shapes.checkPlain("source", source, rows, columns);
        Shapes.checkEncoded("target", target, format, rows, columns);
        MxLayout layout = new MxLayout(format, columns);
        long limit = format.encodedBytes(rows, columns);
        Chunk chunk = new Chunk();
        for (int row = 0; row < rows; row++) {
            target.asSlice(layout.scaleOffset(row), layout.scaleBytes()).fill((byte) 0);
            for (int column = 0; column < columns; column += Chunk.CODES) {
                chunk.at(row, column, Math.min(Chunk.CODES, columns - column));
                quantize(source, chunk.offset(columns), layout, chunk, target);
                pack(chunk, target, layout.elementOffset(row) + (long) column / GROUP_CODES * bits, limit);
            }
        }
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        MxLayout layout = new MxLayout(format, columns);
        Chunk chunk = new Chunk();
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += Chunk.CODES) {
                chunk.at(row, column, Math.min(Chunk.CODES, columns - column));
                unpack(packed, layout, chunk);
                dequantize(packed, layout, chunk, false);
                MemorySegment.copy(chunk.values, 0, target, Layouts.F32, chunk.offset(columns), chunk.count);
            }
        }
    }

    @Override
    public void decodeSum(MemorySegment[] shards, int rows, int columns, MemorySegment residual) {
        Shapes.checkShards(shards, format, rows, columns);
        Shapes.checkPlain("residual", residual, rows, columns);
        MxLayout layout = new MxLayout(format, columns);
        Chunk chunk = new Chunk();
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += Chunk.CODES) {
                chunk.at(row, column, Math.min(Chunk.CODES, columns - column));
                for (int rank = 0; rank < shards.length; rank++) {
                    unpack(shards[rank], layout, chunk);
                    dequantize(shards[rank], layout, chunk, rank > 0);
                }
                addTo(residual, chunk.offset(columns), chunk);
            }
        }
    }

    private void quantize(MemorySegment source, long offset, MxLayout layout, Chunk chunk, MemorySegment target) {
        for (int start = 0; start < chunk.count; start += block) {
            int count = Math.min(block, chunk.count - start);
            long from = offset + (long) start * Float.BYTES;
            int scaleCode = quantizer.scaleCode(largestMagnitude(source, from, count));
            layout.putScaleCode(target, chunk.row, (chunk.column + start) / block, scaleCode);
            float divisor = 1;
            int exponent = quantizer.sharedExponent(scaleCode);
            if (!format.scale().powerOfTwo()) {
                divisor = format.scale().value(scaleCode);
            } else if (exponent < tinyBelow) {
                divisor = TINY;
                exponent -= TINY_EXPONENT;
            }
            boolean nan = quantizer.isNan(scaleCode);
            if (nan || count < block) {
                Arrays.fill(chunk.codes, start, start + block, (byte) 0);
            }
            if (!nan) {
                // Dividing by infinity leaves just the signs, where the scale itself has rounded to zero.
                float nonZero = divisor == 0 ? Float.POSITIVE_INFINITY : divisor;
                quantizeBlock(source, from, count, nonZero, exponent, chunk.codes, start);
            }
        }
    }

    private static int largestMagnitude(MemorySegment source, long offset, int count) {
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            IntVector raw =
                    IntVector.fromMemorySegment(INTS, source, offset + (long) i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            largest = largest.max(raw.and(0x7fffffff));
        }
        if (i < count) {
            IntVector raw = IntVector.fromMemorySegment(
                    INTS,
                    source,
                    offset + (long) i * Float.BYTES,
                    ByteOrder.LITTLE_ENDIAN,
                    INTS.indexInRange(i, count));
            largest = largest.max(raw.and(0x7fffffff));
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private void quantizeBlock(
            MemorySegment source, long offset, int count, float divisor, int exponent, byte[] codes, int start) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector values = FloatVector.fromMemorySegment(
                    FLOATS, source, offset + (long) i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            quantizeLanes(values, divisor, exponent).intoArray(codes, start + i);
        }
        if (i < count) {
            FloatVector values = FloatVector.fromMemorySegment(
                    FLOATS,
                    source,
                    offset + (long) i * Float.BYTES,
                    ByteOrder.LITTLE_ENDIAN,
                    FLOATS.indexInRange(i, count));
            quantizeLanes(values, divisor, exponent).intoArray(codes, start + i);
        }
    }

    private ByteVector quantizeLanes(FloatVector values, float divisor, int exponent) {
        FloatVector ratios = divisor == 1 ? values : values.div(divisor);
        IntVector raw = ratios.reinterpretAsInts();
        IntVector magnitude = raw.and(0x7fffffff);
        IntVector field = magnitude.lanewise(VectorOperators.LSHR, 23);
        IntVector significand = magnitude.and(0x7fffff).or(0x800000);
        IntVector aboveMin = field.sub(minExponent + exponent + 127);
        IntVector shift = aboveMin.neg().max(0).add(23 - mantissaBits).min(25);
        IntVector belowHalf = IntVector.broadcast(INTS, -1)
                .lanewise(VectorOperators.LSHR, IntVector.broadcast(INTS, 33).sub(shift));
        IntVector tie =
                significand.lanewise(VectorOperators.LSHR, shift).or(tieBit).and(1);
        IntVector rounded = significand.add(belowHalf).add(tie).lanewise(VectorOperators.LSHR, shift);
        IntVector code = aboveMin.max(0)
                .lanewise(VectorOperators.LSHL, mantissaBits)
                .add(rounded)
                .min(maxCode);
        IntVector sign = raw.lanewise(VectorOperators.LSHR, Integer.SIZE - bits).and(signBit);
        return (ByteVector) code.or(sign).convertShape(VectorOperators.I2B, BYTES, 0);
    }

    private void pack(Chunk chunk, MemorySegment target, long offset, long limit) {
        long at = offset;
        for (int i = 0; i < chunk.count; i += GROUP_CODES, at += bits) {
            long group = Long.compress((long) GROUP.get(chunk.codes, i), groupMask);
            if (at <= limit - Long.BYTES) {
                // The bytes past this group are zero and are written after it.
                target.set(Layouts.I64, at, group);
            } else {
                for (int k = 0; k < Math.min(bits, limit - at); k++) {
                    target.set(ValueLayout.JAVA_BYTE, at + k, (byte) (group >>> (8 * k)));
                }
            }
        }
    }

    private void unpack(MemorySegment packed, MxLayout layout, Chunk chunk) {
        long at = layout.elementOffset(chunk.row) + (long) chunk.column / GROUP_CODES * bits;
        long limit = packed.byteSize();
        for (int i = 0; i < chunk.count; i += GROUP_CODES, at += bits) {
            long group = 0;
            if (at <= limit - Long.BYTES) {
                group = packed.get(Layouts.I64, at);
            } else {
                for (int k = 0; k < Math.min(bits, limit - at); k++) {
                    group |= (packed.get(ValueLayout.JAVA_BYTE, at + k) & 0xffL) << (8 * k);
                }
            }
            GROUP.set(chunk.codes, i, Long.expand(group, groupMask));
        }
    }

    /** Turns codes to values, whole blocks at a time: what lies past the end of a row is never read. */
    private void dequantize(MemorySegment packed, MxLayout layout, Chunk chunk, boolean add) {
        VectorMask<Float> head = FLOATS.indexInRange(0, Math.min(block, LANES));
        for (int start = 0; start < chunk.count; start += block) {
            int scaleCode = layout.scaleCode(packed, chunk.row, (chunk.column + start) / block);
            float scale = format.scale().value(scaleCode);
            for (int i = start; i < start + block; i += LANES) {
                FloatVector values = dequantizeLanes(chunk.codes, i).mul(scale);
                if (add) {
                    values = FloatVector.fromArray(FLOATS, chunk.values, i).add(values);
                }
                if (block < LANES) {
                    values.intoArray(chunk.values, i, head);
                } else {
                    values.intoArray(chunk.values, i);
                }
            }
        }
    }

    private FloatVector dequantizeLanes(byte[] codes, int index) {
        IntVector code =
                (IntVector) ByteVector.fromArray(BYTES, codes, index).convertShape(VectorOperators.B2I, INTS, 0);
        IntVector magnitude = code.and(signBit - 1);
        IntVector sign = code.and(signBit).lanewise(VectorOperators.LSHL, Integer.SIZE - bits);
        IntVector normal =
                magnitude.lanewise(VectorOperators.LSHL, 23 - mantissaBits).add((minExponent - 1 + 127) << 23);
        FloatVector subnormal = ((FloatVector) magnitude.convert(VectorOperators.I2F, 0))
                .mul(Float.intBitsToFloat((minExponent - mantissaBits + 127) << 23));
        VectorMask<Integer> small = magnitude.compare(VectorOperators.LT, 1 << mantissaBits);
        return normal.blend(subnormal.reinterpretAsInts(), small).or(sign).reinterpretAsFloats();
    }

    private static void addTo(MemorySegment residual, long offset, Chunk chunk) {
        int i = 0;
        for (; i <= chunk.count - LANES; i += LANES) {
            long at = offset + (long) i * Float.BYTES;
            FloatVector.fromArray(FLOATS, chunk.values, i)
                    .add(FloatVector.fromMemorySegment(FLOATS, residual, at, ByteOrder.LITTLE_ENDIAN))
                    .intoMemorySegment(residual, at, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < chunk.count; i++) {
            long at = offset + (long) i * Float.BYTES;
            residual.set(Layouts.F32, at, chunk.values[i] + residual.get(Layouts.F32, at));
        }
    }

    /** A run of codes within a row: whole blocks, and the short one at the end of the row. */
    private static final class Chunk {
        /** A multiple of every block size, small enough for the first-level cache. */
        static final int CODES = 256;

        /** Vectors of a block shorter than them reach past the last code. */
        private static final int SLACK = 64;

        final byte[] codes = new byte[CODES + SLACK];
        final float[] values = new float[CODES + SLACK];
        int row;
        int column;
        int count;

        void at(int newRow, int newColumn, int newCount) {
            row = newRow;
            column = newColumn;
            count = newCount;
        }

        /** {@return the offset in bytes of this run in an f32 partial} */
        long offset(int columns) {
            return ((long) row * columns + column) * Float.BYTES;
        }
    }
}

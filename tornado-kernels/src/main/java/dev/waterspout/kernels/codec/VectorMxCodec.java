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
 * The fast codec: quantizes and dequantizes in vector lanes, one code per byte of a small scratch, and moves between
 * bytes and packed codes eight at a time with {@link Long#compress} and {@link Long#expand} (PEXT and PDEP on x86).
 *
 * <p>A row is worked off in chunks of {@value Chunk#CODES} columns, each in passes: scales of the blocks, spread to one
 * entry per column; then lanes, whatever the block size; then packing. So no pass waits for what it has just stored.
 *
 * <p>Where {@link BlockQuantizer} shifts and rounds the significand, the lanes let one addition round it: the sum of a
 * magnitude and {@code 2^(23 - mantissaBits)} times its power of two holds the rounded significand in its low bits.
 * That needs a normal f32 and room above it, so a block of values near either end of the f32 range goes through
 * {@link BlockQuantizer} instead, as does one with NaN or infinity.
 */
final class VectorMxCodec implements PartialCodec {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    /** A byte per lane of {@link #INTS}, or more where that is less than the smallest vector. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, INTS.vectorBitSize() / 4)));

    private static final int LANES = INTS.length();
    private static final VarHandle CODES = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Codes that lie next to each other in eight bytes, one per byte. */
    private static final int GROUP_CODES = Long.BYTES;

    private final MxFormat format;
    private final BlockQuantizer quantizer;
    private final int block;
    private final int bits;
    private final int mantissaBits;
    private final int minExponent;
    private final int maxCode;
    private final int signBit;
    private final int tieBit;
    private final boolean powerOfTwo;
    private final long groupMask;
    /** Codes that are packed into one word of at most eight bytes: two groups where they fit. */
    private final int wordCodes;

    private final int wordBytes;
    private final int smallestScale;
    private final int beyondLanes;
    private final int[] table;

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
        this.powerOfTwo = format.scale().powerOfTwo();
        this.groupMask = 0x0101010101010101L * ((1 << bits) - 1);
        this.wordCodes = bits <= 4 ? 2 * GROUP_CODES : GROUP_CODES;
        this.wordBytes = wordCodes / 8 * bits;
        // From here up, a subnormal f32 is less than half of the smallest code.
        this.smallestScale = mantissaBits + 2 - 127 - minExponent;
        // From here up, the power of two 2^(23 - mantissaBits) times as large, or twice that where the rule has raised
        // the
        // scale, is no f32.
        this.beyondLanes = (254 - 23 + mantissaBits) << 23;
        this.table = new int[Math.max(1 << bits, LANES)];
        for (int code = 0; code < 1 << bits; code++) {
            table[code] = Float.floatToRawIntBits(element.value(code));
        }
    }

    @Override
    public MxFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        MxLayout layout = new MxLayout(format, columns);
        long limit = format.encodedBytes(rows, columns);
        Chunk chunk = new Chunk();
        for (int row = 0; row < rows; row++) {
            target.asSlice(layout.scaleOffset(row), layout.scaleBytes()).fill((byte) 0);
            for (int column = 0; column < columns; column += Chunk.CODES) {
                chunk.at(row, column, Math.min(Chunk.CODES, columns - column));
                encodeScales(source, chunk.offset(stride), layout, chunk, target);
                quantize(source, chunk.offset(stride), chunk);
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
                decodeScales(packed, layout, chunk);
                dequantize(chunk, false);
                MemorySegment.copy(chunk.values, 0, target, Layouts.F32, chunk.offset(columns), chunk.count);
            }
        }
    }

    @Override
    public void decodeSum(MemorySegment[] shards, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkShards(shards, format, rows, columns);
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        MxLayout layout = new MxLayout(format, columns);
        Chunk chunk = new Chunk();
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += Chunk.CODES) {
                chunk.at(row, column, Math.min(Chunk.CODES, columns - column));
                for (int rank = 0; rank < shards.length; rank++) {
                    unpack(shards[rank], layout, chunk);
                    decodeScales(shards[rank], layout, chunk);
                    dequantize(chunk, rank > 0);
                }
                addTo(residual, chunk.offset(stride), chunk);
            }
        }
    }

    /** Writes the scales of a chunk and spreads what its lanes need of them. */
    private void encodeScales(MemorySegment source, long offset, MxLayout layout, Chunk chunk, MemorySegment target) {
        int firstBlock = chunk.column / block;
        chunk.exceptions = 0;
        for (int index = 0, start = 0; start < chunk.count; index++, start += block) {
            int count = Math.min(block, chunk.count - start);
            int largest = largestMagnitude(source, offset + (long) start * Float.BYTES, count);
            int scaleCode = quantizer.scaleCode(largest);
            int exponent = quantizer.sharedExponent(scaleCode);
            layout.putScaleCode(target, chunk.row, firstBlock + index, scaleCode);
            chunk.scaleCodes[index] = scaleCode;
            if (largest >= beyondLanes || (exponent < smallestScale && largest != 0)) {
                chunk.exceptions |= 1 << index;
            }
            // A block of zeros has the smallest scale; any normal one serves it.
            int minField = Math.max(minExponent + exponent + 127, 1);
            IntVector minFields = IntVector.broadcast(INTS, minField << 23);
            for (int i = start; i < start + block; i += LANES) {
                minFields.intoArray(chunk.minFields, i);
            }
            if (!powerOfTwo) {
                spread(format.scale().value(scaleCode), chunk.scales, start);
            }
        }
    }

    private void spread(float scale, float[] scales, int start) {
        FloatVector lanes = FloatVector.broadcast(FLOATS, scale);
        for (int i = start; i < start + block; i += LANES) {
            lanes.intoArray(scales, i);
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

    private void quantize(MemorySegment source, long offset, Chunk chunk) {
        int i = 0;
        for (; i <= chunk.count - LANES; i += LANES) {
            FloatVector values = FloatVector.fromMemorySegment(
                    FLOATS, source, offset + (long) i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            quantizeLanes(values, chunk, i).intoArray(chunk.codes, i);
        }
        if (i < chunk.count) {
            FloatVector values = FloatVector.fromMemorySegment(
                    FLOATS,
                    source,
                    offset + (long) i * Float.BYTES,
                    ByteOrder.LITTLE_ENDIAN,
                    FLOATS.indexInRange(i, chunk.count));
            quantizeLanes(values, chunk, i).intoArray(chunk.codes, i);
        }
        // What pads the last word.
        Arrays.fill(chunk.codes, chunk.count, chunk.count + wordCodes, (byte) 0);
        for (int left = chunk.exceptions; left != 0; left &= left - 1) {
            quantizeException(source, offset, chunk, Integer.numberOfTrailingZeros(left));
        }
    }

    private void quantizeException(MemorySegment source, long offset, Chunk chunk, int index) {
        int scaleCode = chunk.scaleCodes[index];
        boolean nan = quantizer.isNan(scaleCode);
        for (int i = index * block; i < Math.min((index + 1) * block, chunk.count); i++) {
            float value = source.get(Layouts.F32, offset + (long) i * Float.BYTES);
            chunk.codes[i] = nan ? 0 : (byte) quantizer.elementCode(value, scaleCode);
        }
    }

    private ByteVector quantizeLanes(FloatVector values, Chunk chunk, int index) {
        FloatVector ratios = values;
        if (!powerOfTwo) {
            FloatVector scales = FloatVector.fromArray(FLOATS, chunk.scales, index);
            // Where the scale has rounded to zero, 0 x value leaves just the signs.
            ratios = values.div(scales).blend(values.mul(0f), scales.eq(0f));
        }
        IntVector raw = ratios.reinterpretAsInts();
        IntVector magnitude = raw.and(0x7fffffff);
        IntVector minField = IntVector.fromArray(INTS, chunk.minFields, index);
        IntVector field = magnitude.and(0x7f800000).max(minField);
        IntVector rounder = field.add((23 - mantissaBits) << 23);
        // A set last bit makes a tie more than a tie and changes nothing else: it rounds away from zero.
        FloatVector sum = magnitude.or(tieBit).reinterpretAsFloats().add(rounder.reinterpretAsFloats());
        IntVector code = field.sub(minField)
                .lanewise(VectorOperators.LSHR, 23 - mantissaBits)
                .add(sum.reinterpretAsInts().sub(rounder))
                .min(maxCode);
        IntVector sign = raw.lanewise(VectorOperators.LSHR, Integer.SIZE - bits).and(signBit);
        return (ByteVector) code.or(sign).convertShape(VectorOperators.I2B, BYTES, 0);
    }

    private void pack(Chunk chunk, MemorySegment target, long offset, long limit) {
        if (bits == 8) {
            MemorySegment.copy(chunk.codes, 0, target, ValueLayout.JAVA_BYTE, offset, chunk.count);
            return;
        }
        long at = offset;
        for (int i = 0; i < chunk.count; i += wordCodes, at += wordBytes) {
            long word = Long.compress((long) CODES.get(chunk.codes, i), groupMask);
            if (wordCodes > GROUP_CODES) {
                word |= Long.compress((long) CODES.get(chunk.codes, i + GROUP_CODES), groupMask) << (wordBytes * 4);
            }
            if (at <= limit - Long.BYTES) {
                // The bytes past this word are zero and are written after it.
                target.set(Layouts.I64, at, word);
            } else {
                for (int k = 0; k < Math.min(wordBytes, limit - at); k++) {
                    target.set(ValueLayout.JAVA_BYTE, at + k, (byte) (word >>> (8 * k)));
                }
            }
        }
    }

    private void unpack(MemorySegment packed, MxLayout layout, Chunk chunk) {
        long at = layout.elementOffset(chunk.row) + (long) chunk.column / GROUP_CODES * bits;
        if (bits == 8) {
            MemorySegment.copy(packed, ValueLayout.JAVA_BYTE, at, chunk.codes, 0, chunk.count);
            return;
        }
        long limit = packed.byteSize();
        for (int i = 0; i < chunk.count; i += wordCodes, at += wordBytes) {
            long word = 0;
            if (at <= limit - Long.BYTES) {
                word = packed.get(Layouts.I64, at);
            } else {
                for (int k = 0; k < Math.min(wordBytes, limit - at); k++) {
                    word |= (packed.get(ValueLayout.JAVA_BYTE, at + k) & 0xffL) << (8 * k);
                }
            }
            CODES.set(chunk.codes, i, Long.expand(word, groupMask));
            if (wordCodes > GROUP_CODES) {
                CODES.set(chunk.codes, i + GROUP_CODES, Long.expand(word >>> (wordBytes * 4), groupMask));
            }
        }
    }

    private void decodeScales(MemorySegment packed, MxLayout layout, Chunk chunk) {
        int firstBlock = chunk.column / block;
        for (int index = 0, start = 0; start < chunk.count; index++, start += block) {
            int scaleCode = layout.scaleCode(packed, chunk.row, firstBlock + index);
            spread(format.scale().value(scaleCode), chunk.scales, start);
        }
    }

    /** Turns codes to values, or adds those to the ones before: whole vectors, past the end of the row if need be. */
    private void dequantize(Chunk chunk, boolean add) {
        for (int i = 0; i < chunk.count; i += LANES) {
            FloatVector values = dequantizeLanes(chunk.codes, i).mul(FloatVector.fromArray(FLOATS, chunk.scales, i));
            if (add) {
                values = FloatVector.fromArray(FLOATS, chunk.values, i).add(values);
            }
            values.intoArray(chunk.values, i);
        }
    }

    private FloatVector dequantizeLanes(byte[] codes, int index) {
        IntVector code =
                (IntVector) ByteVector.fromArray(BYTES, codes, index).convertShape(VectorOperators.B2I, INTS, 0);
        if (1 << bits <= LANES) {
            return code.selectFrom(IntVector.fromArray(INTS, table, 0)).reinterpretAsFloats();
        }
        if (1 << bits <= 2 * LANES) {
            return code.selectFrom(IntVector.fromArray(INTS, table, 0), IntVector.fromArray(INTS, table, LANES))
                    .reinterpretAsFloats();
        }
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
        final float[] scales = new float[CODES + SLACK];
        /** The smallest exponent field of an f32 that is not below its block's normal codes, in place. */
        final int[] minFields = new int[CODES + SLACK];

        final int[] scaleCodes = new int[CODES / MxFormat.MIN_BLOCK];
        /** Bit i is set if the lanes cannot quantize block i. */
        int exceptions;

        int row;
        int column;
        int count;

        void at(int newRow, int newColumn, int newCount) {
            row = newRow;
            column = newColumn;
            count = newCount;
        }

        /** {@return the offset in bytes of this run in an f32 partial whose rows are this many elements apart} */
        long offset(int stride) {
            return ((long) row * stride + column) * Float.BYTES;
        }
    }
}

package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The integer baselines in lanes, a row at a time: one scale per column, which per token are all the same.
 *
 * <p>Adding {@code 2^23} rounds a ratio in steps of the element to an integer in the low bits. There is no range to
 * watch for: a ratio is at most about maxNormal, or beyond any code where the scale has saturated.
 */
final class VectorIntegerCodec implements PartialCodec {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, INTS.vectorBitSize() / 4)));
    private static final int LANES = INTS.length();
    private static final float ROUNDER = 0x1p23f;
    /** Vectors reach past the last column. */
    private static final int SLACK = 64;

    private final IntegerFormat format;
    private final BlockQuantizer quantizer;
    private final boolean perToken;
    private final int bits;
    private final int signBit;
    private final int maxCode;
    private final float stepsPerUnit;

    VectorIntegerCodec(IntegerFormat format) {
        this.format = format;
        this.quantizer = format.quantizer();
        this.perToken = format.axis() == IntegerFormat.Axis.TOKEN;
        this.bits = format.bits();
        this.signBit = format.element().signBit();
        this.maxCode = format.element().maxCode();
        this.stepsPerUnit = 1 << format.element().mantissaBits();
    }

    @Override
    public IntegerFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        int[] largest = new int[columns + SLACK];
        float[] scales = new float[columns + SLACK];
        byte[] codes = new byte[columns + SLACK];
        if (!perToken && rows > 0) {
            for (int row = 0; row < rows; row++) {
                maximize(source, offset(row, stride), columns, largest);
            }
            for (int column = 0; column < columns; column++) {
                scales[column] = writeScale(largest[column], columns, 0, column, target);
            }
        }
        for (int row = 0; row < rows; row++) {
            if (perToken) {
                Arrays.fill(largest, 0);
                maximize(source, offset(row, stride), columns, largest);
                int most = Arrays.stream(largest).max().orElse(0);
                Arrays.fill(scales, writeScale(most, columns, row, 0, target));
            }
            quantize(source, offset(row, stride), columns, scales, codes);
            pack(codes, columns, target, BaselineLayout.codesOffset(format, columns, row));
        }
    }

    private static void maximize(MemorySegment source, long offset, int columns, int[] largest) {
        int i = 0;
        for (; i <= columns - LANES; i += LANES) {
            IntVector raw =
                    IntVector.fromMemorySegment(INTS, source, offset + (long) i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            raw.and(0x7fffffff).max(IntVector.fromArray(INTS, largest, i)).intoArray(largest, i);
        }
        for (; i < columns; i++) {
            int raw = source.get(Layouts.I32, offset + (long) i * Float.BYTES);
            largest[i] = Math.max(largest[i], raw & 0x7fffffff);
        }
    }

    private float writeScale(int largest, int columns, int row, int column, MemorySegment target) {
        int code = quantizer.scaleCode(largest);
        target.set(Layouts.I16, BaselineLayout.scaleOffset(format, columns, row, column), (short) code);
        return ScaleType.F16.value(code);
    }

    private void quantize(MemorySegment source, long offset, int columns, float[] scales, byte[] codes) {
        int i = 0;
        for (; i <= columns - LANES; i += LANES) {
            FloatVector values = FloatVector.fromMemorySegment(
                    FLOATS, source, offset + (long) i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            quantizeLanes(values, FloatVector.fromArray(FLOATS, scales, i)).intoArray(codes, i);
        }
        if (i < columns) {
            FloatVector values = FloatVector.fromMemorySegment(
                    FLOATS,
                    source,
                    offset + (long) i * Float.BYTES,
                    ByteOrder.LITTLE_ENDIAN,
                    FLOATS.indexInRange(i, columns));
            quantizeLanes(values, FloatVector.fromArray(FLOATS, scales, i)).intoArray(codes, i);
        }
        // The padding of the last word.
        Arrays.fill(codes, columns, columns + Long.BYTES, (byte) 0);
    }

    private ByteVector quantizeLanes(FloatVector values, FloatVector scales) {
        FloatVector ratios = values.div(scales).blend(0f, scales.eq(0f));
        IntVector rounded = ratios.abs().mul(stepsPerUnit).add(ROUNDER).reinterpretAsInts();
        IntVector code = rounded.sub(Float.floatToRawIntBits(ROUNDER)).min(maxCode);
        IntVector sign = values.reinterpretAsInts()
                .lanewise(VectorOperators.LSHR, Integer.SIZE - bits)
                .and(signBit);
        IntVector finite =
                code.or(sign).blend(0, scales.test(VectorOperators.IS_NAN).cast(INTS));
        return (ByteVector) finite.convertShape(VectorOperators.I2B, BYTES, 0);
    }

    /** Packs a row of codes, in place. */
    private void pack(byte[] codes, int columns, MemorySegment target, long offset) {
        if (bits != Byte.SIZE) {
            ByteCodes.pack(codes, columns, bits, codes);
        }
        MemorySegment.copy(codes, 0, target, ValueLayout.JAVA_BYTE, offset, (int) PackedBits.bytes(columns, bits));
    }

    private void unpack(MemorySegment packed, long offset, int columns, byte[] codes) {
        int bytes = (int) PackedBits.bytes(columns, bits);
        byte[] read = bits == Byte.SIZE ? codes : new byte[bytes + SLACK];
        MemorySegment.copy(packed, ValueLayout.JAVA_BYTE, offset, read, 0, bytes);
        if (bits != Byte.SIZE) {
            ByteCodes.unpack(read, columns, bits, codes);
        }
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        byte[] codes = new byte[columns + SLACK];
        float[] scales = new float[columns + SLACK];
        float[] values = new float[columns + SLACK];
        for (int row = 0; row < rows; row++) {
            readScales(packed, row, columns, scales);
            unpack(packed, BaselineLayout.codesOffset(format, columns, row), columns, codes);
            dequantize(codes, scales, columns, values, false);
            MemorySegment.copy(values, 0, target, Layouts.F32, offset(row, columns), columns);
        }
    }

    @Override
    public void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkPackets(packets, format, rows, columns);
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        byte[] codes = new byte[columns + SLACK];
        float[][] scales = new float[packets.length][columns + SLACK];
        float[] values = new float[columns + SLACK];
        for (int row = 0; row < rows; row++) {
            long codesOffset = BaselineLayout.codesOffset(format, columns, row);
            for (int rank = 0; rank < packets.length; rank++) {
                readScales(packets[rank], row, columns, scales[rank]);
                unpack(packets[rank], codesOffset, columns, codes);
                dequantize(codes, scales[rank], columns, values, rank > 0);
            }
            Residual.add(values, columns, residual, offset(row, stride));
        }
    }

    /** Spreads the scale of a row, or reads those of the columns if this is the first row. */
    private void readScales(MemorySegment packed, int row, int columns, float[] scales) {
        if (perToken) {
            Arrays.fill(scales, scale(packed, columns, row, 0));
        } else if (row == 0) {
            for (int column = 0; column < columns; column++) {
                scales[column] = scale(packed, columns, row, column);
            }
        }
    }

    private float scale(MemorySegment packed, int columns, int row, int column) {
        long at = BaselineLayout.scaleOffset(format, columns, row, column);
        return ScaleType.F16.value(packed.get(Layouts.I16, at) & 0xffff);
    }

    private void dequantize(byte[] codes, float[] scales, int columns, float[] values, boolean add) {
        for (int i = 0; i < columns; i += LANES) {
            IntVector code =
                    (IntVector) ByteVector.fromArray(BYTES, codes, i).convertShape(VectorOperators.B2I, INTS, 0);
            FloatVector magnitude = (FloatVector) code.and(signBit - 1).convert(VectorOperators.I2F, 0);
            IntVector sign = code.and(signBit).lanewise(VectorOperators.LSHL, Integer.SIZE - bits);
            FloatVector value = magnitude
                    .mul(1 / stepsPerUnit)
                    .reinterpretAsInts()
                    .or(sign)
                    .reinterpretAsFloats()
                    .mul(FloatVector.fromArray(FLOATS, scales, i));
            if (add) {
                value = FloatVector.fromArray(FLOATS, values, i).add(value);
            }
            value.intoArray(values, i);
        }
    }

    private static long offset(int row, int stride) {
        return (long) row * stride * Float.BYTES;
    }
}

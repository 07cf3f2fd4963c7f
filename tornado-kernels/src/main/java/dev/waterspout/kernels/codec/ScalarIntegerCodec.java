package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/** The reference of the integer baselines: one element at a time. */
final class ScalarIntegerCodec extends ElementCodec {
    private final IntegerFormat format;
    private final BlockQuantizer quantizer;

    ScalarIntegerCodec(IntegerFormat format) {
        this.format = format;
        this.quantizer = format.quantizer();
    }

    @Override
    public IntegerFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        target.asSlice(0, format.encodedBytes(rows, columns)).fill((byte) 0);
        boolean perToken = format.axis() == IntegerFormat.Axis.TOKEN;
        for (int row = 0; perToken && row < rows; row++) {
            putScale(target, columns, row, 0, largest(source, ScalarLoops.offset(row, 0, stride), columns, 1));
        }
        for (int column = 0; !perToken && rows > 0 && column < columns; column++) {
            putScale(target, columns, 0, column, largest(source, ScalarLoops.offset(0, column, stride), rows, stride));
        }
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                float value = source.get(Layouts.F32, ScalarLoops.offset(row, column, stride));
                putCode(target, columns, row, column, value);
            }
        }
    }

    private static int largest(MemorySegment source, long offset, int count, int step) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            int bits = source.get(Layouts.I32, offset + (long) i * step * Float.BYTES);
            largest = Math.max(largest, bits & 0x7fffffff);
        }
        return largest;
    }

    private void putScale(MemorySegment target, int columns, int row, int column, int largest) {
        long at = BaselineLayout.scaleOffset(format, columns, row, column);
        target.set(Layouts.I16, at, (short) quantizer.scaleCode(largest));
    }

    private void putCode(MemorySegment target, int columns, int row, int column, float value) {
        int scaleCode = scaleCode(target, columns, row, column);
        if (!quantizer.isNan(scaleCode)) {
            long codes = BaselineLayout.codesOffset(format, columns, row);
            int bits = format.bits();
            PackedBits.put(target, codes, (long) column * bits, bits, quantizer.elementCode(value, scaleCode));
        }
    }

    @Override
    ScalarLoops.Elements elements(int columns) {
        return (packed, row, column) -> value(packed, columns, row, column);
    }

    private float value(MemorySegment packed, int columns, int row, int column) {
        int bits = format.bits();
        long codes = BaselineLayout.codesOffset(format, columns, row);
        int code = PackedBits.get(packed, codes, (long) column * bits, bits);
        return quantizer.value(code, scaleCode(packed, columns, row, column));
    }

    private int scaleCode(MemorySegment packed, int columns, int row, int column) {
        return packed.get(Layouts.I16, BaselineLayout.scaleOffset(format, columns, row, column)) & 0xffff;
    }
}

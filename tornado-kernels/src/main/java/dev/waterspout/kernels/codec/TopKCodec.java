package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Keeps the largest magnitudes of each row: a baseline, not made for speed. */
final class TopKCodec implements PartialCodec {
    private final TopKFormat format;

    TopKCodec(TopKFormat format) {
        this.format = format;
    }

    @Override
    public TopKFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        target.asSlice(0, format.encodedBytes(rows, columns)).fill((byte) 0);
        float[] values = new float[columns];
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(source, Layouts.F32, (long) row * stride * Float.BYTES, values, 0, columns);
            encodeRow(values, target.asSlice(row * format.rowBytes(columns)));
        }
    }

    private void encodeRow(float[] values, MemorySegment target) {
        int[] kept = largest(values);
        long columnsOffset = BaselineLayout.valueOffset(kept.length);
        int indexBits = BaselineLayout.indexBits(values.length);
        for (int i = 0; i < kept.length; i++) {
            short half = Halves.narrow(Float.floatToRawIntBits(values[kept[i]]));
            target.set(Layouts.I16, BaselineLayout.valueOffset(i), half);
            PackedBits.put(target, columnsOffset, (long) i * indexBits, indexBits, kept[i]);
        }
    }

    /** {@return the columns of the largest magnitudes, ascending} */
    private int[] largest(float[] values) {
        // Sorts the largest magnitude first and, of equal ones, the lowest column.
        long[] keys = new long[values.length];
        for (int column = 0; column < keys.length; column++) {
            long magnitude = Float.floatToRawIntBits(values[column]) & 0x7fffffff;
            keys[column] = -magnitude << Integer.SIZE | column;
        }
        Arrays.sort(keys);
        int[] kept = new int[BaselineLayout.kept(format, values.length)];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = (int) keys[i];
        }
        Arrays.sort(kept);
        return kept;
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        float[] values = new float[columns];
        for (int row = 0; row < rows; row++) {
            decodeRow(packed, row, values);
            MemorySegment.copy(values, 0, target, Layouts.F32, (long) row * columns * Float.BYTES, columns);
        }
    }

    @Override
    public void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkPackets(packets, format, rows, columns);
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        float[] sum = new float[columns];
        float[] values = new float[columns];
        for (int row = 0; row < rows; row++) {
            decodeRow(packets[0], row, sum);
            for (int rank = 1; rank < packets.length; rank++) {
                decodeRow(packets[rank], row, values);
                add(sum, values);
            }
            long at = (long) row * stride * Float.BYTES;
            MemorySegment.copy(residual, Layouts.F32, at, values, 0, columns);
            add(sum, values);
            MemorySegment.copy(sum, 0, residual, Layouts.F32, at, columns);
        }
    }

    private static void add(float[] sum, float[] values) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[i];
        }
    }

    private void decodeRow(MemorySegment packed, int row, float[] values) {
        Arrays.fill(values, 0f);
        long start = row * format.rowBytes(values.length);
        int kept = BaselineLayout.kept(format, values.length);
        int indexBits = BaselineLayout.indexBits(values.length);
        for (int i = 0; i < kept; i++) {
            int column =
                    PackedBits.get(packed, start + BaselineLayout.valueOffset(kept), (long) i * indexBits, indexBits);
            if (column >= values.length) {
                throw new PayloadException(
                        "row " + row + " keeps column " + column + ", but has " + values.length + " columns");
            }
            values[column] = Halves.widen(packed.get(Layouts.I16, start + BaselineLayout.valueOffset(i)));
        }
    }
}

package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The formats without blocks. f32 is copied; bf16 is rounded to nearest even, which takes values of 2^128 - 2^119 and
 * more to infinity, as IEEE rounding does, and leaves NaN a NaN; {@link Halves} does f16.
 */
final class PlainCodec implements PartialCodec {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Math.max(64, INTS.vectorBitSize() / 2)));
    private static final int LANES = FLOATS.length();
    private static final int QUIET = 0x0040;

    private final PlainFormat format;

    PlainCodec(PlainFormat format) {
        this.format = format;
    }

    @Override
    public PlainFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        long run = run(rows, columns, stride);
        long count = (long) rows * columns;
        for (long first = 0, from = 0; first < count; first += run, from += stride) {
            switch (format) {
                case F32 ->
                    MemorySegment.copy(source, from * Float.BYTES, target, first * Float.BYTES, run * Float.BYTES);
                case BF16, F16 -> round(source, from * Float.BYTES, run, target, first * Short.BYTES);
            }
        }
    }

    /** {@return the elements that lie next to each other: those of a row, or all} */
    private static long run(int rows, int columns, int stride) {
        return stride == columns ? (long) rows * columns : columns;
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        long count = (long) rows * columns;
        switch (format) {
            case F32 -> MemorySegment.copy(packed, 0, target, 0, count * Float.BYTES);
            case BF16, F16 -> widen(packed, count, target);
        }
    }

    @Override
    public void decodeSum(MemorySegment[] shards, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkShards(shards, format, rows, columns);
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        long run = run(rows, columns, stride);
        long count = (long) rows * columns;
        for (long first = 0, to = 0; first < count; first += run, to += stride) {
            sum(shards, first, run, residual, to);
        }
    }

    /** Sums {@code count} elements of the shards from element {@code from} on to those of the residual from {@code to} on. */
    private void sum(MemorySegment[] shards, long from, long count, MemorySegment residual, long to) {
        long i = 0;
        // A vector of halves may be read past its lanes where vectors are short: never past the segment.
        for (; i <= count - SHORTS.length(); i += LANES) {
            long at = (to + i) * Float.BYTES;
            FloatVector sum = lanes(shards[0], from + i);
            for (int rank = 1; rank < shards.length; rank++) {
                sum = sum.add(lanes(shards[rank], from + i));
            }
            sum.add(FloatVector.fromMemorySegment(FLOATS, residual, at, ByteOrder.LITTLE_ENDIAN))
                    .intoMemorySegment(residual, at, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            long at = (to + i) * Float.BYTES;
            float sum = value(shards[0], from + i);
            for (int rank = 1; rank < shards.length; rank++) {
                sum += value(shards[rank], from + i);
            }
            residual.set(Layouts.F32, at, sum + residual.get(Layouts.F32, at));
        }
    }

    private FloatVector lanes(MemorySegment packed, long index) {
        return format == PlainFormat.F32
                ? FloatVector.fromMemorySegment(FLOATS, packed, index * Float.BYTES, ByteOrder.LITTLE_ENDIAN)
                : widenLanes(packed, index);
    }

    private float value(MemorySegment packed, long index) {
        return switch (format) {
            case F32 -> packed.get(Layouts.F32, index * Float.BYTES);
            case BF16 -> Float.intBitsToFloat(packed.get(Layouts.I16, index * Short.BYTES) << 16);
            case F16 -> Halves.widen(packed.get(Layouts.I16, index * Short.BYTES));
        };
    }

    private void widen(MemorySegment packed, long count, MemorySegment target) {
        long i = 0;
        for (; i <= count - SHORTS.length(); i += LANES) {
            widenLanes(packed, i).intoMemorySegment(target, i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            target.set(Layouts.F32, i * Float.BYTES, value(packed, i));
        }
    }

    private FloatVector widenLanes(MemorySegment packed, long index) {
        ShortVector halves =
                ShortVector.fromMemorySegment(SHORTS, packed, index * Short.BYTES, ByteOrder.LITTLE_ENDIAN);
        IntVector wide = (IntVector) halves.convertShape(VectorOperators.S2I, INTS, 0);
        return format == PlainFormat.F16
                ? Halves.widen(wide)
                : wide.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private void round(MemorySegment source, long from, long count, MemorySegment target, long to) {
        long i = 0;
        for (; i <= count - SHORTS.length(); i += LANES) {
            IntVector raw = IntVector.fromMemorySegment(INTS, source, from + i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            IntVector rounded = format == PlainFormat.F16 ? Halves.narrow(raw) : roundLanes(raw);
            ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0))
                    .intoMemorySegment(target, to + i * Short.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            int raw = source.get(Layouts.I32, from + i * Float.BYTES);
            target.set(Layouts.I16, to + i * Short.BYTES, format == PlainFormat.F16 ? Halves.narrow(raw) : round(raw));
        }
    }

    private static IntVector roundLanes(IntVector raw) {
        IntVector upper = raw.lanewise(VectorOperators.LSHR, 16);
        IntVector rounded = raw.add(upper.and(1).add(0x7fff)).lanewise(VectorOperators.LSHR, 16);
        VectorMask<Integer> nan = raw.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
        return rounded.blend(upper.or(QUIET), nan);
    }

    private static short round(int raw) {
        int upper = raw >>> 16;
        if ((raw & 0x7fffffff) > 0x7f800000) {
            return (short) (upper | QUIET);
        }
        return (short) ((raw + 0x7fff + (upper & 1)) >>> 16);
    }
}

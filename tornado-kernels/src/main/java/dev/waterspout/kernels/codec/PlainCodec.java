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
 * more to infinity, as IEEE rounding does, and leaves NaN a NaN.
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
    public void encode(MemorySegment source, int rows, int columns, MemorySegment target) {
        Shapes.checkPlain("source", source, rows, columns);
        Shapes.checkEncoded("target", target, format, rows, columns);
        long count = (long) rows * columns;
        switch (format) {
            case F32 -> MemorySegment.copy(source, 0, target, 0, count * Float.BYTES);
            case BF16 -> round(source, count, target);
        }
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        long count = (long) rows * columns;
        switch (format) {
            case F32 -> MemorySegment.copy(packed, 0, target, 0, count * Float.BYTES);
            case BF16 -> widen(packed, count, target);
        }
    }

    @Override
    public void decodeSum(MemorySegment[] shards, int rows, int columns, MemorySegment residual) {
        Shapes.checkShards(shards, format, rows, columns);
        Shapes.checkPlain("residual", residual, rows, columns);
        long count = (long) rows * columns;
        long i = 0;
        // A vector of bf16 may be read past its lanes where vectors are short: never past the segment.
        for (; i <= count - SHORTS.length(); i += LANES) {
            FloatVector sum = lanes(shards[0], i);
            for (int rank = 1; rank < shards.length; rank++) {
                sum = sum.add(lanes(shards[rank], i));
            }
            sum.add(FloatVector.fromMemorySegment(FLOATS, residual, i * Float.BYTES, ByteOrder.LITTLE_ENDIAN))
                    .intoMemorySegment(residual, i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            float sum = value(shards[0], i);
            for (int rank = 1; rank < shards.length; rank++) {
                sum += value(shards[rank], i);
            }
            residual.set(Layouts.F32, i * Float.BYTES, sum + residual.get(Layouts.F32, i * Float.BYTES));
        }
    }

    private FloatVector lanes(MemorySegment packed, long index) {
        return switch (format) {
            case F32 -> FloatVector.fromMemorySegment(FLOATS, packed, index * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            case BF16 -> widenLanes(packed, index);
        };
    }

    private float value(MemorySegment packed, long index) {
        return switch (format) {
            case F32 -> packed.get(Layouts.F32, index * Float.BYTES);
            case BF16 -> Float.intBitsToFloat(packed.get(Layouts.I16, index * Short.BYTES) << 16);
        };
    }

    private static void widen(MemorySegment packed, long count, MemorySegment target) {
        long i = 0;
        for (; i <= count - SHORTS.length(); i += LANES) {
            widenLanes(packed, i).intoMemorySegment(target, i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            target.set(Layouts.I32, i * Float.BYTES, packed.get(Layouts.I16, i * Short.BYTES) << 16);
        }
    }

    private static FloatVector widenLanes(MemorySegment packed, long index) {
        ShortVector halves =
                ShortVector.fromMemorySegment(SHORTS, packed, index * Short.BYTES, ByteOrder.LITTLE_ENDIAN);
        IntVector wide = (IntVector) halves.convertShape(VectorOperators.S2I, INTS, 0);
        return wide.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static void round(MemorySegment source, long count, MemorySegment target) {
        long i = 0;
        for (; i <= count - SHORTS.length(); i += LANES) {
            IntVector raw = IntVector.fromMemorySegment(INTS, source, i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
            IntVector upper = raw.lanewise(VectorOperators.LSHR, 16);
            IntVector rounded = raw.add(upper.and(1).add(0x7fff)).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> nan = raw.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
            ((ShortVector) rounded.blend(upper.or(QUIET), nan).convertShape(VectorOperators.I2S, SHORTS, 0))
                    .intoMemorySegment(target, i * Short.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            target.set(Layouts.I16, i * Short.BYTES, round(source.get(Layouts.I32, i * Float.BYTES)));
        }
    }

    private static short round(int raw) {
        int upper = raw >>> 16;
        if ((raw & 0x7fffffff) > 0x7f800000) {
            return (short) (upper | QUIET);
        }
        return (short) ((raw + 0x7fff + (upper & 1)) >>> 16);
    }
}

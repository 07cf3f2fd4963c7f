package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.util.List;
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
    private final Passes<PlainRun> packing;
    private final Passes<PlainRun> unpacking;

    PlainCodec(PlainFormat format) {
        this.format = format;
        packing = new Passes<>(
                switch (format) {
                    case F32 -> List.of(PlainRun::writePacked);
                    case BF16 -> List.of(PlainCodec::roundToBf16, PlainRun::writePacked);
                    case F16 -> List.of(PlainCodec::roundToF16, PlainRun::writePacked);
                });
        unpacking = new Passes<>(List.of(
                PlainRun::readPacked,
                switch (format) {
                    case F32 -> PlainCodec::addF32;
                    case BF16 -> PlainCodec::widenBf16;
                    case F16 -> PlainCodec::widenF16;
                }));
    }

    @Override
    public PlainFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        PlainRun run = new PlainRun(format, rows, columns, stride);
        while (run.next()) {
            run.readPlain(source);
            run.packed = target;
            packing.run(run);
        }
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        PlainRun run = new PlainRun(format, rows, columns, columns);
        MemorySegment[] packets = {packed};
        while (run.next()) {
            sum(packets, run);
            run.writePlain(target);
        }
    }

    @Override
    public void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkPackets(packets, format, rows, columns);
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        PlainRun run = new PlainRun(format, rows, columns, stride);
        while (run.next()) {
            sum(packets, run);
            run.addTo(residual);
        }
    }

    @Override
    public void reduce(MemorySegment[] packets, int rows, int columns, MemorySegment target) {
        Shapes.checkPackets(packets, format, rows, columns);
        Shapes.checkEncoded("target", target, format, rows, columns);
        PlainRun run = new PlainRun(format, rows, columns, columns);
        while (run.next()) {
            sum(packets, run);
            run.packed = target;
            packing.run(run);
        }
    }

    /** Sums a run of the packets, in rank order. */
    private void sum(MemorySegment[] packets, PlainRun run) {
        for (int rank = 0; rank < packets.length; rank++) {
            run.adds = rank > 0;
            run.packed = packets[rank];
            unpacking.run(run);
        }
    }

    private static void addF32(PlainRun run) {
        for (int i = 0; run.adds && i < run.count(); i++) {
            run.values[i] += run.floats[i];
        }
    }

    private static void widenBf16(PlainRun run) {
        for (int i = 0; i < run.count(); i += LANES) {
            take(halves(run, i).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), run, i);
        }
    }

    private static void widenF16(PlainRun run) {
        for (int i = 0; i < run.count(); i += LANES) {
            take(Halves.widen(halves(run, i)), run, i);
        }
    }

    private static IntVector halves(PlainRun run, int i) {
        return (IntVector) ShortVector.fromArray(SHORTS, run.halves, i).convertShape(VectorOperators.S2I, INTS, 0);
    }

    private static void take(FloatVector lanes, PlainRun run, int i) {
        FloatVector value =
                run.adds ? FloatVector.fromArray(FLOATS, run.values, i).add(lanes) : lanes;
        value.intoArray(run.values, i);
    }

    private static void roundToBf16(PlainRun run) {
        for (int i = 0; i < run.count(); i += LANES) {
            keep(roundLanes(raw(run, i)), run, i);
        }
    }

    private static void roundToF16(PlainRun run) {
        for (int i = 0; i < run.count(); i += LANES) {
            keep(Halves.narrow(raw(run, i)), run, i);
        }
    }

    private static IntVector raw(PlainRun run, int i) {
        return FloatVector.fromArray(FLOATS, run.values, i).reinterpretAsInts();
    }

    /** Keeps the lower halves of lanes. */
    private static void keep(IntVector lanes, PlainRun run, int i) {
        ((ShortVector) lanes.convertShape(VectorOperators.I2S, SHORTS, 0)).intoArray(run.halves, i);
    }

    private static IntVector roundLanes(IntVector raw) {
        IntVector upper = raw.lanewise(VectorOperators.LSHR, 16);
        IntVector rounded = raw.add(upper.and(1).add(0x7fff)).lanewise(VectorOperators.LSHR, 16);
        VectorMask<Integer> nan = raw.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
        return rounded.blend(upper.or(QUIET), nan);
    }
}

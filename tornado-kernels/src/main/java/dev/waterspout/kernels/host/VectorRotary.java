package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Rotary embedding of one head. */
final class VectorRotary {
    private static final VectorShuffle<Float> NEIGHBOUR = VectorShuffle.fromOp(Lanes.FLOATS, i -> i ^ 1);

    private VectorRotary() {}

    /**
     * Rotates a head in place.
     *
     * @param table angles
     * @param tableRow row of the table
     * @param x holds the head
     * @param offset byte offset of the head
     */
    static void head(RotaryTable table, int tableRow, MemorySegment x, long offset) {
        switch (table.pairing()) {
            case ADJACENT -> adjacent(table, tableRow, x, offset);
            case HALVES -> halves(table, tableRow, x, offset);
        }
    }

    private static void adjacent(RotaryTable table, int tableRow, MemorySegment x, long offset) {
        MemorySegment factors = table.factors();
        long cosines = table.cosineOffset(tableRow);
        long sines = table.sineOffset(tableRow);
        int whole = Lanes.whole(table.ropeDim());
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            long at = Layouts.floats(i);
            FloatVector v = Lanes.load(x, offset + at);
            FloatVector turned = v.rearrange(NEIGHBOUR).mul(Lanes.load(factors, sines + at));
            Lanes.store(v.fma(Lanes.load(factors, cosines + at), turned), x, offset + at);
        }
        for (int i = whole; i < table.ropeDim(); i += 2) {
            turn(table, tableRow, x, offset, i, i + 1);
        }
    }

    private static void halves(RotaryTable table, int tableRow, MemorySegment x, long offset) {
        MemorySegment factors = table.factors();
        long cosines = table.cosineOffset(tableRow);
        long sines = table.sineOffset(tableRow);
        int half = table.ropeDim() / 2;
        long distance = Layouts.floats(half);
        int whole = Lanes.whole(half);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            long low = Layouts.floats(i);
            long high = low + distance;
            FloatVector a = Lanes.load(x, offset + low);
            FloatVector b = Lanes.load(x, offset + high);
            FloatVector turnedA = b.mul(Lanes.load(factors, sines + low));
            FloatVector turnedB = a.mul(Lanes.load(factors, sines + high));
            Lanes.store(a.fma(Lanes.load(factors, cosines + low), turnedA), x, offset + low);
            Lanes.store(b.fma(Lanes.load(factors, cosines + high), turnedB), x, offset + high);
        }
        for (int i = whole; i < half; i++) {
            turn(table, tableRow, x, offset, i, i + half);
        }
    }

    private static void turn(RotaryTable table, int tableRow, MemorySegment x, long offset, int i, int j) {
        MemorySegment factors = table.factors();
        long cosines = table.cosineOffset(tableRow);
        long sines = table.sineOffset(tableRow);
        float a = at(x, offset, i);
        float b = at(x, offset, j);
        float turnedA = Math.fma(a, at(factors, cosines, i), b * at(factors, sines, i));
        float turnedB = Math.fma(b, at(factors, cosines, j), a * at(factors, sines, j));
        x.set(Layouts.F32, offset + Layouts.floats(i), turnedA);
        x.set(Layouts.F32, offset + Layouts.floats(j), turnedB);
    }

    private static float at(MemorySegment segment, long base, int index) {
        return segment.get(Layouts.F32, base + Layouts.floats(index));
    }
}

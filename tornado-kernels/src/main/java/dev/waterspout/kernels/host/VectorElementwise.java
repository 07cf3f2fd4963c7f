package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** SwiGLU and additions. The elements that fill no vector take the same operations under a mask: same bits anywhere. */
final class VectorElementwise {
    private VectorElementwise() {}

    static void swiglu(MemorySegment gate, MemorySegment up, int from, int to) {
        int whole = from + Lanes.whole(to - from);
        for (int i = from; i < whole; i += Lanes.COUNT) {
            long offset = Layouts.floats(i);
            Lanes.store(silu(Lanes.load(gate, offset)).mul(Lanes.load(up, offset)), gate, offset);
        }
        if (whole < to) {
            long offset = Layouts.floats(whole);
            VectorMask<Float> mask = Lanes.first(to - whole);
            FloatVector product = silu(Lanes.load(gate, offset, mask)).mul(Lanes.load(up, offset, mask));
            Lanes.store(product, gate, offset, mask);
        }
    }

    private static FloatVector silu(FloatVector x) {
        return x.div(VectorExp.of(x.neg()).add(1f));
    }

    /** {@code target[i] += addend[i]} for {@code count} elements from the given byte offsets. */
    static void add(MemorySegment target, long targetOffset, MemorySegment addend, long addendOffset, int count) {
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            long offset = targetOffset + Layouts.floats(i);
            FloatVector other = Lanes.load(addend, addendOffset + Layouts.floats(i));
            Lanes.store(Lanes.load(target, offset).add(other), target, offset);
        }
        if (whole < count) {
            long offset = targetOffset + Layouts.floats(whole);
            VectorMask<Float> mask = Lanes.first(count - whole);
            FloatVector other = Lanes.load(addend, addendOffset + Layouts.floats(whole), mask);
            Lanes.store(Lanes.load(target, offset, mask).add(other), target, offset, mask);
        }
    }
}

package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Gates, factors, caps and additions. The elements that fill no vector take the same operations under a mask: same bits
 * anywhere.
 */
final class VectorElementwise {
    private VectorElementwise() {}

    static void gate(GateFunction function, MemorySegment gate, MemorySegment up, int from, int to) {
        int whole = from + Lanes.whole(to - from);
        for (int i = from; i < whole; i += Lanes.COUNT) {
            long offset = Layouts.floats(i);
            Lanes.store(gated(function, Lanes.load(gate, offset), Lanes.load(up, offset)), gate, offset);
        }
        if (whole < to) {
            long offset = Layouts.floats(whole);
            VectorMask<Float> mask = Lanes.first(to - whole);
            FloatVector result = gated(function, Lanes.load(gate, offset, mask), Lanes.load(up, offset, mask));
            Lanes.store(result, gate, offset, mask);
        }
    }

    private static FloatVector gated(GateFunction function, FloatVector gate, FloatVector up) {
        return switch (function) {
            case SWIGLU -> sigmoid(gate, gate.neg()).mul(up);
            case GEGLU -> gelu(gate).mul(up);
            case GELU -> gelu(gate);
            case SWIGLU_CLAMPED -> {
                FloatVector low = gate.min(GateFunction.LIMIT);
                FloatVector clamped = up.max(-GateFunction.LIMIT).min(GateFunction.LIMIT);
                yield sigmoid(low, low.mul(-GateFunction.SLOPE)).mul(clamped.add(1f));
            }
        };
    }

    private static FloatVector gelu(FloatVector x) {
        FloatVector factor = x.mul(x).fma(Lanes.all(GateFunction.GELU_3), Lanes.all(GateFunction.GELU_1));
        return sigmoid(x, x.mul(factor));
    }

    /** x / (1 + exp(exponent)). */
    private static FloatVector sigmoid(FloatVector x, FloatVector exponent) {
        return x.div(VectorExp.of(exponent).add(1f));
    }

    /** {@code cap x tanh(x / cap)}, from {@code tanh(|y|) = (1 - exp(-2 |y|)) / (1 + exp(-2 |y|))}. */
    static FloatVector softCap(FloatVector x, float cap) {
        FloatVector e = VectorExp.of(x.abs().mul(-2f / cap));
        FloatVector result = Lanes.all(1f).sub(e).div(e.add(1f)).mul(cap);
        return result.blend(result.neg(), x.compare(VectorOperators.LT, 0f));
    }

    static void softCap(MemorySegment x, float cap, int from, int to) {
        int whole = from + Lanes.whole(to - from);
        for (int i = from; i < whole; i += Lanes.COUNT) {
            long offset = Layouts.floats(i);
            Lanes.store(softCap(Lanes.load(x, offset), cap), x, offset);
        }
        if (whole < to) {
            long offset = Layouts.floats(whole);
            VectorMask<Float> mask = Lanes.first(to - whole);
            Lanes.store(softCap(Lanes.load(x, offset, mask), cap), x, offset, mask);
        }
    }

    static void scale(MemorySegment x, float factor, int from, int to) {
        int whole = from + Lanes.whole(to - from);
        for (int i = from; i < whole; i += Lanes.COUNT) {
            long offset = Layouts.floats(i);
            Lanes.store(Lanes.load(x, offset).mul(factor), x, offset);
        }
        if (whole < to) {
            long offset = Layouts.floats(whole);
            VectorMask<Float> mask = Lanes.first(to - whole);
            Lanes.store(Lanes.load(x, offset, mask).mul(factor), x, offset, mask);
        }
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

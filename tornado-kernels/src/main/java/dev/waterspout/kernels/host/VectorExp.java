package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Exponential;
import dev.waterspout.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Exponential} of a vector. {@code lanewise(EXP)} is no intrinsic on some platforms, and its bits differ between
 * them.
 */
final class VectorExp {
    private VectorExp() {}

    /**
     * Returns e to the power of every lane.
     *
     * @param exponent the powers
     * @return the results
     */
    static FloatVector of(FloatVector exponent) {
        FloatVector x = exponent.blend(Exponential.HIGHEST, exponent.compare(VectorOperators.GT, Exponential.HIGHEST));
        FloatVector shifted = x.fma(Lanes.all(Exponential.LOG2_E), Lanes.all(Exponential.ROUND));
        FloatVector n = shifted.sub(Exponential.ROUND);
        FloatVector r = n.fma(Lanes.all(-Exponential.LN2_HIGH), x);
        r = n.fma(Lanes.all(-Exponential.LN2_LOW), r);
        FloatVector p = r.fma(Lanes.all(Exponential.Q4), Lanes.all(Exponential.Q3));
        p = p.fma(r, Lanes.all(Exponential.Q2));
        p = p.fma(r, Lanes.all(Exponential.Q1));
        p = p.fma(r, Lanes.all(Exponential.Q0));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector power =
                shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(Exponential.HALF);
        FloatVector result = p.mul(power.reinterpretAsFloats());
        return result.add(result).blend(0f, exponent.compare(VectorOperators.LT, Exponential.LOWEST));
    }
}

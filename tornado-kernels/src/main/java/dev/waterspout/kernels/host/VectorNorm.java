package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.jspecify.annotations.Nullable;

/** Normalization of rows: by their root mean square, or by mean and variance. */
public final class VectorNorm {
    /** Vectors that squares are added to in turn. */
    public static final int UNROLL = 4;

    private VectorNorm() {}

    /**
     * Normalizes one row of {@code width} elements.
     *
     * @param x input
     * @param weight factors
     * @param epsilon added to the mean square
     * @param y output
     * @param offset byte offset of the row in input and output
     * @param width elements
     */
    static void row(MemorySegment x, MemorySegment weight, float epsilon, MemorySegment y, long offset, int width) {
        FloatVector factor = Lanes.all(factor(squares(x, offset, width), width, epsilon));
        int whole = Lanes.whole(width);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            long at = Layouts.floats(i);
            FloatVector scaled = Lanes.load(x, offset + at).mul(factor);
            Lanes.store(scaled.mul(Lanes.load(weight, at)), y, offset + at);
        }
        if (whole < width) {
            long at = Layouts.floats(whole);
            VectorMask<Float> mask = Lanes.first(width - whole);
            FloatVector scaled = Lanes.load(x, offset + at, mask).mul(factor);
            Lanes.store(scaled.mul(Lanes.load(weight, at, mask)), y, offset + at, mask);
        }
    }

    /**
     * Takes the mean off one row of {@code width} elements and divides it by its standard deviation.
     *
     * @param x input
     * @param weight factors
     * @param bias addends, or null
     * @param epsilon added to the variance
     * @param y output
     * @param offset byte offset of the row in input and output
     * @param width elements
     */
    static void layerRow(
            MemorySegment x,
            MemorySegment weight,
            @Nullable MemorySegment bias,
            float epsilon,
            MemorySegment y,
            long offset,
            int width) {
        FloatVector total = Lanes.zero();
        for (int i = 0; i < width; i += Lanes.COUNT) {
            total = total.add(Lanes.load(x, offset + Layouts.floats(i), Lanes.first(Math.min(Lanes.COUNT, width - i))));
        }
        float mean = LaneSums.one(total) / width;
        FloatVector squares = Lanes.zero();
        for (int i = 0; i < width; i += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.first(Math.min(Lanes.COUNT, width - i));
            FloatVector centred = Lanes.zero()
                    .blend(Lanes.load(x, offset + Layouts.floats(i), mask).sub(mean), mask);
            squares = centred.fma(centred, squares);
        }
        float factor = factor(LaneSums.one(squares), width, epsilon);
        for (int i = 0; i < width; i += Lanes.COUNT) {
            long at = Layouts.floats(i);
            VectorMask<Float> mask = Lanes.first(Math.min(Lanes.COUNT, width - i));
            FloatVector scaled = Lanes.load(x, offset + at, mask).sub(mean).mul(factor);
            FloatVector weighed = scaled.mul(Lanes.load(weight, at, mask));
            Lanes.store(bias == null ? weighed : weighed.add(Lanes.load(bias, at, mask)), y, offset + at, mask);
        }
    }

    /**
     * {@return the factor that normalizes a row}
     *
     * @param squares sum of the squares, or of the squares of the differences from the mean
     * @param width elements
     * @param epsilon added to the mean square
     */
    static float factor(float squares, int width, float epsilon) {
        return (float) (1 / Math.sqrt((double) squares / width + epsilon));
    }

    private static float squares(MemorySegment x, long offset, int width) {
        FloatVector s0 = Lanes.zero();
        FloatVector s1 = Lanes.zero();
        FloatVector s2 = Lanes.zero();
        FloatVector s3 = Lanes.zero();
        int unrolled = width - width % (UNROLL * Lanes.COUNT);
        for (int i = 0; i < unrolled; i += UNROLL * Lanes.COUNT) {
            long at = offset + Layouts.floats(i);
            FloatVector v0 = Lanes.load(x, at);
            FloatVector v1 = Lanes.load(x, at + Lanes.BYTES);
            FloatVector v2 = Lanes.load(x, at + 2 * Lanes.BYTES);
            FloatVector v3 = Lanes.load(x, at + 3 * Lanes.BYTES);
            s0 = v0.fma(v0, s0);
            s1 = v1.fma(v1, s1);
            s2 = v2.fma(v2, s2);
            s3 = v3.fma(v3, s3);
        }
        for (int i = unrolled; i < width; i += Lanes.COUNT) {
            FloatVector v = Lanes.load(x, offset + Layouts.floats(i), Lanes.first(Math.min(Lanes.COUNT, width - i)));
            s0 = v.fma(v, s0);
        }
        return LaneSums.one(s0.add(s1).add(s2.add(s3)));
    }
}

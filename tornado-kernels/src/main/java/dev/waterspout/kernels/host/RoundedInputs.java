package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.ByteKernels;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Inputs that are rounded to 8 bits and remain floats, for products without machine code: to the nearest multiple of a
 * block's largest magnitude divided by 127, ties to even. The multiples are those of {@link ByteKernels}; sums of
 * products are not, they are rounded.
 */
public final class RoundedInputs {
    /** Inputs that share a scale. */
    public static final int BLOCK = ByteKernels.BLOCK;

    /** The largest multiple. */
    public static final float LARGEST = 127;

    /** A block whose magnitudes are all below it counts as zero. */
    public static final float SMALLEST = 0x1p-100f;

    /** Added to a number below 2^21 and subtracted again, it leaves that number rounded to an integer. */
    public static final float ROUNDER = 0x1.8p23f;

    /** The bits of a float without its sign. */
    private static final int MAGNITUDE = Integer.MAX_VALUE;

    private static final MemorySegment ALL = Memory.ALL;

    private RoundedInputs() {}

    /**
     * Rounds in place.
     *
     * @param inputs address of the first
     * @param count number of inputs, a multiple of {@value #BLOCK}
     */
    static void round(long inputs, int count) {
        long from = inputs & Memory.MASK;
        for (int block = 0; block < count; block += BLOCK) {
            long at = from + (long) (block & Memory.INDEX) * Float.BYTES;
            IntVector magnitudes = IntVector.zero(Lanes.INTS);
            for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
                IntVector bits = FloatVector.fromMemorySegment(
                                Lanes.FLOATS, ALL, at + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER)
                        .reinterpretAsInts();
                magnitudes = magnitudes.max(bits.and(MAGNITUDE));
            }
            float largest = Float.intBitsToFloat(magnitudes.reduceLanes(VectorOperators.MAX));
            boolean zero = largest < SMALLEST;
            float scale = zero ? 0 : largest / LARGEST;
            float inverse = zero ? 0 : LARGEST / largest;
            for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
                long place = at + (long) (i & Memory.INDEX) * Float.BYTES;
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, place, Layouts.ORDER)
                        .mul(inverse)
                        .add(ROUNDER)
                        .sub(ROUNDER)
                        .mul(scale)
                        .intoMemorySegment(ALL, place, Layouts.ORDER);
            }
        }
    }

    /**
     * Rounds in place, by a loop over an array: the same bits.
     *
     * @param inputs all inputs, a multiple of {@value #BLOCK}
     */
    public static void round(float[] inputs) {
        for (int block = 0; block < inputs.length; block += BLOCK) {
            int magnitude = 0;
            for (int i = block; i < block + BLOCK; i++) {
                magnitude = Math.max(magnitude, Float.floatToRawIntBits(inputs[i]) & MAGNITUDE);
            }
            float largest = Float.intBitsToFloat(magnitude);
            boolean zero = largest < SMALLEST;
            float scale = zero ? 0 : largest / LARGEST;
            float inverse = zero ? 0 : LARGEST / largest;
            for (int i = block; i < block + BLOCK; i++) {
                inputs[i] = (inputs[i] * inverse + ROUNDER - ROUNDER) * scale;
            }
        }
    }
}

package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Encodes partials with the bits of the scalar codec. The array of {@link MxParameters} describes the format.
 *
 * <p>There are two kinds of work-items, without barriers. The first encode eight elements each, which fill whole bytes.
 * The others encode as many scales as fill whole bytes. Both compute the largest magnitude of their block: the few
 * repeated reads are served by the cache, and cost less than a second task.
 *
 * <p>Kernels have no bit casts. An exponent is therefore computed by comparisons with powers of two. A magnitude is
 * scaled by a power of two, which is exact, and then rounded.
 */
public final class QuantizeKernels {
    /** Elements of one work-item of {@link #quantizeBlocks}. */
    public static final int RUN = 8;

    private static final float MAX_HALF = 65504f;
    private static final int MAX_HALF_CODE = 0x7BFF;

    private QuantizeKernels() {}

    /**
     * Encodes a partial in an MX format: x is the work-item of a row, y the row. Both kinds of work-items share one
     * loop, because TornadoVM inlines every call and refuses kernels that grow too large.
     */
    public static void quantizeBlocks(
            KernelContext context,
            IntArray step,
            IntArray format,
            FloatArray powers,
            FloatArray partial,
            ByteArray packed) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        int items = format.get(MxParameters.ELEMENT_ITEMS) + format.get(MxParameters.SCALE_ITEMS);
        if (row < step.get(Step.ROWS) && item < items) {
            encodeItem(format, powers, partial, packed, item, row);
        }
    }

    /** Encodes the elements or scales of a work-item of {@link #quantizeBlocks}. */
    public static void encodeItem(
            IntArray format, FloatArray powers, FloatArray partial, ByteArray packed, int item, int row) {
        int elementItems = format.get(MxParameters.ELEMENT_ITEMS);
        int columns = format.get(MxParameters.COLUMNS);
        int bits = format.get(MxParameters.ELEMENT_BITS);
        int target = row * format.get(MxParameters.ROW_BYTES) + format.get(MxParameters.SCALE_BYTES) + item * bits;
        int first = item * 8;
        int end = TornadoMath.min(first + 8, columns);
        if (item >= elementItems) {
            int perItem = format.get(MxParameters.SCALES_PER_ITEM);
            bits = format.get(MxParameters.SCALE_BITS);
            first = (item - elementItems) * perItem;
            end = TornadoMath.min(first + perItem, format.get(MxParameters.BLOCKS));
            target = row * format.get(MxParameters.ROW_BYTES) + ((first * bits) >> 3);
        }
        int pending = 0;
        int have = 0;
        int code = 0;
        int scale = 0;
        for (int index = first; index < end; index++) {
            if (item >= elementItems) {
                code = scaleCode(format, powers, partial, row * columns, index);
            } else {
                if (index == first) {
                    int block = index >> format.get(MxParameters.BLOCK_SHIFT);
                    scale = scaleCode(format, powers, partial, row * columns, block);
                }
                code = elementCode(format, powers, partial.get(row * columns + index), scale);
            }
            pending |= code << have;
            have += bits;
            while (have >= 8) {
                packed.set(target, (byte) (pending & 0xFF));
                target++;
                pending = pending >> 8;
                have -= 8;
            }
        }
        if (have > 0) {
            packed.set(target, (byte) (pending & 0xFF));
        }
    }

    /** Encodes a partial in bfloat16, rounded to nearest even: x is the column, y the row. */
    public static void packBf16(
            KernelContext context,
            IntArray step,
            FloatArray powers,
            FloatArray partial,
            ByteArray packed,
            int columns) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < columns && row < step.get(Step.ROWS)) {
            int index = row * columns + column;
            float value = partial.get(index);
            float magnitude = TornadoMath.abs(value);
            int code = 0x7FC0;
            if (magnitude < powers.get(DeviceTables.INFINITY)) {
                code = magnitudeCode(powers, magnitude, 7, -126, 127, 1);
            } else if (magnitude == powers.get(DeviceTables.INFINITY)) {
                code = 0x7F80;
            }
            if (negative(value) == 1) {
                code = code | 0x8000;
            }
            packed.set(2 * index, (byte) (code & 0xFF));
            packed.set(2 * index + 1, (byte) (code >> 8));
        }
    }

    public static int scaleCode(IntArray format, FloatArray powers, FloatArray partial, int start, int block) {
        int columns = format.get(MxParameters.COLUMNS);
        int shift = format.get(MxParameters.BLOCK_SHIFT);
        int first = block << shift;
        int end = TornadoMath.min(first + (1 << shift), columns);
        float largest = 0f;
        int finite = 0;
        for (int column = first; column < end; column++) {
            float magnitude = TornadoMath.abs(partial.get(start + column));
            // Only < and > are false for NaN on every device. TornadoVM compiles <= and >= to negations of < and >.
            if (magnitude < powers.get(DeviceTables.INFINITY)) {
                finite++;
                largest = TornadoMath.max(largest, magnitude);
            }
        }
        if (finite < end - first) {
            return format.get(MxParameters.NAN_CODE);
        }
        int bias = format.get(MxParameters.SCALE_BIAS);
        int elementExponent = format.get(MxParameters.MAX_EXPONENT);
        if (format.get(MxParameters.HALF_SCALE) == 1) {
            int mantissa = format.get(MxParameters.MANTISSA_BITS);
            float maxNormal = (float) format.get(MxParameters.MAX_SIGNIFICAND)
                    * powers.get(DeviceTables.ONE + elementExponent - mantissa);
            int code = magnitudeCode(powers, TornadoMath.min(largest / maxNormal, MAX_HALF), 10, -14, 15, 1);
            int up = format.get(MxParameters.HALVES_UP);
            if (up == 1 && WeightBytes.halfValue(powers, code) * maxNormal < largest) {
                code = TornadoMath.min(code + 1, MAX_HALF_CODE);
            }
            return code;
        }
        int exponent = exponent(powers, largest, -127, 127);
        // In two steps, because no power of two reaches from the smallest exponent to an integer.
        float significand = largest * powers.get(DeviceTables.ONE - exponent) * powers.get(DeviceTables.ONE + 23);
        if ((int) significand >= format.get(MxParameters.RAISES_FROM)) {
            exponent++;
        }
        exponent = TornadoMath.min(exponent - elementExponent, format.get(MxParameters.MAX_SCALE_EXPONENT));
        return TornadoMath.max(exponent, -bias) + bias;
    }

    public static int elementCode(IntArray format, FloatArray powers, float value, int scale) {
        int code = 0;
        if (scale != format.get(MxParameters.NAN_CODE)) {
            float ratio = 0f;
            if (format.get(MxParameters.HALF_SCALE) == 1) {
                float divisor = WeightBytes.halfValue(powers, scale);
                if (divisor > 0f) {
                    ratio = value / divisor;
                }
            } else {
                ratio = value * powers.get(DeviceTables.ONE + format.get(MxParameters.SCALE_BIAS) - scale);
            }
            int magnitude = magnitudeCode(
                    powers,
                    TornadoMath.abs(ratio),
                    format.get(MxParameters.MANTISSA_BITS),
                    format.get(MxParameters.MIN_EXPONENT),
                    format.get(MxParameters.MAX_EXPONENT),
                    format.get(MxParameters.TIES_TO_EVEN));
            code = TornadoMath.min(magnitude, format.get(MxParameters.MAX_CODE));
            if (negative(value) == 1) {
                code = code | (1 << (format.get(MxParameters.ELEMENT_BITS) - 1));
            }
        }
        return code;
    }

    /** {@return 1 for values below zero and for the negative zero, else 0} */
    public static int negative(float value) {
        int sign = 0;
        if (value < 0f) {
            sign = 1;
        }
        if (value == 0f && 1f / value < 0f) {
            sign = 1;
        }
        return sign;
    }

    /**
     * Rounds a magnitude to a code of exponent field and mantissa, as {@code ElementType} describes them.
     *
     * @return the code, which exceeds the largest one of the type where the magnitude does
     */
    public static int magnitudeCode(
            FloatArray powers, float magnitude, int mantissaBits, int minExponent, int maxExponent, int tiesToEven) {
        int exponent = exponent(powers, magnitude, minExponent, maxExponent + 1);
        if (exponent > maxExponent) {
            return (maxExponent + 1 - minExponent + 1) << mantissaBits;
        }
        // In two steps, because one power of two may not reach from the smallest exponent of bfloat16.
        float normal = magnitude * powers.get(DeviceTables.ONE - exponent);
        float steps = normal * powers.get(DeviceTables.ONE + mantissaBits);
        int whole = (int) steps;
        float rest = steps - (float) whole;
        int up = 0;
        if (rest > 0.5f) {
            up = 1;
        }
        if (rest == 0.5f && (tiesToEven == 0 || (whole & 1) == 1)) {
            up = 1;
        }
        return ((exponent - minExponent) << mantissaBits) + whole + up;
    }

    /** {@return floor(log2(magnitude)), clamped to [low, high] with -127 <= low, high <= 128} */
    private static int exponent(FloatArray powers, float magnitude, int low, int high) {
        int exponent = low;
        for (int jump = 128; jump > 0; jump >>= 1) {
            int next = exponent + jump;
            if (next <= high && !(magnitude < powers.get(DeviceTables.ONE + next))) {
                exponent = next;
            }
        }
        return exponent;
    }
}

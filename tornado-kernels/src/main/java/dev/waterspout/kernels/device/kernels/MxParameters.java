package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.codec.ElementType;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.MxLayout;
import dev.waterspout.kernels.codec.Rounding;
import dev.waterspout.kernels.codec.ScaleType;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The device array that describes an MX format and the layout of a row to the codec kernels. One compiled kernel
 * serves every format.
 */
public final class MxParameters {
    public static final int COLUMNS = 0;
    public static final int BLOCKS = 1;
    /** log2 of the block size. */
    public static final int BLOCK_SHIFT = 2;

    public static final int ROW_BYTES = 3;
    /** Bytes of a row's scales. */
    public static final int SCALE_BYTES = 4;

    public static final int ELEMENT_BITS = 5;
    public static final int MANTISSA_BITS = 6;
    public static final int MIN_EXPONENT = 7;
    public static final int MAX_EXPONENT = 8;
    /** Magnitude code of the largest value. */
    public static final int MAX_CODE = 9;
    /** The largest value is this times {@code 2^(maxExponent - mantissaBits)}. */
    public static final int MAX_SIGNIFICAND = 10;
    /** 1 for ties to even, 0 for ties away from zero. */
    public static final int TIES_TO_EVEN = 11;

    public static final int SCALE_BITS = 12;
    public static final int SCALE_BIAS = 13;
    public static final int NAN_CODE = 14;
    /** 1 for F16 scales, 0 for powers of two. */
    public static final int HALF_SCALE = 15;
    /** Work-items of a row that encode elements, eight each. */
    public static final int ELEMENT_ITEMS = 16;
    /** Work-items of a row that encode scales. */
    public static final int SCALE_ITEMS = 17;
    /** Scales of one work-item, which fill whole bytes. */
    public static final int SCALES_PER_ITEM = 18;

    /** The significand of amax that doubles the scale, in units of {@code 2^-23}: {@code ScaleRule.raisesFrom}. */
    public static final int RAISES_FROM = 19;
    /** Largest exponent of a power-of-two scale. */
    public static final int MAX_SCALE_EXPONENT = 20;
    /** 1 for F16 scales that are rounded up, 0 for the nearest. */
    public static final int HALVES_UP = 21;

    public static final int SIZE = 22;

    private MxParameters() {}

    /** {@return the array for rows of a number of columns} */
    public static IntArray of(MxFormat format, int columns) {
        MxLayout layout = new MxLayout(format, columns);
        ElementType element = format.element();
        ScaleType scale = format.scale();
        IntArray values = new IntArray(SIZE);
        values.set(COLUMNS, columns);
        values.set(BLOCKS, layout.blocks());
        values.set(BLOCK_SHIFT, Integer.numberOfTrailingZeros(format.block()));
        values.set(ROW_BYTES, Math.toIntExact(layout.rowBytes()));
        values.set(SCALE_BYTES, Math.toIntExact(layout.scaleBytes()));
        values.set(ELEMENT_BITS, element.bits());
        values.set(MANTISSA_BITS, element.mantissaBits());
        values.set(MIN_EXPONENT, element.minExponent());
        values.set(MAX_EXPONENT, element.maxExponent());
        values.set(MAX_CODE, element.maxCode());
        values.set(
                MAX_SIGNIFICAND, (int) Math.scalb(element.maxNormal(), element.mantissaBits() - element.maxExponent()));
        values.set(TIES_TO_EVEN, format.rounding() == Rounding.EVEN ? 1 : 0);
        values.set(SCALE_BITS, scale.bits());
        values.set(SCALE_BIAS, scale.bias());
        values.set(NAN_CODE, scale.nanCode());
        values.set(HALF_SCALE, scale.powerOfTwo() ? 0 : 1);
        values.set(ELEMENT_ITEMS, Math.ceilDiv(columns, 8));
        values.set(SCALES_PER_ITEM, scalesPerItem(scale));
        values.set(SCALE_ITEMS, Math.ceilDiv(layout.blocks(), scalesPerItem(scale)));
        values.set(RAISES_FROM, format.rule().raisesFrom(element));
        values.set(MAX_SCALE_EXPONENT, format.maxScaleExponent());
        values.set(HALVES_UP, format.rule().roundsUp() ? 1 : 0);
        return values;
    }

    /** {@return the number of work-items that encode one row} */
    public static int itemsPerRow(MxFormat format, int columns) {
        int blocks = new MxLayout(format, columns).blocks();
        return Math.ceilDiv(columns, 8) + Math.ceilDiv(blocks, scalesPerItem(format.scale()));
    }

    /**
     * {@return the number of elements of a work-item that encodes whole blocks: the smallest number of blocks whose
     * scales fill whole bytes}
     */
    public static int elementsOfScales(MxFormat format) {
        return format.block() * scalesPerItem(format.scale());
    }

    private static int scalesPerItem(ScaleType scale) {
        return switch (scale) {
            case E8M0, F16 -> 1;
            case E4M0 -> 2;
            case E5M0 -> 8;
        };
    }
}

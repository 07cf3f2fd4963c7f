package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.ElementType;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.MxLayout;
import dev.waterspout.kernels.codec.Rounding;
import dev.waterspout.kernels.codec.ScaleType;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * An MX format and the layout of a row, as the device array that the codec kernels read: one compiled kernel serves every
 * format.
 */
final class MxParameters {
    static final int COLUMNS = 0;
    static final int BLOCKS = 1;
    /** log2 of the block size. */
    static final int BLOCK_SHIFT = 2;

    static final int ROW_BYTES = 3;
    /** Bytes of a row's scales. */
    static final int SCALE_BYTES = 4;

    static final int ELEMENT_BITS = 5;
    static final int MANTISSA_BITS = 6;
    static final int MIN_EXPONENT = 7;
    static final int MAX_EXPONENT = 8;
    /** Magnitude code of the largest value. */
    static final int MAX_CODE = 9;
    /** The largest value is this times {@code 2^(maxExponent - mantissaBits)}. */
    static final int MAX_SIGNIFICAND = 10;
    /** 1 for ties to even, 0 for ties away from zero. */
    static final int TIES_TO_EVEN = 11;

    static final int SCALE_BITS = 12;
    static final int SCALE_BIAS = 13;
    static final int NAN_CODE = 14;
    /** 1 for F16 scales, 0 for powers of two. */
    static final int HALF_SCALE = 15;
    /** Items of a row that pack elements, eight each. */
    static final int ELEMENT_ITEMS = 16;
    /** Items of a row that pack scales. */
    static final int SCALE_ITEMS = 17;
    /** Scales of one item, which fill whole bytes. */
    static final int SCALES_PER_ITEM = 18;

    /** The significand of amax that doubles the scale, in units of {@code 2^-23}: {@code ScaleRule.raisesFrom}. */
    static final int RAISES_FROM = 19;
    /** Largest exponent of a power-of-two scale. */
    static final int MAX_SCALE_EXPONENT = 20;
    /** 1 for F16 scales that are rounded up, 0 for the nearest. */
    static final int HALVES_UP = 21;

    static final int SIZE = 22;

    private MxParameters() {}

    /** {@return the array for rows of a number of columns} */
    static IntArray of(MxFormat format, int columns) {
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

    /** {@return the items that pack one row} */
    static int itemsPerRow(MxFormat format, int columns) {
        int blocks = new MxLayout(format, columns).blocks();
        return Math.ceilDiv(columns, 8) + Math.ceilDiv(blocks, scalesPerItem(format.scale()));
    }

    /** {@return the elements of one item that packs whole blocks: as many as have scales of whole bytes} */
    static int elementsOfScales(MxFormat format) {
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

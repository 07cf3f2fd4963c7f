package dev.waterspout.kernels.codec;

/**
 * An oracle that shares no code with the quantizers. It searches all values of an element type for the nearest one, in
 * double precision, which holds every product of an f32 and a scale exactly.
 */
final class NearestValue {
    private final ElementType element;
    private final Rounding rounding;
    private final double[] values;

    NearestValue(ElementType element, Rounding rounding) {
        this.element = element;
        this.rounding = rounding;
        this.values = new double[element.maxCode() + 1];
        double step = Math.pow(2, element.minExponent() - element.mantissaBits());
        for (int code = 1; code < values.length; code++) {
            int octave = Math.max(((code - 1) >> element.mantissaBits()) - 1, 0);
            values[code] = values[code - 1] + Math.scalb(step, octave);
        }
    }

    double value(int magnitudeCode) {
        return values[magnitudeCode];
    }

    /** {@return the magnitude code nearest to {@code |ratio|}} */
    int code(double ratio) {
        double magnitude = Math.abs(ratio);
        int below = 0;
        while (below < values.length - 1 && values[below + 1] <= magnitude) {
            below++;
        }
        if (below == values.length - 1) {
            return below;
        }
        double toLower = magnitude - values[below];
        double toUpper = values[below + 1] - magnitude;
        if (toLower != toUpper) {
            return toLower < toUpper ? below : below + 1;
        }
        if (rounding == Rounding.AWAY) {
            return below + 1;
        }
        // Without a mantissa the significand is 1 at every power of two, so that only the tie with zero is rounded
        // down.
        boolean lowerIsEven = element.mantissaBits() == 0 ? below == 0 : below % 2 == 0;
        return lowerIsEven ? below : below + 1;
    }

    /** {@return the power-of-two scale of a block by the format's rule, as an exponent} */
    static int sharedExponent(MxFormat format, float[] block) {
        double largest = 0;
        for (float value : block) {
            largest = Math.max(largest, Math.abs((double) value));
        }
        int bias = format.scale().bias();
        ElementType element = format.element();
        int highest = (int) Math.min(bias, 127L - element.maxExponent());
        return Math.max(-bias, Math.min(highest, largest == 0 ? -bias : wantedExponent(format, largest)));
    }

    private static int wantedExponent(MxFormat format, double largest) {
        ElementType element = format.element();
        int floor = Math.getExponent(largest) - element.maxExponent();
        return switch (format.rule()) {
            case FLOOR -> floor;
            case EVEN -> {
                double steps = Math.scalb(largest, element.mantissaBits() - Math.getExponent(largest));
                yield Math.rint(steps) == Math.scalb(2.0, element.mantissaBits()) ? floor + 1 : floor;
            }
            case CEIL -> smallest(floor, Math.scalb(1.0, element.maxExponent()), largest);
            case RCEIL -> smallest(floor - 1, element.maxNormal(), largest);
        };
    }

    private static int smallest(int from, double reach, double largest) {
        int exponent = from;
        while (Math.scalb(reach, exponent) < largest) {
            exponent++;
        }
        return exponent;
    }

    /** {@return the F16 scale of a block with this largest magnitude} */
    static float halfScale(MxFormat format, float largest) {
        float maxNormal = format.element().maxNormal();
        float scale = Float.float16ToFloat(Float.floatToFloat16(Math.min(largest / maxNormal, 65504f)));
        if (format.rule() == ScaleRule.FLOOR || format.rule() == ScaleRule.EVEN) {
            return scale;
        }
        int code = 0;
        while (code < 0x7bff && (double) Float.float16ToFloat((short) code) * maxNormal < largest) {
            code++;
        }
        return Float.float16ToFloat((short) code);
    }
}

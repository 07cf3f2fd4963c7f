package uk.ac.manchester.tornado.api.math;

/** Arithmetic for kernels; float results are the double ones rounded. */
public class TornadoMath {
    /** The class holds functions; the real one has this constructor too. */
    public TornadoMath() {}

    /** The smaller of two. */
    public static float min(float a, float b) {
        return Math.min(a, b);
    }

    /** The larger of two. */
    public static float max(float a, float b) {
        return Math.max(a, b);
    }

    /** The smaller of two. */
    public static double min(double a, double b) {
        return Math.min(a, b);
    }

    /** The larger of two. */
    public static double max(double a, double b) {
        return Math.max(a, b);
    }

    /** The smaller of two. */
    public static long min(long a, long b) {
        return Math.min(a, b);
    }

    /** The larger of two. */
    public static long max(long a, long b) {
        return Math.max(a, b);
    }

    /** The smaller of two. */
    public static int min(int a, int b) {
        return Math.min(a, b);
    }

    /** The larger of two. */
    public static int max(int a, int b) {
        return Math.max(a, b);
    }

    /** The absolute value. */
    public static float abs(float value) {
        return Math.abs(value);
    }

    /** The absolute value. */
    public static double abs(double value) {
        return Math.abs(value);
    }

    /** The absolute value. */
    public static long abs(long value) {
        return Math.abs(value);
    }

    /** The absolute value. */
    public static int abs(int value) {
        return Math.abs(value);
    }

    /** The value, held between two bounds. */
    public static float clamp(float value, float low, float high) {
        return Math.max(low, Math.min(high, value));
    }

    /** The value, held between two bounds. */
    public static double clamp(double value, double low, double high) {
        return Math.max(low, Math.min(high, value));
    }

    /** The value, held between two bounds. */
    public static long clamp(long value, long low, long high) {
        return Math.max(low, Math.min(high, value));
    }

    /** The value, held between two bounds. */
    public static int clamp(int value, int low, int high) {
        return Math.max(low, Math.min(high, value));
    }

    /** e to the power of a value. */
    public static float exp(float value) {
        return (float) Math.exp(value);
    }

    /** e to the power of a value. */
    public static double exp(double value) {
        return Math.exp(value);
    }

    /** The square root. */
    public static float sqrt(float value) {
        return (float) Math.sqrt(value);
    }

    /** The square root. */
    public static double sqrt(double value) {
        return Math.sqrt(value);
    }

    /** The largest whole number not above a value. */
    public static float floor(float value) {
        return (float) Math.floor(value);
    }

    /** The largest whole number not above a value. */
    public static double floor(double value) {
        return Math.floor(value);
    }

    /** The natural logarithm. */
    public static float log(float value) {
        return (float) Math.log(value);
    }

    /** The natural logarithm. */
    public static double log(double value) {
        return Math.log(value);
    }

    /** The hyperbolic tangent. */
    public static float tanh(float value) {
        return (float) Math.tanh(value);
    }

    /** The hyperbolic tangent. */
    public static double tanh(double value) {
        return Math.tanh(value);
    }

    /** The sine of an angle in radians. */
    public static float sin(float value) {
        return (float) Math.sin(value);
    }

    /** The sine of an angle in radians. */
    public static double sin(double value) {
        return Math.sin(value);
    }

    /** The cosine of an angle in radians. */
    public static float cos(float value) {
        return (float) Math.cos(value);
    }

    /** The cosine of an angle in radians. */
    public static double cos(double value) {
        return Math.cos(value);
    }

    /** A base to a power. */
    public static float pow(float base, float exponent) {
        return (float) Math.pow(base, exponent);
    }

    /** A base to a power. */
    public static double pow(double base, double exponent) {
        return Math.pow(base, exponent);
    }
}

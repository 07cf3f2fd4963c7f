package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/**
 * The error that encoding and decoding add to a partial. Distortions of parts can be {@linkplain #plus added}.
 *
 * @param elements compared elements, those that are not finite left out
 * @param signal the sum of the squares of the original
 * @param noise the sum of the squares of the differences
 * @param maxError the largest absolute difference
 * @param zerosCreated elements that were not zero and decode to zero
 * @param notFinite elements left out because the original or the decoded value is NaN or infinite
 */
public record Distortion(
        long elements, double signal, double noise, double maxError, long zerosCreated, long notFinite) {

    /** The distortion of an empty partial. */
    public static final Distortion NONE = new Distortion(0, 0, 0, 0, 0, 0);

    /**
     * Compares two partials.
     *
     * @param original f32, rows x columns
     * @param decoded f32, rows x columns
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @return their distortion
     */
    public static Distortion between(MemorySegment original, MemorySegment decoded, int rows, int columns) {
        Shapes.checkPlain("original", original, rows, columns);
        Shapes.checkPlain("decoded", decoded, rows, columns);
        long count = (long) rows * columns;
        double signal = 0;
        double noise = 0;
        double maxError = 0;
        long zerosCreated = 0;
        long notFinite = 0;
        for (long at = 0; at < count * Float.BYTES; at += Float.BYTES) {
            double before = original.get(Layouts.F32, at);
            double after = decoded.get(Layouts.F32, at);
            double error = Math.abs(before - after);
            if (!Double.isFinite(before) || !Double.isFinite(after)) {
                notFinite++;
                continue;
            }
            signal += before * before;
            noise += error * error;
            maxError = Math.max(maxError, error);
            zerosCreated += before != 0 && after == 0 ? 1 : 0;
        }
        return new Distortion(count - notFinite, signal, noise, maxError, zerosCreated, notFinite);
    }

    /**
     * {@return the distortion of this part and another}
     *
     * @param other layout of other elements in the same format
     */
    public Distortion plus(Distortion other) {
        return new Distortion(
                elements + other.elements,
                signal + other.signal,
                noise + other.noise,
                Math.max(maxError, other.maxError),
                zerosCreated + other.zerosCreated,
                notFinite + other.notFinite);
    }

    /** {@return the signal-to-quantization-noise ratio in dB; positive infinity if nothing changed} */
    public double sqnr() {
        return noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
    }

    /**
     * Counts the saturated blocks of a packed partial. A block is saturated if at least one of its elements was
     * clamped: under the scale in the packed bytes, rounding to the element type's steps with an unlimited exponent
     * would have given a magnitude above maxNormal. A value above {@code maxNormal x scale} that still rounds to
     * maxNormal does not count, nor does a block with NaN or infinity, nor one whose F16 scale is zero.
     *
     * @param format the format of the packed bytes
     * @param original f32, rows x columns
     * @param packed output of the format's encoder
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @return the number of saturated blocks, of {@code rows x ceil(columns / block)}
     */
    public static long saturatedBlocks(
            MxFormat format, MemorySegment original, MemorySegment packed, int rows, int columns) {
        Shapes.checkPlain("original", original, rows, columns);
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        MxLayout layout = new MxLayout(format, columns);
        BlockQuantizer quantizer = new BlockQuantizer(format);
        long saturated = 0;
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < layout.blocks(); block++) {
                int scaleCode = layout.scaleCode(packed, row, block);
                int first = block * format.block();
                int count = Math.min(format.block(), columns - first);
                long offset = ((long) row * columns + first) * Float.BYTES;
                if (!quantizer.isNan(scaleCode)
                        && largestCode(quantizer, original, offset, count, scaleCode)
                                > format.element().maxCode()) {
                    saturated++;
                }
            }
        }
        return saturated;
    }

    private static int largestCode(
            BlockQuantizer quantizer, MemorySegment original, long offset, int count, int scaleCode) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            float value = original.get(Layouts.F32, offset + (long) i * Float.BYTES);
            largest = Math.max(largest, quantizer.magnitudeCode(value, scaleCode));
        }
        return largest;
    }
}

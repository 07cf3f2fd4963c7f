package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.HalfBits;
import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The elements of a head at one position of a cache of any type, in units of 4 bytes that neighboring work-items read
 * together: an element of f32, or a word of {@link CachedWords}, of 2 elements for f16 and 4 for q8_0. Methods take
 * both arrays that a cache can lie in; {@code format} is the number of the tensor type and tells which of them is
 * read.
 */
final class CachedUnits {
    /** Largest number of elements of a unit. */
    static final int MOST_WIDTH = 4;

    /** Units of a block of q8_0, as a power of two. */
    private static final int BLOCK_BITS = 3;

    private CachedUnits() {}

    /** {@return the elements of a unit} */
    static int width(int format) {
        int width = 1;
        if (format == WeightBytes.F16) {
            width = 2;
        }
        if (format == WeightBytes.Q8_0) {
            width = MOST_WIDTH;
        }
        return width;
    }

    /** {@return the units of a head; the last one of an odd number of f16 elements has one element} */
    static int count(int headDim, int format) {
        return (headDim + width(format) - 1) / width(format);
    }

    /** {@return the array elements of a head at one position} */
    static int rowElements(int headDim, int format) {
        return format == WeightBytes.F32 ? headDim : CachedWords.rowWords(headDim, format);
    }

    /** {@return the elements of a head that are stored together} */
    static int runElements(int format) {
        return format == WeightBytes.F32 ? 1 : CachedWords.runElements(format);
    }

    /**
     * Stores a run of elements.
     *
     * @param run the elements, {@link #runElements} of them
     * @param row array element at which the head begins
     * @param number number of the run
     */
    static void store(float[] run, FloatArray floats, IntArray words, int row, int number, int format) {
        if (format == WeightBytes.F32) {
            floats.set(row + number, run[0]);
        } else {
            int first = number * CachedWords.runElements(format);
            CachedWords.store(run, words, row + CachedWords.rowWords(first, format), format);
        }
    }

    /** {@return the product of a query and the head that begins at array element {@code row}} */
    static float score(
            FloatArray queries, int query, FloatArray floats, IntArray words, int row, int headDim, int format) {
        return format == WeightBytes.F32
                ? AttentionKernels.score(queries, query, floats, row, headDim)
                : CachedWords.score(queries, query, words, row, headDim, format);
    }

    /** {@return element {@code d} of the head that begins at array element {@code row}} */
    static float element(FloatArray floats, IntArray words, int row, int d, int format) {
        return format == WeightBytes.F32 ? floats.get(row + d) : CachedWords.element(words, row, d, format);
    }

    /**
     * Unpacks a unit.
     *
     * @param row array element at which the head begins
     * @param unit number of the unit
     * @param elements receives {@link #width} elements
     * @param at index of the first one
     */
    static void unpack(FloatArray floats, IntArray words, int row, int unit, float[] elements, int at, int format) {
        if (format == WeightBytes.F32) {
            elements[at] = floats.get(row + unit);
        } else if (format == WeightBytes.F16) {
            int word = words.get(row + unit);
            elements[at] = HalfBits.value(word & 0xFFFF);
            elements[at + 1] = HalfBits.value((word >> 16) & 0xFFFF);
        } else {
            int block = unit >> BLOCK_BITS;
            int from = row + (block << BLOCK_BITS) + block;
            int word = words.get(from + 1 + (unit - (block << BLOCK_BITS)));
            float scale = HalfBits.value(words.get(from));
            elements[at] = CachedWords.number(word, 0) * scale;
            elements[at + 1] = CachedWords.number(word, 1) * scale;
            elements[at + 2] = CachedWords.number(word, 2) * scale;
            elements[at + 3] = CachedWords.number(word, 3) * scale;
        }
    }
}

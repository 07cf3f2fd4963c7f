package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.HalfBits;
import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The elements of a head at one position of a cache of f16 or q8_0, in words of 32 bits. {@code format} is the number
 * of the tensor type, {@link WeightBytes#F16} or {@link WeightBytes#Q8_0}.
 *
 * <pre>
 *   f16    +---------------+---------------+-     element 2 i: bits 0 to 15 of word i; element 2 i + 1: bits 16 to 31;
 *          |   0   |   1   |   2   |   3   |      a head of an odd number of elements ends in half a word
 *          +---------------+---------------+-
 *
 *   q8_0   +-------+-------+-------+-   -+-------+    32 elements in 9 words; the scale is a half; element j is the
 *          | scale | 0 - 3 | 4 - 7 | ... | 28-31 |    scale times (byte j of words 1 to 8, minus 128)
 *          +-------+-------+-------+-   -+-------+
 * </pre>
 */
public final class CachedWords {
    /** Elements that are unpacked at a time: a block of q8_0. */
    static final int PIECE = 32;

    private static final int BLOCK_WORDS = 9;

    /** Largest magnitude of a multiple of the scale. */
    private static final float MOST = 127f;

    private static final float BIAS = 128f;

    private CachedWords() {}

    /**
     * {@return the words of a head at one position}
     *
     * @param headDim elements of a head; for q8_0 a multiple of 32
     */
    public static int rowWords(int headDim, int format) {
        return format == WeightBytes.F16 ? (headDim + 1) >> 1 : (headDim >> 5) * BLOCK_WORDS;
    }

    /** {@return the elements of a head that are encoded together} */
    public static int runElements(int format) {
        return format == WeightBytes.F16 ? 2 : PIECE;
    }

    /** {@return a multiple of the scale, of byte {@code index} of a word of q8_0} */
    static float number(int word, int index) {
        return (float) ((word >> (8 * index)) & 0xFF) - BIAS;
    }

    /** {@return element {@code d} of the head whose words begin at {@code row}} */
    public static float element(IntArray words, int row, int d, int format) {
        float result;
        if (format == WeightBytes.F16) {
            result = HalfBits.value((words.get(row + (d >> 1)) >> ((d & 1) << 4)) & 0xFFFF);
        } else {
            int block = row + (d >> 5) * BLOCK_WORDS;
            float scale = HalfBits.value(words.get(block));
            result = number(words.get(block + 1 + ((d & 31) >> 2)), d & 3) * scale;
        }
        return result;
    }

    /**
     * Unpacks up to {@link #PIECE} elements of the head whose words begin at {@code row}.
     *
     * @param first a multiple of {@link #PIECE}
     * @param piece receives them; elements beyond the head are undefined
     */
    static void unpack(IntArray words, int row, int first, int headDim, float[] piece, int format) {
        if (format == WeightBytes.F16) {
            int at = row + (first >> 1);
            int count = TornadoMath.min(PIECE, headDim + 1 - first) >> 1;
            for (int i = 0; i < count; i++) {
                int word = words.get(at + i);
                piece[2 * i] = HalfBits.value(word & 0xFFFF);
                piece[2 * i + 1] = HalfBits.value((word >> 16) & 0xFFFF);
            }
        } else {
            int at = row + (first >> 5) * BLOCK_WORDS;
            float scale = HalfBits.value(words.get(at));
            for (int i = 0; i < PIECE / 4; i++) {
                int word = words.get(at + 1 + i);
                piece[4 * i] = number(word, 0) * scale;
                piece[4 * i + 1] = number(word, 1) * scale;
                piece[4 * i + 2] = number(word, 2) * scale;
                piece[4 * i + 3] = number(word, 3) * scale;
            }
        }
    }

    /** {@return the product of a query and the head whose words begin at {@code row}} */
    static float score(FloatArray queries, int query, IntArray words, int row, int headDim, int format) {
        float sum = 0f;
        if (format == WeightBytes.F16) {
            float odd = 0f;
            for (int d = 0; d < headDim; d += 2) {
                int word = words.get(row + (d >> 1));
                sum += queries.get(query + d) * HalfBits.value(word & 0xFFFF);
                if (d + 1 < headDim) {
                    odd += queries.get(query + d + 1) * HalfBits.value((word >> 16) & 0xFFFF);
                }
            }
            sum += odd;
        } else {
            for (int d = 0; d < headDim; d += PIECE) {
                int block = row + (d >> 5) * BLOCK_WORDS;
                float s0 = 0f;
                float s1 = 0f;
                float s2 = 0f;
                float s3 = 0f;
                for (int i = 0; i < PIECE / 4; i++) {
                    int word = words.get(block + 1 + i);
                    int from = query + d + 4 * i;
                    s0 += queries.get(from) * number(word, 0);
                    s1 += queries.get(from + 1) * number(word, 1);
                    s2 += queries.get(from + 2) * number(word, 2);
                    s3 += queries.get(from + 3) * number(word, 3);
                }
                sum += ((s0 + s1) + (s2 + s3)) * HalfBits.value(words.get(block));
            }
        }
        return sum;
    }

    /**
     * Encodes a run of elements.
     *
     * @param run the elements, {@link #runElements} of them
     * @param words receives them
     * @param at the word at which the run begins
     */
    static void store(float[] run, IntArray words, int at, int format) {
        if (format == WeightBytes.F16) {
            words.set(at, HalfBits.of(run[0]) | (HalfBits.of(run[1]) << 16));
        } else {
            float largest = 0f;
            for (int i = 0; i < PIECE; i++) {
                largest = TornadoMath.max(largest, TornadoMath.abs(run[i]));
            }
            int half = HalfBits.of(largest / MOST);
            float scale = HalfBits.value(half);
            float inverse = scale > 0f ? 1f / scale : 0f;
            words.set(at, half);
            for (int i = 0; i < PIECE / 4; i++) {
                int word = 0;
                for (int k = 0; k < 4; k++) {
                    // Rounded to nearest, as the addition of a half and a cast do with numbers above 0.
                    float multiple = TornadoMath.min(TornadoMath.max(run[4 * i + k] * inverse, -MOST), MOST);
                    word |= (int) (multiple + BIAS + 0.5f) << (8 * k);
                }
                words.set(at + 1 + i, word);
            }
        }
    }
}

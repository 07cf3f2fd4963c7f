package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Matrices as device kernels read them: in words of 4 bytes, and in panels of eight rows, whose words alternate. So the
 * same word of eight rows is 32 bytes of memory, whether one work-item loads them to the lanes of a vector or eight
 * work-items load one each.
 *
 * <pre>
 *   panel      +---------+---------+-   -+---------+---------+-   -+
 *              | word 0  | word 0  | ... | word 0  | word 1  | ... |   words of the first block of 8 rows, then
 *              | row 0   | row 1   |     | row 7   | row 0   |     |   those of the next block
 *              +---------+---------+-   -+---------+---------+-   -+
 *   block      that of the type, padded to whole words, so that its numbers begin at a word: of Q8_0 and Q4_0 by two
 *              bytes before its scale, of Q6_K by two bytes at its end; of F16 32 weights
 * </pre>
 *
 * A matrix whose rows are no multiple of eight ends in rows of zeros.
 *
 * <p>Kernels read four weights at a time: {@link #number} of one or two words, times a scale, plus an offset, both of
 * the words of the block's header.
 */
public final class Panels {
    /** Rows of a panel. */
    public static final int ROWS = 8;

    /** Most words of a header. */
    public static final int HEADER_WORDS = 4;

    private static final Set<WeightFormat> FORMATS =
            EnumSet.of(WeightFormat.Q8_0, WeightFormat.Q4_0, WeightFormat.Q4_K, WeightFormat.Q6_K, WeightFormat.F16);

    private static final int F16_ELEMENTS = 32;

    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Panels() {}

    /**
     * {@return whether there are panels for such matrices}
     *
     * @param format tensor type
     * @param columns columns of a row
     */
    public static boolean exist(WeightFormat format, int columns) {
        return FORMATS.contains(format) && columns % blockElements(format.id()) == 0;
    }

    /**
     * {@return the words of a matrix}
     *
     * @param format tensor type
     * @param rows rows
     * @param columns columns
     */
    public static long words(WeightFormat format, long rows, int columns) {
        return Math.ceilDiv(rows, ROWS) * panelWords(columns, format.id());
    }

    /**
     * Stores a row.
     *
     * @param format tensor type
     * @param source holds the row as in a file
     * @param offset offset of the row
     * @param columns columns
     * @param words receives the row
     * @param start word at which the matrix begins
     * @param row number of the row in the matrix
     */
    public static void store(
            WeightFormat format, MemorySegment source, long offset, int columns, IntArray words, int start, int row) {
        int id = format.id();
        int blockWords = blockWords(id);
        int bytes = Math.toIntExact(format.rowBytes(blockElements(id)));
        int before = id == Q80.ID || id == Q40.ID ? Integer.BYTES * blockWords - bytes : 0;
        int at = start + row / ROWS * panelWords(columns, id) + row % ROWS;
        for (long block = offset; block < offset + format.rowBytes(columns); block += bytes) {
            for (int word = 0; word < blockWords; word++) {
                int first = Integer.BYTES * word - before;
                words.set(
                        at,
                        first >= 0 && first + Integer.BYTES <= bytes
                                ? source.get(WORD, block + first)
                                : part(source, block, first, bytes));
                at += ROWS;
            }
        }
    }

    /** Reads a word of which some bytes are padding. */
    private static int part(MemorySegment source, long block, int first, int bytes) {
        int word = 0;
        for (int i = Math.max(0, -first); i < Integer.BYTES && first + i < bytes; i++) {
            word |= Stored.unsigned(source, block + first + i) << (8 * i);
        }
        return word;
    }

    /** {@return the words of a panel} */
    public static int panelWords(int columns, int format) {
        return columns / blockElements(format) * blockWords(format) * ROWS;
    }

    private static int blockElements(int format) {
        return format == Q4K.ID || format == Q6K.ID ? 256 : format == Float16.ID ? F16_ELEMENTS : Blocks32.BLOCK;
    }

    private static int blockWords(int format) {
        int words = F16_ELEMENTS / 2;
        if (format == Q80.ID) {
            words = Q80.WORDS;
        }
        if (format == Q40.ID) {
            words = Q40.WORDS;
        }
        if (format == Q4K.ID) {
            words = Q4K.WORDS;
        }
        if (format == Q6K.ID) {
            words = Q6K.WORDS;
        }
        return words;
    }

    /** {@return the columns that share a scale and an offset} */
    public static int group(int format) {
        return format == Q6K.ID ? Q6K.GROUP : Blocks32.BLOCK;
    }

    /** {@return the distance in words from a panel to its block that has a column} */
    public static int block(int column, int format) {
        int shift = format == Q4K.ID || format == Q6K.ID ? 8 : 5;
        return (column >> shift) * blockWords(format) * ROWS;
    }

    /** {@return the number of words of a header that kernels read} */
    public static int headerWords(int format) {
        int words = 1;
        if (format == Float16.ID) {
            words = 0;
        }
        if (format == Q4K.ID) {
            words = HEADER_WORDS;
        }
        if (format == Q6K.ID) {
            words = 2;
        }
        return words;
    }

    /** {@return the word of the block that is word {@code index} of the header for a column} */
    public static int headerWord(int index, int column, int format) {
        return format == Q6K.ID ? Q6K.headerWord(index, column) : index;
    }

    /** {@return the scale of a column, of the words of its header} */
    public static float scale(int w0, int w1, int w3, int column, int format) {
        float scale = 1f;
        if (format == Q80.ID || format == Q40.ID) {
            scale = HalfBits.value((w0 >> 16) & 0xFFFF);
        }
        if (format == Q4K.ID) {
            scale = HalfBits.value(w0 & 0xFFFF) * (float) KScales.scaleOfWords(w1, w3, column >> 5);
        }
        if (format == Q6K.ID) {
            scale = HalfBits.value(w1 & 0xFFFF) * Q6K.factor(w0, column);
        }
        return scale;
    }

    /** {@return what is added to the product of a number and its scale, of the words of a column's header} */
    public static float offset(int w0, int w2, int w3, int column, int format) {
        float offset = 0f;
        if (format == Q4K.ID) {
            offset = -HalfBits.value((w0 >> 16) & 0xFFFF) * (float) KScales.scaleOfWords(w2, w3 >> 4, column >> 5);
        }
        return offset;
    }

    /** {@return the word of the block with the numbers of four columns, the first a multiple of 4} */
    public static int lowWord(int column, int format) {
        int word = (column & 31) >> 1;
        if (format == Q80.ID) {
            word = 1 + ((column & 31) >> 2);
        }
        if (format == Q40.ID) {
            word = 1 + ((column & 15) >> 2);
        }
        if (format == Q4K.ID) {
            word = Q4K.word(column);
        }
        if (format == Q6K.ID) {
            word = Q6K.lowWord(column);
        }
        return word;
    }

    /** {@return 1 if the numbers of four columns are in two words, else 0} */
    public static int hasHighWord(int format) {
        return format == Float16.ID || format == Q6K.ID ? 1 : 0;
    }

    /** {@return the other word with parts of the numbers of four columns; the same where there is none} */
    public static int highWord(int column, int format) {
        int word = lowWord(column, format);
        if (format == Float16.ID) {
            word = word + 1;
        }
        if (format == Q6K.ID) {
            word = Q6K.highWord(column);
        }
        return word;
    }

    /** {@return the number of a column, of its two words} */
    public static float number(int low, int high, int column, int format) {
        int place = 8 * (column & 3);
        float number = 0f;
        if (format == Float16.ID) {
            int word = (column & 2) == 0 ? low : high;
            number = HalfBits.value((word >> (16 * (column & 1))) & 0xFFFF);
        }
        if (format == Q80.ID) {
            number = (float) ((low << (24 - place)) >> 24);
        }
        if (format == Q40.ID) {
            number = (float) ((low >> (place + ((column & 16) >> 2))) & 0xF) - 8f;
        }
        if (format == Q4K.ID) {
            number = (float) ((low >> (place + ((column & 32) >> 3))) & 0xF);
        }
        if (format == Q6K.ID) {
            number = Q6K.number(low, high, column, place);
        }
        return number;
    }

    /**
     * {@return a weight}
     *
     * @param words panels
     * @param start word at which the matrix begins
     * @param row row of the matrix
     * @param columns columns of the matrix
     * @param column column of the weight
     * @param format number of the tensor type
     */
    public static float weight(IntArray words, int start, int row, int columns, int column, int format) {
        int at = start + (row >> 3) * panelWords(columns, format) + (row & 7) + block(column, format);
        int four = column - (column & 3);
        int low = words.get(at + ROWS * lowWord(four, format));
        int high = low;
        if (hasHighWord(format) > 0) {
            high = words.get(at + ROWS * highWord(four, format));
        }
        float value = number(low, high, column, format);
        if (format != Float16.ID) {
            int w0 = words.get(at + ROWS * headerWord(0, column, format));
            int w1 = 0;
            int w2 = 0;
            int w3 = 0;
            if (format == Q6K.ID || format == Q4K.ID) {
                w1 = words.get(at + ROWS * headerWord(1, column, format));
            }
            if (format == Q4K.ID) {
                w2 = words.get(at + 2 * ROWS);
                w3 = words.get(at + 3 * ROWS);
            }
            value = value * scale(w0, w1, w3, column, format);
            if (format == Q4K.ID) { // the sum of the negative zero and an offset of 0 would be another zero
                value = value + offset(w0, w2, w3, column, format);
            }
        }
        return value;
    }
}

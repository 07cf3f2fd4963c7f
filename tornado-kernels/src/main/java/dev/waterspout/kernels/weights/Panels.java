package dev.waterspout.kernels.weights;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Matrices as device kernels read them: in words of 4 bytes, and in panels of eight rows, whose words alternate. So the
 * same word of eight rows is 32 bytes of memory, whether one work-item loads them to the lanes of a vector or eight
 * work-items load one each. {@link PanelPacker} stores rows.
 *
 * <pre>
 *   panel      +---------+---------+-   -+---------+---------+-   -+
 *              | word 0  | word 0  | ... | word 0  | word 1  | ... |   words of the first block of 8 rows, then
 *              | row 0   | row 1   |     | row 7   | row 0   |     |   those of the next block
 *              +---------+---------+-   -+---------+---------+-   -+
 *   block      +--------+--------+------------+-------------+-   -+
 *              | header | header | low bits   | high bits   | ... |   both of each 32 columns; the sizes follow
 *              | word 0 | ...    | of codes   | of codes    |     |   from the {@link PanelLayout}
 *              +--------+--------+------------+-------------+-   -+
 * </pre>
 *
 * A matrix whose rows are no multiple of eight ends in rows of zeros.
 *
 * <p>Word 0 of a header has the scale of a block, or the scales of its groups; in its upper half the offset. Groups
 * with factors have four of them in each further word: first all factors of scales, then those of offsets.
 *
 * <p>Codes of {@code b} bits of 32 columns take {@code b} words. Four neighbouring columns are in the four bytes of one
 * word: the {@code q}th four columns in word {@code q % b}, at bit {@code q - q % b} of each byte. Floats lie two to a
 * word.
 *
 * <p>Kernels read four weights at a time: {@link #number} of one or two words, times a scale, plus an offset, both of
 * the words of the block's header. A layout's number is {@link #layout}.
 */
public final class Panels {
    /** Rows of a panel. */
    public static final int ROWS = 8;

    /** Most words of a header that belong to a column. */
    public static final int HEADER_WORDS = 3;

    /** Bits of the numbers of a layout of floats. */
    private static final int FLOAT_BITS = 16;

    private Panels() {}

    /**
     * {@return whether there are panels for such matrices}
     *
     * @param format tensor type
     * @param columns columns of a row
     */
    public static boolean exist(WeightFormat format, int columns) {
        PanelLayout layout = format.type().panels();
        return layout != null && columns % layout.block() == 0;
    }

    /**
     * {@return the words of a matrix}
     *
     * @param format tensor type
     * @param rows rows
     * @param columns columns
     */
    public static long words(WeightFormat format, long rows, int columns) {
        return Math.ceilDiv(rows, ROWS) * panelWords(columns, layout(format));
    }

    /**
     * {@return the number by which kernels know the layout of a type}
     *
     * @param format tensor type
     * @throws IllegalArgumentException if there are no panels for it
     */
    public static int layout(WeightFormat format) {
        return required(format).code();
    }

    static PanelLayout required(WeightFormat format) {
        @Nullable PanelLayout layout = format.type().panels();
        if (layout == null) {
            throw new IllegalArgumentException("there are no panels for matrices of " + format);
        }
        return layout;
    }

    /**
     * {@return the number by which kernels know the layout of a type in products with inputs of 8 bits}
     *
     * @param layout {@link #layout} of the type
     */
    public static int withRoundedInputs(int layout) {
        return PanelLayout.withRoundedInputs(layout);
    }

    /** {@return 1 if inputs have 8 bits, else 0} */
    public static int roundsInputs(int layout) {
        return PanelLayout.roundsInputs(layout);
    }

    /** {@return the elements from one row of inputs to the next one: rounded ones are followed by their scales} */
    public static int inputStride(int columns, int layout) {
        int stride = columns;
        if (PanelLayout.roundsInputs(layout) > 0) {
            stride = columns + (columns >> 5);
        }
        return stride;
    }

    /** {@return the words of a panel} */
    public static int panelWords(int columns, int layout) {
        return (columns >> PanelLayout.blockShift(layout)) * blockWords(layout) * ROWS;
    }

    static int blockWords(int layout) {
        return firstCode(layout)
                + ((1 << PanelLayout.blockShift(layout)) >> 5)
                        * (PanelLayout.lowBits(layout) + PanelLayout.highBits(layout));
    }

    /** {@return the words with the factors of a block's scales} */
    private static int factorWords(int layout) {
        return 1 << (PanelLayout.blockShift(layout) - PanelLayout.groupShift(layout) - 2);
    }

    /** {@return the word of a block at which its codes begin} */
    private static int firstCode(int layout) {
        int words = 1;
        if (PanelLayout.lowBits(layout) == FLOAT_BITS) {
            words = 0;
        }
        if (PanelLayout.scales(layout) == PanelLayout.NIBBLES) {
            words = 1 + factorWords(layout);
        }
        if (PanelLayout.scales(layout) == PanelLayout.FACTORS) {
            words = 1 + factorWords(layout) * (1 + PanelLayout.offsets(layout));
        }
        return words;
    }

    /** {@return the columns of a block, a power of two and at least 32} */
    public static int blockColumns(int layout) {
        return 1 << PanelLayout.blockShift(layout);
    }

    /** {@return the columns that share a scale and an offset} */
    public static int group(int layout) {
        return 1 << PanelLayout.groupShift(layout);
    }

    /** {@return the distance in words from a panel to its block that has a column} */
    public static int block(int column, int layout) {
        return (column >> PanelLayout.blockShift(layout)) * blockWords(layout) * ROWS;
    }

    /** {@return the number of words of a header that belong to a column} */
    public static int headerWords(int layout) {
        int words = 1;
        if (PanelLayout.lowBits(layout) == FLOAT_BITS) {
            words = 0;
        }
        if (PanelLayout.scales(layout) == PanelLayout.NIBBLES) {
            words = 2;
        }
        if (PanelLayout.scales(layout) == PanelLayout.FACTORS) {
            words = 2 + PanelLayout.offsets(layout);
        }
        return words;
    }

    /** {@return the group of a column in its block} */
    private static int groupOf(int column, int layout) {
        return (column & ((1 << PanelLayout.blockShift(layout)) - 1)) >> PanelLayout.groupShift(layout);
    }

    /** {@return the word of the block that is word {@code index} of the header for a column} */
    public static int headerWord(int index, int column, int layout) {
        int word = 0;
        if (index == 1) {
            word = 1 + (groupOf(column, layout) >> 2);
        }
        if (index == 2) {
            word = 1 + factorWords(layout) + (groupOf(column, layout) >> 2);
        }
        return word;
    }

    /** {@return the bit at which the byte of a column's group begins in its words of the header} */
    private static int groupBit(int column, int layout) {
        return 8 * ((column >> PanelLayout.groupShift(layout)) & 3);
    }

    /** {@return the scale of a column, of the first two words of its header} */
    public static float scale(int w0, int w1, int column, int layout) {
        int kind = PanelLayout.scales(layout);
        int bit = groupBit(column, layout);
        float scale = 1f;
        if (kind == PanelLayout.HALF) {
            scale = HalfBits.value(w0 & 0xFFFF);
        }
        if (kind == PanelLayout.FACTORS) {
            scale = HalfBits.value(w0 & 0xFFFF) * (float) ((w1 << (24 - bit)) >> 24);
        }
        if (kind == PanelLayout.NIBBLES) {
            scale = HalfBits.value(w0 & 0xFFFF) * (float) ((w1 >> bit) & 0xF);
        }
        if (kind == PanelLayout.POWER) {
            scale = ScaleBits.power(w0 & 0xFF);
        }
        if (kind == PanelLayout.E4M3) {
            scale = ScaleBits.halfOfE4m3((w0 >> bit) & 0xFF);
        }
        if (PanelLayout.halved(layout) > 0) {
            scale = scale * (1f / (1 << PanelLayout.halved(layout)));
        }
        return scale;
    }

    /** {@return what is added to the product of a number and its scale, of the words of a column's header} */
    public static float offset(int w0, int w1, int w2, int column, int layout) {
        float offset = 0f;
        if (PanelLayout.offsets(layout) > 0) {
            int bit = groupBit(column, layout);
            offset = HalfBits.value((w0 >> 16) & 0xFFFF);
            if (PanelLayout.scales(layout) == PanelLayout.FACTORS) {
                offset = offset * (float) ((w2 >> bit) & 0xFF);
            }
            if (PanelLayout.scales(layout) == PanelLayout.NIBBLES) {
                offset = offset * (float) ((w1 >> (bit + 4)) & 0xF);
            }
        }
        return offset;
    }

    /** {@return the word of the block at which the codes of the 32 columns around a column begin} */
    private static int codes(int column, int layout) {
        int run = (column & ((1 << PanelLayout.blockShift(layout)) - 1)) >> 5;
        return firstCode(layout) + run * (PanelLayout.lowBits(layout) + PanelLayout.highBits(layout));
    }

    /** {@return the word of the block with the numbers of four columns, the first a multiple of 4} */
    public static int lowWord(int column, int layout) {
        int word = (column & 31) >> 1;
        if (PanelLayout.lowBits(layout) != FLOAT_BITS) {
            word = ((column & 31) >> 2) & (PanelLayout.lowBits(layout) - 1);
        }
        return codes(column, layout) + word;
    }

    /** {@return 1 if the numbers of four columns are in two words, else 0} */
    public static int hasHighWord(int layout) {
        int has = 0;
        if (PanelLayout.highBits(layout) > 0 || PanelLayout.lowBits(layout) == FLOAT_BITS) {
            has = 1;
        }
        return has;
    }

    /** {@return the other word with parts of the numbers of four columns; the same where there is none} */
    public static int highWord(int column, int layout) {
        int word = lowWord(column, layout);
        if (PanelLayout.lowBits(layout) == FLOAT_BITS) {
            word = word + 1;
        }
        if (PanelLayout.highBits(layout) > 0) {
            word = codes(column, layout)
                    + PanelLayout.lowBits(layout)
                    + (((column & 31) >> 2) & (PanelLayout.highBits(layout) - 1));
        }
        return word;
    }

    /** {@return some bits of the code of a column, of the word that has them} */
    private static int bits(int word, int column, int count) {
        return (word >> (8 * (column & 3) + (((column & 31) >> 2) & (8 - count)))) & ((1 << count) - 1);
    }

    /** {@return the number of a column, of its two words} */
    public static float number(int low, int high, int column, int layout) {
        float number = 0f;
        if (PanelLayout.lowBits(layout) == FLOAT_BITS) {
            int word = (column & 2) == 0 ? low : high;
            int bits = (word >> (16 * (column & 1))) & 0xFFFF;
            if (PanelLayout.scales(layout) == PanelLayout.HALVES) {
                number = HalfBits.value(bits);
            }
            if (PanelLayout.scales(layout) == PanelLayout.BFLOATS) {
                number = ScaleBits.bfloat(bits);
            }
        }
        if (PanelLayout.lowBits(layout) == 8) {
            number = (float) ((low << (24 - 8 * (column & 3))) >> 24);
        }
        if (PanelLayout.lowBits(layout) < 8) {
            int code = bits(low, column, PanelLayout.lowBits(layout));
            if (PanelLayout.highBits(layout) > 0) {
                code = code | (bits(high, column, PanelLayout.highBits(layout)) << PanelLayout.lowBits(layout));
            }
            number = (float) code;
            if (PanelLayout.less(layout) > 0) {
                number = (float) code - (float) PanelLayout.less(layout);
            }
            if (PanelLayout.values(layout) > 0) {
                number = (float) PanelValues.value(code, PanelLayout.values(layout));
            }
        }
        return number;
    }

    /**
     * {@return the numbers of four columns as signed bytes, of their two words; of codes that are larger than their
     * numbers the codes}
     *
     * @param low the word of {@link #lowWord}
     * @param high the word of {@link #highWord}
     * @param column the first column, a multiple of 4
     * @param layout number of a layout that has codes
     */
    public static int four(int low, int high, int column, int layout) {
        int lowBits = PanelLayout.lowBits(layout);
        int highBits = PanelLayout.highBits(layout);
        int four = low;
        if (lowBits < 8) {
            int inRun = (column & 31) >> 2;
            four = (low >> (inRun & (8 - lowBits))) & (((1 << lowBits) - 1) * 0x01010101);
            if (highBits > 0) {
                four = four | ((high >> (inRun & (8 - highBits))) & (((1 << highBits) - 1) * 0x01010101)) << lowBits;
            }
            if (PanelLayout.values(layout) > 0) {
                four = PanelValues.four(four, PanelLayout.values(layout));
            }
        }
        return four;
    }

    /** {@return what the bytes of {@link #four} are larger than the numbers} */
    public static int less(int layout) {
        return PanelLayout.values(layout) > 0 ? 0 : PanelLayout.less(layout);
    }

    /** {@return 1 if weights have offsets, else 0} */
    public static int hasOffsets(int layout) {
        return PanelLayout.offsets(layout);
    }

    /**
     * {@return a weight}
     *
     * @param words panels
     * @param start word at which the matrix begins
     * @param row row of the matrix
     * @param columns columns of the matrix
     * @param column column of the weight
     * @param layout number of the layout
     */
    public static float weight(IntArray words, int start, int row, int columns, int column, int layout) {
        int at = start + (row >> 3) * panelWords(columns, layout) + (row & 7) + block(column, layout);
        int four = column - (column & 3);
        int low = words.get(at + ROWS * lowWord(four, layout));
        int high = low;
        if (hasHighWord(layout) > 0) {
            high = words.get(at + ROWS * highWord(four, layout));
        }
        float value = number(low, high, column, layout);
        if (headerWords(layout) > 0) {
            int w0 = header(words, at, 0, column, layout);
            int w1 = header(words, at, 1, column, layout);
            value = value * scale(w0, w1, column, layout);
            if (PanelLayout.offsets(layout) > 0) { // the sum of the negative zero and an offset of 0 would be another
                int w2 = header(words, at, 2, column, layout);
                value = value + offset(w0, w1, w2, column, layout);
            }
        }
        return value;
    }

    /**
     * {@return word {@code index} of the header for a column; 0 if the header has fewer words}
     *
     * @param words panels
     * @param at word 0 of a row's block
     * @param index 0 to 2
     * @param column column
     * @param layout number of the layout
     */
    public static int header(IntArray words, int at, int index, int column, int layout) {
        int word = 0;
        if (index < headerWords(layout)) {
            word = words.get(at + ROWS * headerWord(index, column, layout));
        }
        return word;
    }
}

package dev.waterspout.kernels.weights;

/**
 * How {@link Panels} store the weights of a tensor type. A weight is {@code number * scale + offset}; the number is a
 * code less a constant, or an entry of a table. Kernels receive a layout as one int, {@link #code()}, and know all its
 * parts when they are compiled.
 *
 * <pre>
 *   bit  0         5          7      13       16           19           20       23        24       26       27
 *        +---------+----------+------+--------+------------+------------+--------+---------+--------+--------+
 *        | lowBits | highBits | less | values | log2 of    | group is   | scales | offsets | halved | inputs |
 *        |         |          |      |        | block / 32 | 16, not 32 |        |         |        |        |
 *        +---------+----------+------+--------+------------+------------+--------+---------+--------+--------+
 * </pre>
 *
 * The bit of the inputs is no part of the layout: it is set for products whose inputs have 8 bits.
 *
 * @param lowBits lower bits of a code: 2, 4 or 8; a code of 8 bits has a sign; 16 for floats, which have no code
 * @param highBits higher bits of a code, which are stored apart: 0, 1 or 2
 * @param less what a code is larger than its number, 0 to 63
 * @param values number of the table of {@link PanelValues}, 0 where the number is the code less {@code less}
 * @param block columns of a block: 32, 64 or 256
 * @param group columns that share a scale and an offset: 16 or 32
 * @param scales how scales are stored, one of the constants
 * @param offsets whether there are offsets
 * @param halved how many times a scale is divided by 2, 0 to 3
 */
record PanelLayout(
        int lowBits,
        int highBits,
        int less,
        int values,
        int block,
        int group,
        int scales,
        boolean offsets,
        int halved) {
    /** Weights are binary16 and have no scale. */
    static final int HALVES = 0;

    /** Weights are bfloat16 and have no scale. */
    static final int BFLOATS = 1;

    /** A binary16 for each block. */
    static final int HALF = 2;

    /** A binary16 for each block, times a factor of 8 bits with sign for each group; of an offset without sign. */
    static final int FACTORS = 3;

    /** A binary16 for each block, times a factor of 4 bits without sign for each group. */
    static final int NIBBLES = 4;

    /** E8M0 of OCP Microscaling, less one power of two, for each block. */
    static final int POWER = 5;

    /** Half of E4M3, of 8 bits without sign, for each group. */
    static final int E4M3 = 6;

    /** Columns of the smallest block. */
    static final int LEAST_BLOCK = 32;

    private static final int LARGE_BLOCK = 256;

    /** {@return a layout of floats: {@link #HALVES} or {@link #BFLOATS}} */
    static PanelLayout floats(int scales) {
        return new PanelLayout(16, 0, 0, 0, LEAST_BLOCK, LEAST_BLOCK, scales, false, 0);
    }

    /** {@return a layout with codes of some bits, and a scale of binary16 for each 32 columns} */
    static PanelLayout codes(int lowBits, int highBits) {
        return new PanelLayout(lowBits, highBits, 0, 0, LEAST_BLOCK, LEAST_BLOCK, HALF, false, 0);
    }

    /** {@return this layout, where codes are larger than numbers} */
    PanelLayout withLess(int by) {
        return new PanelLayout(lowBits, highBits, by, values, block, group, scales, offsets, halved);
    }

    /** {@return this layout, where codes are indices into a table} */
    PanelLayout withValues(int table) {
        return new PanelLayout(lowBits, highBits, less, table, block, group, scales, offsets, halved);
    }

    /** {@return this layout with other scales, for blocks and groups of some columns} */
    PanelLayout withScales(int kind, int columns, int ofGroup) {
        return new PanelLayout(lowBits, highBits, less, values, columns, ofGroup, kind, offsets, halved);
    }

    /** {@return this layout with blocks of 256 columns and a factor for each group} */
    PanelLayout withFactors(int ofGroup) {
        return withScales(FACTORS, LARGE_BLOCK, ofGroup);
    }

    /** {@return this layout with an offset beside each scale} */
    PanelLayout withOffsets() {
        return new PanelLayout(lowBits, highBits, less, values, block, group, scales, true, halved);
    }

    /** {@return this layout, where scales are divided by a power of two} */
    PanelLayout withHalved(int times) {
        return new PanelLayout(lowBits, highBits, less, values, block, group, scales, offsets, times);
    }

    /** {@return the int by which kernels know the layout} */
    int code() {
        return lowBits
                | highBits << 5
                | less << 7
                | values << 13
                | Integer.numberOfTrailingZeros(block / LEAST_BLOCK) << 16
                | (group == LEAST_BLOCK ? 0 : 1) << 19
                | scales << 20
                | (offsets ? 1 : 0) << 23
                | halved << 24;
    }

    static int lowBits(int code) {
        return code & 31;
    }

    static int highBits(int code) {
        return (code >> 5) & 3;
    }

    static int less(int code) {
        return (code >> 7) & 63;
    }

    static int values(int code) {
        return (code >> 13) & 7;
    }

    /** {@return the base-2 logarithm of the columns of a block} */
    static int blockShift(int code) {
        return 5 + ((code >> 16) & 7);
    }

    /** {@return the base-2 logarithm of the columns of a group} */
    static int groupShift(int code) {
        return 5 - ((code >> 19) & 1);
    }

    static int scales(int code) {
        return (code >> 20) & 7;
    }

    static int offsets(int code) {
        return (code >> 23) & 1;
    }

    static int halved(int code) {
        return (code >> 24) & 3;
    }

    /** {@return the code of a layout whose products have inputs of 8 bits} */
    static int withRoundedInputs(int code) {
        return code | 1 << 26;
    }

    static int roundsInputs(int code) {
        return (code >> 26) & 1;
    }
}

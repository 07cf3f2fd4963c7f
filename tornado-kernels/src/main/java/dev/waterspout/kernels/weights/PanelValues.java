package dev.waterspout.kernels.weights;

/**
 * The tables from which {@link Panels} take numbers, up to 16 each. A table is four words of four signed bytes, the
 * first number in the lowest byte. Kernels have the words as constants, because TornadoVM compiles no static arrays.
 */
final class PanelValues {
    /** The values of {@link Iq4Nl}. */
    static final int IQ4 = 1;

    /** Twice the values of E2M1. */
    static final int E2M1 = 2;

    /** The coordinates of the grid of {@link Iq3Xxs}, and those with a minus. */
    static final int IQ3_XXS = 3;

    /** The odd numbers from -15 to 15. */
    static final int ODD = 4;

    /** The coordinates of the grids of {@link Iq2Xxs}, {@link Iq2Xs} and {@link Iq2S}, and those with a minus. */
    static final int IQ2 = 5;

    /** The coordinates of the grid of {@link Iq1S} in eighths, each one eighth up or down. */
    static final int IQ1 = 6;

    private PanelValues() {}

    /**
     * {@return a number of a table; a kernel's part}
     *
     * @param index number in the table, 0 to 15
     * @param table the table, a constant
     */
    static int value(int index, int table) {
        int first = 0;
        int second = 0;
        int third = 0;
        int fourth = 0;
        if (table == IQ4) { // -127 -104 -83 -65, -49 -35 -22 -10, 1 13 25 38, 53 69 89 113
            first = 0xBFAD9881;
            second = 0xF6EADDCF;
            third = 0x26190D01;
            fourth = 0x71594535;
        }
        if (table == E2M1) { // 0 1 2 3, 4 6 8 12, 0 -1 -2 -3, -4 -6 -8 -12
            first = 0x03020100;
            second = 0x0C080604;
            third = 0xFDFEFF00;
            fourth = 0xF4F8FAFC;
        }
        if (table == IQ3_XXS) { // 4 12 20 28, 36 44 52 62, and with a minus
            first = 0x1C140C04;
            second = 0x3E342C24;
            third = 0xE4ECF4FC;
            fourth = 0xC2CCD4DC;
        }
        if (table == ODD) { // -15 -13 -11 -9, -7 -5 -3 -1, 1 3 5 7, 9 11 13 15
            first = 0xF7F5F3F1;
            second = 0xFFFDFBF9;
            third = 0x07050301;
            fourth = 0x0F0D0B09;
        }
        if (table == IQ2) { // 8 25 43 0, -8 -25 -43 0
            first = 0x002B1908;
            second = 0x00D5E7F8;
        }
        if (table == IQ1) { // -9 -7 -1 1, 7 9 0 0
            first = 0x01FFF9F7;
            second = 0x00000907;
        }
        int lower = (index & 4) > 0 ? second : first;
        int word = lower;
        if (table != IQ2 && table != IQ1) {
            int upper = (index & 4) > 0 ? fourth : third;
            word = (index & 8) > 0 ? upper : lower;
        }
        return (word << (24 - 8 * (index & 3))) >> 24;
    }

    /** {@return four numbers of a table, as signed bytes, of their four numbers in the table, a byte each} */
    static int four(int indices, int table) {
        return (value(indices & 15, table) & 0xFF)
                | (value((indices >> 8) & 15, table) & 0xFF) << 8
                | (value((indices >> 16) & 15, table) & 0xFF) << 16
                | value((indices >> 24) & 15, table) << 24;
    }
}

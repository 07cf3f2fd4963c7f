package dev.waterspout.kernels.weights;

/** Receives the scales and offsets of a block that {@link PanelPacker} stores. */
final class PanelHeader {
    private final PanelLayout layout;
    private final int[] block;

    PanelHeader(PanelLayout layout, int[] block) {
        this.layout = layout;
        this.block = block;
    }

    /**
     * Stores the first word.
     *
     * @param word the scale of the block, and in the upper half its offset; or the scales of its groups, a byte each
     */
    void word(int word) {
        block[0] = word;
    }

    /** Stores the factor of a group's scale. */
    void factor(int group, int factor) {
        put(1, group, factor, 0);
    }

    /** Stores the factors of a group's scale and of its offset. */
    void factors(int group, int factor, int ofOffset) {
        put(1, group, factor, 0);
        if (layout.scales() == PanelLayout.NIBBLES) {
            put(1, group, ofOffset, 4);
        } else {
            put(2, group, ofOffset, 0);
        }
    }

    private void put(int index, int group, int factor, int bit) {
        int word = Panels.headerWord(index, group * layout.group(), layout.code());
        block[word] |= (factor & 0xff) << (8 * (group & 3) + bit);
    }
}

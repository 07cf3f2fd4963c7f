package dev.waterspout.kernels.device;

import java.util.Locale;

/**
 * An implementation of a kernel and its parameters. The meaning of {@code perItem} depends on the kernel: the number
 * of tokens for products, of positions for attention, and of elements of a row for wire formats, that one work-item
 * processes at a time; for a split attention the least number of positions of a part, and for tiles of queries the
 * largest number of queries of a work-item.
 *
 * @param cut division of the work among work-items
 * @param perItem number of tokens, positions, queries or elements that a work-item processes at a time
 * @param local work-items of a work-group in the first dimension: the work-items per row where a work-group shares an
 *     output row; for tiles the tile's edge, which is also the number of work-items in the second dimension
 */
public record KernelChoice(KernelCut cut, int perItem, int local) {
    /** Checks that both numbers are at least 1. */
    public KernelChoice {
        if (perItem < 1 || local < 1) {
            throw new IllegalArgumentException(
                    "perItem=" + perItem + " local=" + local + " of a kernel; both are at least 1");
        }
    }

    /** {@return a description, as readable text, such as {@code plain x4, groups of 8}} */
    public String label() {
        return cut.name().toLowerCase(Locale.ROOT) + (perItem > 1 ? " x" + perItem : "") + ", groups of " + local
                + (cut == KernelCut.TILE ? " x " + local : "");
    }
}

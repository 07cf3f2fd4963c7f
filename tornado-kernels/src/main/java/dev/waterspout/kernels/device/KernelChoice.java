package dev.waterspout.kernels.device;

import java.util.Locale;

/**
 * One of the ways in which a kernel can run. What {@code perItem} counts depends on the kernel: for products the
 * tokens, for attention the positions, for wire formats the elements of a row that one item takes at a time.
 *
 * @param cut how work is divided among work-items
 * @param perItem number of tokens, positions or elements that a work-item processes at a time
 * @param local items of a group in the first dimension: where a group shares an output row, the items per row; for
 *     tiles the tile's edge, which is also the number of items in the second dimension
 */
public record KernelChoice(KernelCut cut, int perItem, int local) {
    /** Checks that there is something of each. */
    public KernelChoice {
        if (perItem < 1 || local < 1) {
            throw new IllegalArgumentException(
                    "perItem=" + perItem + " local=" + local + " of a kernel; both are at least 1");
        }
    }

    /** {@return the choice for people, such as {@code plain x4, groups of 8}} */
    public String label() {
        return cut.name().toLowerCase(Locale.ROOT) + (perItem > 1 ? " x" + perItem : "") + ", groups of " + local
                + (cut == KernelCut.TILE ? " x " + local : "");
    }
}

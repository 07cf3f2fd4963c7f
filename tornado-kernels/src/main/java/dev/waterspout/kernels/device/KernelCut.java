package dev.waterspout.kernels.device;

/** How the work of a kernel is shared out among work-items. */
public enum KernelCut {
    /** Every item has outputs of its own, and waits for no other. */
    PLAIN,
    /** Every item has whole blocks of a wire format, as many as have scales of whole bytes. */
    BLOCK,
    /** Every item has a patch of outputs of its own: eight rows, by the tokens that it takes at a time. */
    PATCH,
    /** The items of a group share one output row, and add up in local memory. */
    GROUP,
    /** A group computes a tile of outputs, and reads what it needs once into local memory. */
    TILE
}

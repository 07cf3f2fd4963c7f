package dev.waterspout.emulator.kernel;

import java.util.Arrays;

/**
 * The order in which the work-items of a group run. Warps run one after the other, and the lanes of a warp one after
 * the other, both upwards or downwards. The direction of all changes at a barrier of the group, and that of a warp at
 * each exchange of its lanes. An item that runs last before either runs first after it.
 */
final class WarpOrder {
    /** Lanes of a warp; the last warp of a group may have fewer. */
    static final int WARP = Fragments.WARP;

    private final int size;
    private final int[] directions;
    private int direction;

    /**
     * @param size work-items of a group
     */
    WarpOrder(int size) {
        this.size = size;
        directions = new int[Math.ceilDiv(size, WARP)];
        restart();
    }

    /** All directions are upwards. */
    void restart() {
        direction = 1;
        Arrays.fill(directions, 1);
    }

    /** Reverses all directions. */
    void reverse() {
        direction = -direction;
        for (int warp = 0; warp < directions.length; warp++) {
            directions[warp] = -directions[warp];
        }
    }

    /** Reverses the direction of an item's warp. */
    void reverseWarp(int item) {
        directions[item / WARP] = -directions[item / WARP];
    }

    private int first(int warp, int way) {
        return way > 0 ? warp * WARP : Math.min(size, (warp + 1) * WARP) - 1;
    }

    /** {@return whether an item is the first of its warp} */
    boolean isFirstOfWarp(int item) {
        return item == first(item / WARP, directions[item / WARP]);
    }

    /** {@return the item of the same warp that runs before one that is not the first} */
    int previousInWarp(int item) {
        return item - directions[item / WARP];
    }

    /** {@return whether an item is the last of its warp} */
    boolean isLastOfWarp(int item) {
        return item == first(item / WARP, -directions[item / WARP]);
    }

    /** {@return whether an item is the last of the group} */
    boolean isLast(int item) {
        return isLastOfWarp(item) && item / WARP == (direction > 0 ? directions.length - 1 : 0);
    }

    /** {@return the item that runs after one that is not the last} */
    int next(int item) {
        int warp = item / WARP;
        return isLastOfWarp(item) ? first(warp + direction, directions[warp + direction]) : item + directions[warp];
    }
}

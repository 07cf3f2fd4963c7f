package dev.waterspout.emulator.kernel;

import java.util.Arrays;

/**
 * The values that the lanes of a warp show each other. Two places per lane are used in turn: a lane reads what others
 * show before any of them can show its value after next.
 */
final class Exchange {
    /** What a lane receives. */
    enum Kind {
        SUM("simdSum"),
        SHUFFLE_DOWN("simdShuffleDown"),
        BROADCAST_FIRST("simdBroadcastFirst");

        private final String method;

        Kind(String method) {
            this.method = method;
        }

        /** {@return the name of the method that kernels call} */
        String method() {
            return method;
        }
    }

    private static final int WARP = WarpOrder.WARP;

    private final float[][] shown;
    private final int[] turns;
    private int waiting;

    /**
     * @param size work-items of a group
     */
    Exchange(int size) {
        shown = new float[2][size];
        turns = new int[size];
    }

    void restart() {
        Arrays.fill(turns, 0);
        waiting = 0;
    }

    /** {@return the lanes of the running warp that have shown a value, and wait} */
    int waiting() {
        return waiting;
    }

    void arrive(int item, float value) {
        turns[item] = 1 - turns[item];
        shown[turns[item]][item] = value;
        waiting++;
    }

    /** All lanes of the warp have shown a value. */
    void complete() {
        waiting = 0;
    }

    /** {@return what an item receives after all lanes of its warp have shown a value} */
    float received(Kind kind, int item, int delta) {
        float[] values = shown[turns[item]];
        int lane = item % WARP;
        int first = item - lane;
        return switch (kind) {
            case SUM -> sum(values, first, lane);
            case SHUFFLE_DOWN -> values[lane + delta < WARP ? item + delta : item];
            case BROADCAST_FIRST -> values[first];
        };
    }

    private static float sum(float[] values, int first, int lane) {
        float[] sums = new float[WARP];
        System.arraycopy(values, first, sums, 0, WARP);
        for (int mask = WARP / 2; mask > 0; mask /= 2) {
            float[] next = new float[WARP];
            for (int i = 0; i < WARP; i++) {
                next[i] = sums[i] + sums[i ^ mask];
            }
            sums = next;
        }
        return sums[lane];
    }
}

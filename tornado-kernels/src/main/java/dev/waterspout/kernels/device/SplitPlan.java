package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.SplitAttentionKernels;
import dev.waterspout.kernels.device.kernels.SplitSumKernels;

/**
 * How a split attention divides its work. It depends on the size of the cache and on the device, not on positions, so
 * that the grids stay the same for all tokens.
 *
 * @param parts parts that the positions of a sequence are split into, at most
 * @param leastPositions positions of a part, at least
 * @param groupHeads query heads of a work-group, all of which share a KV head
 * @param local work-items of a work-group
 */
record SplitPlan(int parts, int leastPositions, int groupHeads, int local) {
    /** Work-groups per compute unit that hide the latency of memory. */
    private static final int GROUPS_PER_UNIT = 4;

    /**
     * {@return the choice for an attention: the given one, or work-groups of single query heads instead of a split for
     * caches of fewer than two parts, and for heads and devices that a split does not suit}
     *
     * @param choice a choice that the device can run, or a default
     */
    static KernelChoice resolve(KernelChoice choice, DeviceCache cache, DeviceLimits limits) {
        return choice.cut() != KernelCut.SPLIT || suits(choice, cache.headDim(), cache.capacity(), limits)
                ? choice
                : new KernelChoice(KernelCut.GROUP, 1, choice.local());
    }

    private static boolean suits(KernelChoice split, int headDim, int capacity, DeviceLimits limits) {
        return capacity / 2 >= split.perItem()
                && even(headDim) <= SplitAttentionKernels.MOST_ELEMENTS
                && limits.localBytes() >= SplitAttentionKernels.LOCAL_BYTES;
    }

    /**
     * {@return the elements that an attention keeps of a row between its two tasks; 0 if it has one task}
     *
     * @param heads query heads
     * @param kvHeads KV heads
     * @param headDim elements of a head
     * @param capacity positions of the cache
     * @param rows tokens of the largest chunk that the kernel is chosen for
     * @param choice the device's choice
     * @param limits limits of the device
     */
    static long partials(
            int heads, int kvHeads, int headDim, int capacity, int rows, KernelChoice choice, DeviceLimits limits) {
        return choice.cut() == KernelCut.SPLIT && suits(choice, headDim, capacity, limits)
                ? of(heads, kvHeads, headDim, capacity, rows, choice, limits).partials(heads, headDim)
                : 0;
    }

    /**
     * {@return the plan of an attention}
     *
     * @param cache keys and values
     * @param heads query heads
     * @param rows tokens of the largest chunk that the kernel was chosen for
     * @param choice a split
     * @param limits limits of the device
     */
    static SplitPlan of(DeviceCache cache, int heads, int rows, KernelChoice choice, DeviceLimits limits) {
        return of(heads, cache.kvHeads(), cache.headDim(), cache.capacity(), rows, choice, limits);
    }

    private static SplitPlan of(
            int heads, int kvHeads, int headDim, int capacity, int rows, KernelChoice choice, DeviceLimits limits) {
        int sharing = heads / kvHeads;
        int most = Math.min(SplitAttentionKernels.MOST_HEADS, SplitAttentionKernels.MOST_ELEMENTS / even(headDim));
        // Slices of nearly the same number of heads.
        int groupHeads = Math.ceilDiv(sharing, Math.ceilDiv(sharing, most));
        long groups = (long) rows * kvHeads * Math.ceilDiv(sharing, groupHeads);
        long wanted = Math.ceilDiv(GROUPS_PER_UNIT * (long) limits.computeUnits(), groups);
        int parts =
                (int) Math.min(Math.min(wanted, SplitSumKernels.MOST_PARTS), Math.ceilDiv(capacity, choice.perItem()));
        return new SplitPlan(parts, choice.perItem(), groupHeads, choice.local());
    }

    /** {@return the elements of a head in local memory, where words of f16 are whole} */
    private static int even(int headDim) {
        return headDim + headDim % 2;
    }

    /** {@return the work-groups of a row} */
    int groups(DeviceCache cache, int heads) {
        return parts * cache.kvHeads() * Math.ceilDiv(heads / cache.kvHeads(), groupHeads);
    }

    /** {@return the elements of the partials of a row} */
    long partials(int heads, int headDim) {
        return (long) parts * heads * (headDim + SplitAttentionKernels.EXTRA);
    }
}

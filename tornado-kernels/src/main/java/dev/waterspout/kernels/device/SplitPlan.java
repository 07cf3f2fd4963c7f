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
        boolean splits = choice.cut() != KernelCut.SPLIT
                || cache.capacity() / 2 >= choice.perItem()
                        && even(cache.headDim()) <= SplitAttentionKernels.MOST_ELEMENTS
                        && limits.localBytes() >= SplitAttentionKernels.LOCAL_BYTES;
        return splits ? choice : new KernelChoice(KernelCut.GROUP, 1, choice.local());
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
        int sharing = heads / cache.kvHeads();
        int most =
                Math.min(SplitAttentionKernels.MOST_HEADS, SplitAttentionKernels.MOST_ELEMENTS / even(cache.headDim()));
        // Slices of nearly the same number of heads.
        int groupHeads = Math.ceilDiv(sharing, Math.ceilDiv(sharing, most));
        long groups = (long) rows * cache.kvHeads() * Math.ceilDiv(sharing, groupHeads);
        long wanted = Math.ceilDiv(GROUPS_PER_UNIT * (long) limits.computeUnits(), groups);
        int parts = (int) Math.min(
                Math.min(wanted, SplitSumKernels.MOST_PARTS), Math.ceilDiv(cache.capacity(), choice.perItem()));
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

package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.QueryTileKernels;

/**
 * How an attention by tiles of queries divides its work. The bits of the result do not depend on it.
 *
 * @param itemRows queries of a work-item
 * @param groupHeads query heads of a tile, all of which share a KV head
 * @param tokens tokens of a tile, at most
 * @param stride rows of the chunk per work-group: the tokens of a tile if a chunk has one sequence, else 1
 */
record QueryTilePlan(int itemRows, int groupHeads, int tokens, int stride) {
    /**
     * {@return the largest number of queries of a work-item whose outputs fit its registers; a power of two}
     *
     * @param headDim elements of a head, at most {@value QueryTileKernels#MOST_ELEMENTS}
     */
    static int mostItemRows(int headDim) {
        int columns = Math.ceilDiv(headDim, QueryTileKernels.LANES);
        return Math.min(QueryTileKernels.MOST_ITEM_ROWS, Integer.highestOneBit(QueryTileKernels.MOST_TOTALS / columns));
    }

    /**
     * {@return the plan of an attention}
     *
     * @param cache keys and values
     * @param heads query heads
     * @param choice tiles of queries
     * @param isDecode whether the tokens of a chunk belong to different sequences, for the most part
     * @param places places of the rows
     */
    static QueryTilePlan of(DeviceCache cache, int heads, KernelChoice choice, boolean isDecode, RowPlaces places) {
        int sharing = heads / cache.kvHeads();
        int itemRows = choice.perItem();
        // Slices of nearly the same number of heads.
        int groupHeads = Math.ceilDiv(sharing, Math.ceilDiv(sharing, QueryTileKernels.TEAMS * itemRows));
        while (isDecode
                && choice.cut() == KernelCut.QUERIES
                && itemRows > 1
                && QueryTileKernels.TEAMS * itemRows / 2 >= groupHeads) {
            itemRows /= 2;
        }
        int tokens = isDecode ? 1 : QueryTileKernels.TEAMS * itemRows / groupHeads;
        return new QueryTilePlan(itemRows, groupHeads, tokens, places.areOfOneSequence() ? tokens : 1);
    }

    /** {@return the work-groups of a tile of tokens} */
    int groups(DeviceCache cache, int heads) {
        return cache.kvHeads() * Math.ceilDiv(heads / cache.kvHeads(), groupHeads);
    }
}

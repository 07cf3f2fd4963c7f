package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The tokens of a chunk, where they stand in their sequences, and where the sequences' positions lie in the cache, in a
 * small device array.
 *
 * <pre>
 *   index     0          1            2         ...   1 + 2 x maxRows     1 + 3 x maxRows
 *        +----------+------------+-----------+-   -+---------+-   -+------------------+
 *        | capacity | position 0 |  table 0  | ... | token 0 | ... |   block tables   |
 *        +----------+------------+-----------+-   -+---------+-   -+------------------+
 * </pre>
 *
 * The capacity is the number of positions of all blocks of the cache. A row has the position of its token, and the
 * index at which the block table of its sequence begins. A table has, for every block of the sequence's positions in
 * order, the position within the cache at which the block begins.
 */
public final class Places {
    /** Index of the number of positions of the cache. */
    public static final int CAPACITY = 0;
    /** Index of the position of row 0; each row takes two elements. */
    public static final int ROWS = 1;

    private Places() {}

    static int position(IntArray places, int row) {
        return places.get(ROWS + 2 * row);
    }

    static int table(IntArray places, int row) {
        return places.get(ROWS + 2 * row + 1);
    }

    /** Returns the place of a sequence's position in the cache. */
    static int slot(IntArray places, int table, int position, int blockSize) {
        int block = Division.quotient(position, blockSize);
        return places.get(table + block) + (position - block * blockSize);
    }

    /**
     * Returns the element of a cache's array at which a head's key or value of a position begins.
     *
     * @param base position of the cache at which the KV head begins
     * @param rowElements array elements of a head at one position
     * @param fresh first position that lies in rows of the query head's own, see {@link TurnedHeads}; a position after
     *     the last one if none does
     * @param own element at which these rows begin
     */
    static int element(
            IntArray places, int base, int table, int position, int blockSize, int rowElements, int fresh, int own) {
        int element = own + (position - fresh) * rowElements;
        if (position < fresh) {
            element = (base + slot(places, table, position, blockSize)) * rowElements;
        }
        return element;
    }
}

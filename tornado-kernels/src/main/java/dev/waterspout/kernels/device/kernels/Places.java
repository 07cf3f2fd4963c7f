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
}

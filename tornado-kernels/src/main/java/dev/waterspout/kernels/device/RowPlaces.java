package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Places;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The tokens of the next launch's rows, their positions in their sequences, and the sequences' blocks in the cache.
 * Positions and blocks outside the cache are refused here, so that no kernel accesses memory outside its arrays.
 */
public final class RowPlaces {
    private final IntArray data;
    private final int maxRows;
    private final int capacity;
    private final int blockSize;
    private final int sequences;
    private int added;
    private int rows;
    private int end;

    /**
     * Allocates the array.
     *
     * @param cache cache that contains the sequences
     * @param maxRows tokens of the largest chunk
     * @param entries largest total number of entries in the block tables of a chunk's sequences
     */
    public RowPlaces(DeviceCache cache, int maxRows, int entries) {
        this(cache, maxRows, entries, maxRows);
    }

    /**
     * Allocates the array.
     *
     * @param cache cache that contains the sequences
     * @param maxRows tokens of the largest chunk
     * @param entries largest total number of entries in the block tables of a chunk's sequences
     * @param sequences largest number of sequences in a chunk
     */
    public RowPlaces(DeviceCache cache, int maxRows, int entries, int sequences) {
        this.sequences = sequences;
        this.maxRows = maxRows;
        this.capacity = cache.capacity();
        this.blockSize = cache.blockSize();
        this.data = new IntArray(elements(maxRows, entries));
        data.init(0);
        data.set(Places.CAPACITY, capacity);
        clear();
    }

    /**
     * {@return the elements of the array}
     *
     * @param maxRows tokens of the largest chunk
     * @param entries number of entries in all block tables
     */
    public static int elements(int maxRows, int entries) {
        return Math.addExact(tables(maxRows), entries);
    }

    private static int tables(int maxRows) {
        return Math.addExact(Places.ROWS, Math.multiplyExact(3, maxRows));
    }

    /** {@return the index of the token of row 0 in {@link #data}} */
    int firstToken() {
        return Places.ROWS + 2 * maxRows;
    }

    /** {@return the array of {@link Places}, to be transferred at every execution of a graph that reads it} */
    public IntArray data() {
        return data;
    }

    /** {@return whether all rows of a chunk belong to one sequence, at positions that follow each other} */
    boolean areOfOneSequence() {
        return sequences == 1;
    }

    /** Begins another chunk. */
    public void clear() {
        added = 0;
        rows = 0;
        end = tables(maxRows);
    }

    /**
     * Adds the rows of a sequence.
     *
     * @param position position of the first row
     * @param count number of rows
     * @param blocks numbers of the blocks of the sequence's positions, in order, at least up to its last row
     * @throws IllegalArgumentException if rows, positions or blocks are out of range
     */
    public void add(int position, int count, int... blocks) {
        if (count < 1 || count > maxRows - rows) {
            throw new IllegalArgumentException(
                    "rows=" + count + " after " + rows + " others: the graph takes 1 to " + maxRows);
        }
        if (added == sequences) {
            throw new IllegalArgumentException("a chunk of more sequences than " + sequences);
        }
        int held = Math.multiplyExact(blocks.length, blockSize);
        if (position < 0 || position > held - count) {
            throw new IllegalArgumentException(
                    "position=" + position + " rows=" + count + ": the cache holds " + held + " positions");
        }
        int used = Math.ceilDiv(position + count, blockSize);
        if (used > data.getSize() - end) {
            throw new IllegalArgumentException("block table of " + used + " entries: there is room for "
                    + (data.getSize() - end) + " of all sequences of a chunk");
        }
        for (int i = 0; i < used; i++) {
            if (blocks[i] < 0 || blocks[i] >= capacity / blockSize) {
                throw new IllegalArgumentException("block " + blocks[i] + " of " + Arrays.toString(blocks)
                        + ": the cache has " + capacity / blockSize);
            }
            data.set(end + i, blocks[i] * blockSize);
        }
        for (int row = 0; row < count; row++) {
            data.set(Places.ROWS + 2 * (rows + row), position + row);
            data.set(Places.ROWS + 2 * (rows + row) + 1, end);
        }
        rows += count;
        end += used;
        added++;
    }

    /**
     * Sets the tokens of the rows, for graphs that look up their embeddings.
     *
     * @param tokens token of each row, from row 0 on
     */
    public void setTokens(int... tokens) {
        for (int row = 0; row < tokens.length; row++) {
            data.set(firstToken() + row, tokens[row]);
        }
    }

    /** Checks that every row of a launch has a place. */
    void require(int launched) {
        if (launched > rows) {
            throw new IllegalArgumentException("rows=" + launched + ": " + rows + " have a place in the cache");
        }
    }
}

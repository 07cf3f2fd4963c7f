package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/**
 * The keys and values of one layer and one sequence. They lie in blocks of positions, anywhere in a pool that many
 * sequences share; a table has the number of the block of each run of positions.
 */
public final class KvCacheView {
    /** The largest head that the kernels' scratch memory holds. */
    public static final int MAX_HEAD_DIM = 1024;

    private final MemorySegment keys;
    private final MemorySegment values;
    private final CacheType type;
    private final int kvHeads;
    private final int headDim;
    private final int blockSize;
    private final int[] table;

    /** Bytes of a head at one position. */
    private final long rowBytes;

    /**
     * A sequence in a pool.
     *
     * @param keys [blocks][kvHeads][blockSize][headDim], off-heap
     * @param values [blocks][kvHeads][blockSize][headDim], off-heap
     * @param type type of the elements of both
     * @param kvHeads number of key/value heads, at least 1
     * @param headDim elements per head, in [1, {@value #MAX_HEAD_DIM}]
     * @param blockSize positions of a block: a multiple of {@link VectorAttention#TILE}, unless there is one block only
     * @param table the blocks of the sequence's positions, in order; not copied
     */
    public KvCacheView(
            MemorySegment keys,
            MemorySegment values,
            CacheType type,
            int kvHeads,
            int headDim,
            int blockSize,
            int[] table) {
        if (kvHeads < 1 || blockSize < 1) {
            throw new IllegalArgumentException(
                    "kvHeads=" + kvHeads + " blockSize=" + blockSize + ": both are at least 1");
        }
        if (headDim < 1 || headDim > MAX_HEAD_DIM) {
            throw new IllegalArgumentException("headDim=" + headDim + ": must be in [1, " + MAX_HEAD_DIM + "]");
        }
        if (table.length > 1 && blockSize % VectorAttention.TILE != 0) {
            throw new IllegalArgumentException(
                    "blockSize=" + blockSize + ": must be a multiple of " + VectorAttention.TILE);
        }
        int blocks = 0;
        for (int block : table) {
            if (block < 0) {
                throw new IllegalArgumentException("block " + block + ": must be at least 0");
            }
            blocks = Math.max(blocks, block + 1);
        }
        rowBytes = type.rowBytes(headDim);
        long rows = Math.multiplyExact((long) kvHeads * blockSize, (long) blocks);
        check("keys", keys, rows);
        check("values", values, rows);
        this.keys = keys;
        this.values = values;
        this.type = type;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.blockSize = blockSize;
        this.table = table;
    }

    /**
     * One sequence by itself.
     *
     * @param keys [kvHeads][capacity][headDim], off-heap
     * @param values [kvHeads][capacity][headDim], off-heap
     * @param type type of the elements of both
     * @param kvHeads number of key/value heads, at least 1
     * @param capacity positions that fit, at least 1
     * @param headDim elements per head, in [1, {@value #MAX_HEAD_DIM}]
     */
    public KvCacheView(
            MemorySegment keys, MemorySegment values, CacheType type, int kvHeads, int capacity, int headDim) {
        this(keys, values, type, kvHeads, headDim, capacity, new int[] {0});
    }

    /** Returns the keys of the pool. */
    public MemorySegment keys() {
        return keys;
    }

    /** Returns the values of the pool. */
    public MemorySegment values() {
        return values;
    }

    /** Returns the type of the elements. */
    public CacheType type() {
        return type;
    }

    /** Returns the number of key/value heads. */
    public int kvHeads() {
        return kvHeads;
    }

    /** Returns the elements per head. */
    public int headDim() {
        return headDim;
    }

    /** Returns how many positions fit in the blocks. */
    public int capacity() {
        return table.length * blockSize;
    }

    private void check(String name, MemorySegment segment, long rows) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException(name + " lie on the heap; the kernels read them off-heap");
        }
        if (rows > segment.byteSize() / rowBytes) {
            throw new IllegalArgumentException(name + " of " + segment.byteSize() + " bytes is too small for " + rows
                    + " heads of " + headDim + " " + type + " elements");
        }
    }

    /**
     * Stores keys and values of consecutive tokens.
     *
     * @param newKeys [rows][kvHeads][headDim] f32
     * @param newValues [rows][kvHeads][headDim] f32
     * @param position position of row 0
     * @param rows tokens
     */
    public void store(MemorySegment newKeys, MemorySegment newValues, int position, int rows) {
        Arguments.checkRange("positions", position, position + rows, capacity());
        long floats = (long) rows * kvHeads * headDim;
        Arguments.checkFloats("new keys", newKeys, floats);
        Arguments.checkFloats("new values", newValues, floats);
        for (int row = 0; row < rows; row++) {
            for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                long source = Layouts.floats(((long) row * kvHeads + kvHead) * headDim);
                long target = offset(kvHead, position + row);
                storeHead(newKeys, source, keys, target);
                storeHead(newValues, source, values, target);
            }
        }
    }

    private void storeHead(MemorySegment from, long source, MemorySegment to, long target) {
        switch (type) {
            case F32 -> MemorySegment.copy(from, source, to, target, Layouts.floats(headDim));
            case F16 -> {
                for (int d = 0; d < headDim; d++) {
                    short half = Float.floatToFloat16(from.get(Layouts.F32, source + Layouts.floats(d)));
                    to.set(Layouts.I16, target + (long) d * Short.BYTES, half);
                }
            }
            case Q8_0 -> {
                int elements = type.format().blockElements();
                for (int d = 0; d < headDim; d += elements) {
                    storeBlock(from, source + Layouts.floats(d), to, target + type.rowBytes(d));
                }
            }
        }
    }

    /** Stores elements as multiples of the largest magnitude divided by 127, rounded to nearest. */
    private void storeBlock(MemorySegment from, long source, MemorySegment to, long target) {
        int elements = type.format().blockElements();
        float largest = 0;
        for (int i = 0; i < elements; i++) {
            largest = Math.max(largest, Math.abs(from.get(Layouts.F32, source + Layouts.floats(i))));
        }
        short half = Float.floatToFloat16(largest / Byte.MAX_VALUE);
        float scale = Float.float16ToFloat(half);
        float inverse = scale == 0 ? 0 : 1 / scale;
        to.set(Layouts.I16, target, half);
        for (int i = 0; i < elements; i++) {
            double multiple = Math.rint((double) from.get(Layouts.F32, source + Layouts.floats(i)) * inverse);
            byte number = (byte) Math.clamp(multiple, -Byte.MAX_VALUE, Byte.MAX_VALUE);
            to.set(Layouts.I8, target + Short.BYTES + i, number);
        }
    }

    /** Element {@code d} of a position, whose offset in keys or values is given. */
    float get(MemorySegment cached, long offset, int d) {
        int inBlock = d % type.format().blockElements();
        return type.format().weight(cached, offset + type.format().rowBytes(d - inBlock), inBlock);
    }

    /**
     * Offset in {@link #keys} and {@link #values} of a position of a head. Positions follow each other to the end of
     * their block, so a tile that begins at a multiple of its size is contiguous.
     */
    public long offset(int kvHead, int position) {
        int run = position / blockSize;
        long first = ((long) table[run] * kvHeads + kvHead) * blockSize;
        return (first + position - (long) run * blockSize) * rowBytes;
    }
}

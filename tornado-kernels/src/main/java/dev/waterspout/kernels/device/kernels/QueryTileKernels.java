package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The attention of {@link AttentionKernels} for chunks: a work-group multiplies a tile of queries with tiles of
 * {@value #KEYS} keys and values, and keeps the running softmax of each query (Milakov and Gimelshein, arXiv
 * 1805.02867; the tiles are those of FlashAttention: Dao and others, arXiv 2205.14135). A tile has the query heads
 * that share a KV head, of tokens that follow each other in one sequence. So a key is read once per tile, not once per
 * query.
 *
 * <p>A work-group has {@value #TEAMS} teams of {@value #LANES} work-items. A work-item computes {@code itemRows}
 * queries by 4 keys of the scores, and {@code itemRows} queries by every {@value #LANES}th column of the output.
 * Queries and keys pass through local memory in steps of {@value #DEPTH} columns, values in steps of
 * {@value #VALUE_KEYS} positions.
 *
 * <p>Tiles of keys begin at multiples of {@value #KEYS} positions. A position that a query does not attend to has the
 * weight 0. It changes no sum, if keys and values are finite. So the bits of a query's output depend neither on the
 * other queries of its tile nor on {@code itemRows}.
 *
 * <p>Groups of x are [KV heads][slices of the query heads of a KV head]; y is the tile, the last one first, because it
 * attends to the most positions. Where a chunk has one sequence, a tile begins at every
 * {@link RotaryShape#TILE_TOKENS}th row. With several sequences y is the row: a tile begins at the first row of a
 * sequence and at positions that are multiples of {@link RotaryShape#TILE_TOKENS}; work-groups of other rows end at
 * once.
 *
 * <p>Arrays are those of {@link AttentionKernels}. {@code shape} is a {@link RotaryShape}.
 */
public final class QueryTileKernels {
    /** Work-items of a work-group. */
    public static final int ITEMS = 128;

    /** Largest number of elements of a head. */
    public static final int MOST_ELEMENTS = 256;

    /** Largest number of queries of a work-item. */
    public static final int MOST_ITEM_ROWS = 8;

    /** Work-items that share queries: the columns of a head are dealt out to them. */
    public static final int LANES = 16;

    /** Groups of work-items that have different queries. */
    public static final int TEAMS = ITEMS / LANES;

    /** Largest number of output elements of a work-item. */
    public static final int MOST_TOTALS = 64;

    /** After the last position of all sequences. */
    private static final int NOT_FRESH = Integer.MAX_VALUE;

    private static final int KEYS = 64;
    private static final int ITEM_KEYS = KEYS / LANES;
    private static final int DEPTH_BITS = 5;
    private static final int DEPTH = 1 << DEPTH_BITS;
    private static final int VALUE_KEYS = 16;
    private static final int MOST_ROWS = TEAMS * MOST_ITEM_ROWS;

    /** Distances of two rows in local memory. One element of padding distributes a column over the banks. */
    private static final int STEP_STRIDE = DEPTH + 1;

    private static final int KEY_STRIDE = KEYS + 1;
    private static final int LANE_STRIDE = LANES + 1;

    /** Where the keys of a step begin behind the queries. */
    private static final int KEYS_AT = MOST_ROWS * STEP_STRIDE;

    private static final int STAGED = KEYS_AT + KEYS * STEP_STRIDE;

    /** Bytes of local memory of a work-group, with the norms of heads of {@link TurnedHeads}. */
    public static final int LOCAL_BYTES = TurnedHeads.LOCAL_BYTES
            + Float.BYTES * (STAGED + MOST_ROWS * (KEY_STRIDE + LANE_STRIDE) + 4 * MOST_ROWS + KEYS);

    private QueryTileKernels() {}

    /** A cache of f32. */
    public static void attendTiles(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            int itemRows) {
        attend(
                context,
                context.localIdx,
                context.groupIdx,
                context.globalIdy,
                step,
                places,
                shape,
                queries,
                keyCache,
                places,
                valueCache,
                places,
                sinks,
                output,
                NOT_FRESH,
                0,
                headDim,
                scale,
                cap,
                WeightBytes.F32,
                itemRows);
    }

    /** A cache of f16 or q8_0, see {@link CachedWords}. */
    public static void attendPackedTiles(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray sinks,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            int format,
            int itemRows) {
        attend(
                context,
                context.localIdx,
                context.groupIdx,
                context.globalIdy,
                step,
                places,
                shape,
                queries,
                queries,
                keyCache,
                queries,
                valueCache,
                sinks,
                output,
                NOT_FRESH,
                0,
                headDim,
                scale,
                cap,
                format,
                itemRows);
    }

    /** Returns the row at which work-group y begins. The last rows come first. */
    static int firstRow(IntArray step, IntArray shape, int y) {
        int stride = shape.get(RotaryShape.TILE_STRIDE);
        return (Division.quotient(step.get(Step.ROWS) - 1, stride) - y) * stride;
    }

    /** Returns the number of tokens of the tile that begins at a row; 0 if none does. */
    static int tokens(IntArray step, IntArray places, IntArray shape, int row) {
        int most = shape.get(RotaryShape.TILE_TOKENS);
        int rows = step.get(Step.ROWS);
        int count = TornadoMath.min(most, rows - row);
        if (shape.get(RotaryShape.TILE_STRIDE) < most) {
            int position = Places.position(places, row);
            int past = position - Division.quotient(position, most) * most;
            int limit = TornadoMath.min(most - past, rows - row);
            count = 1;
            for (int i = 1; i < limit; i++) {
                if (count == i && follows(places, row + i) > 0) {
                    count = i + 1;
                }
            }
            if (past > 0 && row > 0) {
                count = count * (1 - follows(places, row));
            }
        }
        return count;
    }

    /** Returns 1 if a row has the position after that of the row before it, in the same sequence; else 0. */
    private static int follows(IntArray places, int row) {
        int result = 0;
        if (Places.table(places, row) == Places.table(places, row - 1)
                && Places.position(places, row) == Places.position(places, row - 1) + 1) {
            result = 1;
        }
        return result;
    }

    /**
     * Computes a tile. From position {@code fresh} on, keys and values lie in rows of the first query head's own, see
     * {@link Places#element}. Of floats and words, the arrays of the cache's type are read. Longer than other methods,
     * because none can take a local array. TornadoVM compiles a kernel only if it reads each field of the context
     * once, so they are passed.
     */
    static void attend(
            KernelContext context,
            int item,
            int group,
            int y,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            FloatArray keyFloats,
            IntArray keyWords,
            FloatArray valueFloats,
            IntArray valueWords,
            FloatArray sinks,
            FloatArray output,
            int fresh,
            int own,
            int headDim,
            float scale,
            float cap,
            int format,
            int itemRows) {
        float[] staged = context.allocateFloatLocalArray(STAGED);
        float[] weights = context.allocateFloatLocalArray(MOST_ROWS * KEY_STRIDE);
        float[] parts = context.allocateFloatLocalArray(MOST_ROWS * LANE_STRIDE);
        float[] maxima = context.allocateFloatLocalArray(MOST_ROWS);
        float[] factors = context.allocateFloatLocalArray(MOST_ROWS);
        int[] rowStarts = context.allocateIntLocalArray(MOST_ROWS);
        int[] rowEnds = context.allocateIntLocalArray(MOST_ROWS);
        int[] keyStarts = context.allocateIntLocalArray(KEYS);
        float[] totals = new float[MOST_TOTALS];
        float[] scores = new float[MOST_ITEM_ROWS * ITEM_KEYS];
        float[] left = new float[MOST_ITEM_ROWS];
        float[] right = new float[LANES];
        float[] elements = new float[CachedUnits.MOST_WIDTH];
        int lane = item & (LANES - 1);
        int firstQuery = (item >> 4) * itemRows;
        int rows = TEAMS * itemRows;
        int columns = (headDim + LANES - 1) >> 4;
        int width = CachedUnits.width(format);
        int units = CachedUnits.count(headDim, format);
        int stepBits = DEPTH_BITS - (width >> 1);

        int heads = shape.get(RotaryShape.HEADS);
        int sharing = Division.quotient(heads, shape.get(RotaryShape.KV_HEADS));
        int slices =
                Division.quotient(sharing + shape.get(RotaryShape.TILE_HEADS) - 1, shape.get(RotaryShape.TILE_HEADS));
        int kvHead = Division.quotient(group, slices);
        int inGroup = (group - kvHead * slices) * shape.get(RotaryShape.TILE_HEADS);
        int groupHeads = TornadoMath.min(shape.get(RotaryShape.TILE_HEADS), sharing - inGroup);
        int head = kvHead * sharing + inGroup;
        int row = firstRow(step, shape, y);
        int tokens = tokens(step, places, shape, row);
        int used = tokens * groupHeads;
        int window = step.get(Step.WINDOW);
        int table = Places.table(places, row);
        int base = (step.get(Step.LAYER) * shape.get(RotaryShape.KV_HEADS) + kvHead) * places.get(Places.CAPACITY);
        int end = Places.position(places, row) + tokens;
        int first = AttentionKernels.first(window, Places.position(places, row) + 1);

        // Queries beyond the last one repeat it, and what they make is dropped.
        int query = TornadoMath.max(0, TornadoMath.min(item, used - 1));
        int token = Division.quotient(query, groupHeads);
        int queryHead = head + query - token * groupHeads;
        float max = sinks.get(step.get(Step.LAYER) * heads + queryHead);
        float sum = 1f;
        if (item < rows) {
            rowStarts[item] = ((row + token) * heads + queryHead) * headDim;
            rowEnds[item] = Places.position(places, row) + token + 1;
        }
        for (int i = 0; i < MOST_TOTALS; i++) {
            totals[i] = 0f;
        }
        if (tokens == 0) {
            end = first;
        }
        for (int tile = first - (first & (KEYS - 1)); tile < end; tile += KEYS) {
            if (item < KEYS) {
                int position = TornadoMath.max(first, TornadoMath.min(tile + item, end - 1));
                keyStarts[item] = Places.element(
                        places,
                        base,
                        table,
                        position,
                        shape.get(RotaryShape.BLOCK_SIZE),
                        CachedUnits.rowElements(headDim, format),
                        fresh,
                        own);
            }
            for (int i = 0; i < MOST_ITEM_ROWS * ITEM_KEYS; i++) {
                scores[i] = 0f;
            }
            for (int from = 0; from < headDim; from += DEPTH) {
                int depth = TornadoMath.min(DEPTH, headDim - from);
                context.localBarrier();
                for (int i = item; i < rows << DEPTH_BITS; i += ITEMS) {
                    int column = i & (DEPTH - 1);
                    float element = 0f;
                    if (column < depth) {
                        element = queries.get(rowStarts[i >> DEPTH_BITS] + from + column);
                    }
                    staged[(i >> DEPTH_BITS) * STEP_STRIDE + column] = element;
                }
                for (int i = item; i < KEYS << stepBits; i += ITEMS) {
                    int unit = i & ((1 << stepBits) - 1);
                    if (unit * width < depth) {
                        int start = keyStarts[i >> stepBits];
                        CachedUnits.unpack(
                                keyFloats, keyWords, start, (from >> (width >> 1)) + unit, elements, 0, format);
                        int at = KEYS_AT + (i >> stepBits) * STEP_STRIDE + unit * width;
                        for (int c = 0; c < width; c++) {
                            staged[at + c] = elements[c];
                        }
                    }
                }
                context.localBarrier();
                for (int k = 0; k < depth; k++) {
                    for (int i = 0; i < itemRows; i++) {
                        left[i] = staged[(firstQuery + i) * STEP_STRIDE + k];
                    }
                    for (int j = 0; j < ITEM_KEYS; j++) {
                        right[j] = staged[KEYS_AT + (lane + LANES * j) * STEP_STRIDE + k];
                    }
                    for (int i = 0; i < itemRows; i++) {
                        for (int j = 0; j < ITEM_KEYS; j++) {
                            scores[i * ITEM_KEYS + j] += left[i] * right[j];
                        }
                    }
                }
            }
            for (int i = 0; i < itemRows; i++) {
                int rowEnd = rowEnds[firstQuery + i];
                int rowFirst = AttentionKernels.first(window, rowEnd);
                float largest = AttentionKernels.LOWEST;
                for (int j = 0; j < ITEM_KEYS; j++) {
                    int position = tile + lane + LANES * j;
                    float score = AttentionKernels.capped(scores[i * ITEM_KEYS + j] * scale, cap);
                    scores[i * ITEM_KEYS + j] = score;
                    if (position >= rowFirst && position < rowEnd) {
                        largest = TornadoMath.max(largest, score);
                    }
                }
                parts[(firstQuery + i) * LANE_STRIDE + lane] = largest;
            }
            context.localBarrier();
            if (item < rows) {
                float before = max;
                for (int l = 0; l < LANES; l++) {
                    max = TornadoMath.max(max, parts[item * LANE_STRIDE + l]);
                }
                maxima[item] = max;
                factors[item] = TornadoMath.exp(before - max);
            }
            context.localBarrier();
            for (int i = 0; i < itemRows; i++) {
                int at = firstQuery + i;
                int rowEnd = rowEnds[at];
                int rowFirst = AttentionKernels.first(window, rowEnd);
                float newMax = maxima[at];
                float factor = factors[at];
                float part = 0f;
                for (int j = 0; j < ITEM_KEYS; j++) {
                    int position = tile + lane + LANES * j;
                    float weight = 0f;
                    if (position >= rowFirst && position < rowEnd) {
                        weight = TornadoMath.exp(scores[i * ITEM_KEYS + j] - newMax);
                    }
                    weights[at * KEY_STRIDE + lane + LANES * j] = weight;
                    part += weight;
                }
                parts[at * LANE_STRIDE + lane] = part;
                for (int c = 0; c < columns; c++) {
                    totals[i * columns + c] = totals[i * columns + c] * factor;
                }
            }
            int count = TornadoMath.min(KEYS, end - tile);
            for (int from = 0; from < count; from += VALUE_KEYS) {
                int keys = TornadoMath.min(VALUE_KEYS, count - from);
                context.localBarrier();
                for (int key = item >> 4; key < keys; key += TEAMS) {
                    int start = keyStarts[from + key];
                    for (int unit = lane; unit < units; unit += LANES) {
                        CachedUnits.unpack(valueFloats, valueWords, start, unit, elements, 0, format);
                        for (int c = 0; c < width; c++) {
                            staged[key * LANES * columns + unit * width + c] = elements[c];
                        }
                    }
                }
                context.localBarrier();
                for (int k = 0; k < keys; k++) {
                    for (int i = 0; i < itemRows; i++) {
                        left[i] = weights[(firstQuery + i) * KEY_STRIDE + from + k];
                    }
                    for (int c = 0; c < columns; c++) {
                        right[c] = staged[(k * columns + c) * LANES + lane];
                    }
                    for (int i = 0; i < itemRows; i++) {
                        for (int c = 0; c < columns; c++) {
                            totals[i * columns + c] += left[i] * right[c];
                        }
                    }
                }
            }
            if (item < rows) {
                sum = sum * factors[item];
                for (int l = 0; l < LANES; l++) {
                    sum += parts[item * LANE_STRIDE + l];
                }
            }
        }
        if (item < rows) {
            maxima[item] = sum;
        }
        context.localBarrier();
        for (int i = 0; i < itemRows; i++) {
            int at = firstQuery + i;
            if (at < used) {
                float rowSum = maxima[at];
                for (int c = 0; c < columns; c++) {
                    int d = lane + LANES * c;
                    if (d < headDim) {
                        output.set(rowStarts[at] + d, totals[i * columns + c] / rowSum);
                    }
                }
            }
        }
    }
}

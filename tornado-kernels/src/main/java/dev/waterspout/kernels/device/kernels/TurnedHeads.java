package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * First part of an attention kernel without a separate task for the rotary embedding: it normalizes and
 * rotates the queries of some heads, and stores the keys and values that it reads and that are of this launch. These
 * are of the token itself and of the tokens before it of the same sequence.
 *
 * <p>Work-groups wait for each other only at the end of a launch, so none can read what another one stores. Behind its
 * layers, each array of the cache has rows of the query heads' own, [tokens][heads][tokens][elements of a row], to
 * which a head stores all fresh keys or values that it reads. The first query head of each KV head stores those of its
 * token in the layer, too, where nobody reads them in this launch. The bits are those of {@link RotaryKernels},
 * {@link PackedCacheKernels} and {@link NormedRotaryKernels}, whose arrays these are.
 *
 * <p>Of floats and words, the arrays of the cache's type are used, see {@link CachedUnits}.
 */
final class TurnedHeads {
    /** Bytes of local memory of a work-group. */
    static final int LOCAL_BYTES = Float.BYTES * NormKernels.GROUP;

    private TurnedHeads() {}

    /**
     * Turns and stores by a work-group; the caller waits at a barrier before it reads. TornadoVM compiles a kernel only
     * if it reads each field of the context once, so the work-item's number is passed.
     *
     * @param queries receives the queries
     * @param head first query head; all heads share a KV head
     * @param count number of query heads
     * @param target element of {@code queries} at which the first head begins
     * @param stride elements of {@code queries} from one head to the next
     * @param base position of the cache at which the KV head begins
     * @param first first position that the caller reads
     * @param end position after the last one; if there are none, nothing is done
     * @param epsilon see {@link NormedRotaryKernels}; {@link NormedRotaryKernels#NO_NORM} for heads without norms
     */
    static void turnAndStoreByGroup(
            KernelContext context,
            int item,
            int items,
            int row,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            FloatArray keyFloats,
            IntArray keyWords,
            FloatArray valueFloats,
            IntArray valueWords,
            FloatArray queries,
            int head,
            int count,
            int target,
            int stride,
            int base,
            int first,
            int end,
            int headDim,
            float epsilon,
            int format) {
        float[] squares = context.allocateFloatLocalArray(NormKernels.GROUP);
        float[] run = new float[CachedWords.PIECE];
        int lanes = shape.get(RotaryShape.NORM_LANES);
        int vectors = vectors(places, row, count, first, end);
        for (int k = 0; k < vectors; k++) {
            int ofRow = row - TornadoMath.max(k - count, 0);
            int normed = normed(shape, head, k, count);
            float factor = 1f;
            if (epsilon > NormedRotaryKernels.NO_NORM) {
                for (int lane = item; lane < lanes; lane += items) {
                    squares[lane] = NormedRotaryKernels.squares(shape, madeQueries, madeKeys, normed, ofRow, lane);
                }
                for (int half = lanes >> 1; half > 0; half >>= 1) {
                    context.localBarrier();
                    for (int lane = item; lane < half; lane += items) {
                        squares[lane] += squares[lane + half];
                    }
                }
                context.localBarrier();
                factor = NormedRotaryKernels.factor(squares[0], headDim, epsilon);
                context.localBarrier();
            }
            turnOrStore(
                    item,
                    items,
                    row,
                    ofRow,
                    step,
                    places,
                    angles,
                    shape,
                    madeQueries,
                    madeKeys,
                    madeValues,
                    weight,
                    keyFloats,
                    keyWords,
                    valueFloats,
                    valueWords,
                    queries,
                    head,
                    normed,
                    k - count,
                    target + k * stride,
                    base,
                    first,
                    end,
                    headDim,
                    factor,
                    epsilon,
                    run,
                    format);
        }
    }

    /** The same by a work-item, which needs no barrier, for norms of one partial sum. */
    static void turnAndStoreByItem(
            int row,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            FloatArray keyFloats,
            IntArray keyWords,
            FloatArray valueFloats,
            IntArray valueWords,
            FloatArray queries,
            int head,
            int target,
            int base,
            int first,
            int end,
            int headDim,
            float epsilon,
            float[] run,
            int format) {
        int vectors = vectors(places, row, 1, first, end);
        for (int k = 0; k < vectors; k++) {
            int ofRow = row - TornadoMath.max(k - 1, 0);
            int normed = normed(shape, head, k, 1);
            float factor = 1f;
            if (epsilon > NormedRotaryKernels.NO_NORM) {
                float squares = NormedRotaryKernels.squares(shape, madeQueries, madeKeys, normed, ofRow, 0);
                factor = NormedRotaryKernels.factor(squares, headDim, epsilon);
            }
            turnOrStore(
                    0,
                    1,
                    row,
                    ofRow,
                    step,
                    places,
                    angles,
                    shape,
                    madeQueries,
                    madeKeys,
                    madeValues,
                    weight,
                    keyFloats,
                    keyWords,
                    valueFloats,
                    valueWords,
                    queries,
                    head,
                    normed,
                    k - 1,
                    target,
                    base,
                    first,
                    end,
                    headDim,
                    factor,
                    epsilon,
                    run,
                    format);
        }
    }

    /** Returns the position of the first token of a row's sequence in the launch. */
    static int fresh(IntArray places, int row) {
        int table = Places.table(places, row);
        int fresh = Places.position(places, row);
        for (int other = 0; other < row; other++) {
            fresh -= Places.table(places, other) == table ? 1 : 0;
        }
        return fresh;
    }

    /** Returns the element of the cache's arrays at which the rows of a query head's own begin. */
    static int own(IntArray shape, int row, int head, int headDim, int format) {
        return shape.get(RotaryShape.OWN_FROM)
                + (row * shape.get(RotaryShape.HEADS) + head)
                        * shape.get(RotaryShape.OWN_ROWS)
                        * CachedUnits.rowElements(headDim, format);
    }

    /** Returns the number of queries and keys to process: of query heads, then of the rows of the sequence. */
    private static int vectors(IntArray places, int row, int count, int first, int end) {
        int vectors = 0;
        if (first < end) {
            vectors = count + 1 + Places.position(places, row) - fresh(places, row);
        }
        return vectors;
    }

    /** Returns the number of a head among those with norms: query heads, then KV heads. */
    private static int normed(IntArray shape, int head, int k, int count) {
        int heads = shape.get(RotaryShape.HEADS);
        return k < count ? head + k : heads + kvHead(shape, head);
    }

    private static int kvHead(IntArray shape, int head) {
        int sharing = Division.quotient(shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
        return Division.quotient(head, sharing);
    }

    /** Rotates a query if {@code key} is negative; else stores the key and the value of {@code ofRow}. */
    private static void turnOrStore(
            int item,
            int items,
            int row,
            int ofRow,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            FloatArray keyFloats,
            IntArray keyWords,
            FloatArray valueFloats,
            IntArray valueWords,
            FloatArray queries,
            int head,
            int normed,
            int key,
            int target,
            int base,
            int first,
            int end,
            int headDim,
            float factor,
            float epsilon,
            float[] run,
            int format) {
        int weights = NormedRotaryKernels.weights(step, shape, normed);
        int element = (normed - shape.get(RotaryShape.HEADS)) * headDim;
        int position = Places.position(places, ofRow);
        if (key < 0) {
            int source =
                    ofRow * shape.get(RotaryShape.QUERY_STRIDE) + shape.get(RotaryShape.QUERY_FROM) + normed * headDim;
            for (int d = item; d < headDim; d += items) {
                queries.set(
                        target + d,
                        turned(angles, shape, madeQueries, weight, source, ofRow, d, weights, factor, epsilon));
            }
        } else if (position >= first && position < end) {
            int keys = ofRow * shape.get(RotaryShape.KEY_STRIDE) + shape.get(RotaryShape.KEY_FROM) + element;
            int values = ofRow * shape.get(RotaryShape.VALUE_STRIDE) + shape.get(RotaryShape.VALUE_FROM) + element;
            int rowElements = CachedUnits.rowElements(headDim, format);
            int own = own(shape, row, head, headDim, format) + (position - fresh(places, row)) * rowElements;
            int slot = Places.slot(places, Places.table(places, row), position, shape.get(RotaryShape.BLOCK_SIZE));
            int sharing = Division.quotient(shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
            int targets = row == ofRow && head == Division.quotient(head, sharing) * sharing ? 2 : 1;
            int elements = CachedUnits.runElements(format);
            int runs = Division.quotient(headDim + elements - 1, elements);
            for (int n = item; n < 2 * runs; n += items) {
                int number = n < runs ? n : n - runs;
                for (int i = 0; i < elements; i++) {
                    // The padding after a head with an odd number of elements is never read.
                    int d = TornadoMath.min(number * elements + i, headDim - 1);
                    float value = 0f;
                    if (n < runs) {
                        value = turned(angles, shape, madeKeys, weight, keys, ofRow, d, weights, factor, epsilon);
                    } else {
                        value = madeValues.get(values + d);
                    }
                    run[i] = value;
                }
                for (int i = 0; i < targets; i++) {
                    int at = i == 0 ? own : (base + slot) * rowElements;
                    if (n < runs) {
                        CachedUnits.store(run, keyFloats, keyWords, at, number, format);
                    } else {
                        CachedUnits.store(run, valueFloats, valueWords, at, number, format);
                    }
                }
            }
        }
    }

    private static float turned(
            FloatArray angles,
            IntArray shape,
            FloatArray made,
            FloatArray weight,
            int source,
            int row,
            int d,
            int weights,
            float factor,
            float epsilon) {
        return epsilon > NormedRotaryKernels.NO_NORM
                ? NormedRotaryKernels.turned(angles, shape, made, weight, source, row, d, weights, factor)
                : RotaryKernels.turned(angles, shape, made, source + d, row, d);
    }
}

package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The first of two tasks of an attention whose positions are split into parts (flash-decoding: Dao, Haziza, Massa and
 * Sizov, 2023). A work-group reads a part of the keys and values of a KV head once, for several query heads that share
 * them. It leaves a weighted sum of values per query head, and the largest score and the sum of weights, from which
 * {@link SplitSumKernels} makes the output.
 *
 * <p>The grid does not depend on positions. The positions that a token attends to are divided evenly by
 * {@link #partLength}. Work-groups of the parts beyond them do nothing. Groups of x are [parts][KV heads][slices of the
 * query heads of a KV head], y is the row.
 *
 * <p>Arrays are those of {@link AttentionKernels}. {@code shape} is a {@link RotaryShape}. {@code partials} is
 * [rows][parts][heads][headDim + 2]: the sum of values, the largest score, the sum of weights.
 */
public final class SplitAttentionKernels {
    /** Largest number of query heads of a work-group. */
    public static final int MOST_HEADS = 8;
    /** Largest number of elements of all query heads of a work-group. */
    public static final int MOST_ELEMENTS = 1024;
    /** Largest work-group size. All its work-group sizes are powers of two from 32 on. */
    public static final int MOST_ITEMS = 128;
    /** Elements behind a sum of values: the largest score and the sum of weights. */
    public static final int EXTRA = 2;

    /** Work-items that multiply a query and a key together, as a power of two: they read 32 bytes of it at a time. */
    private static final int LANE_BITS = 3;

    private static final int LANES = 1 << LANE_BITS;
    /** Positions that a work-item processes at a time. */
    private static final int POSITIONS = 4;

    private static final int MOST_TILE = MOST_ITEMS / LANES * POSITIONS;
    /** Sums of the lanes of one score. One element of padding distributes them over the banks of local memory. */
    private static final int LANE_STRIDE = LANES + 1;

    /** Bytes of local memory, with the norms of heads of {@link TurnedHeads}. */
    public static final int LOCAL_BYTES = TurnedHeads.LOCAL_BYTES
            + Float.BYTES
                    * (2 * MOST_ELEMENTS + MOST_HEADS * MOST_TILE * (1 + LANE_STRIDE) + MOST_TILE + 3 * MOST_HEADS);

    private SplitAttentionKernels() {}

    /** A cache of f32. */
    public static void attendParts(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray partials,
            int headDim,
            float scale,
            float cap,
            int groupHeads,
            int items) {
        int group = context.groupIdx;
        int row = context.globalIdy;
        int end = Places.position(places, row) + 1;
        int first = AttentionKernels.first(step.get(Step.WINDOW), end);
        attendPart(
                context,
                context.localIdx,
                group,
                row,
                step,
                places,
                shape,
                queries,
                (row * shape.get(RotaryShape.HEADS) + head(group, shape, groupHeads)) * headDim,
                headDim,
                keyCache,
                places,
                valueCache,
                places,
                partials,
                first,
                end,
                end,
                0,
                headDim,
                scale,
                cap,
                WeightBytes.F32,
                groupHeads,
                items);
    }

    /** A cache of f16 or q8_0, see {@link CachedWords}. */
    public static void attendPackedParts(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray partials,
            int headDim,
            float scale,
            float cap,
            int format,
            int groupHeads,
            int items) {
        int group = context.groupIdx;
        int row = context.globalIdy;
        int end = Places.position(places, row) + 1;
        int first = AttentionKernels.first(step.get(Step.WINDOW), end);
        attendPart(
                context,
                context.localIdx,
                group,
                row,
                step,
                places,
                shape,
                queries,
                (row * shape.get(RotaryShape.HEADS) + head(group, shape, groupHeads)) * headDim,
                headDim,
                queries,
                keyCache,
                queries,
                valueCache,
                partials,
                first,
                end,
                end,
                0,
                headDim,
                scale,
                cap,
                format,
                groupHeads,
                items);
    }

    /**
     * {@return the number of positions of a part; the last part that has any may have fewer}
     *
     * @param positions number of positions that a token attends to
     */
    static int partLength(IntArray shape, int positions) {
        int parts = shape.get(RotaryShape.PARTS);
        return TornadoMath.max(shape.get(RotaryShape.LEAST_POSITIONS), Division.quotient(positions + parts - 1, parts));
    }

    /** {@return the query heads of a KV head} */
    private static int sharing(IntArray shape) {
        return Division.quotient(shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
    }

    /** {@return the work-groups of a KV head and a part} */
    private static int slices(IntArray shape, int groupHeads) {
        return Division.quotient(sharing(shape) + groupHeads - 1, groupHeads);
    }

    /** {@return the first query head of a work-group} */
    static int head(int group, IntArray shape, int groupHeads) {
        int slices = slices(shape, groupHeads);
        int kvHead = Division.quotient(group, slices);
        int slice = group - kvHead * slices;
        int kvHeads = shape.get(RotaryShape.KV_HEADS);
        return (kvHead - Division.quotient(kvHead, kvHeads) * kvHeads) * sharing(shape) + slice * groupHeads;
    }

    /** {@return the query heads of the work-group that begins with a head} */
    static int groupHeads(IntArray shape, int head, int groupHeads) {
        int sharing = sharing(shape);
        return TornadoMath.min(groupHeads, sharing - (head - Division.quotient(head, sharing) * sharing));
    }

    static int part(int group, IntArray shape, int groupHeads) {
        return Division.quotient(group, shape.get(RotaryShape.KV_HEADS) * slices(shape, groupHeads));
    }

    /** {@return the element of the partials at which a work-group's first head begins} */
    static int partial(int group, int row, IntArray shape, int head, int headDim, int groupHeads) {
        int rowAndPart = row * shape.get(RotaryShape.PARTS) + part(group, shape, groupHeads);
        return (rowAndPart * shape.get(RotaryShape.HEADS) + head) * (headDim + EXTRA);
    }

    /**
     * Attends to the positions of a work-group's part that lie from {@code first} to before {@code end}. Of floats and
     * words, the arrays of the cache's type are read. TornadoVM compiles a kernel only if it reads each field of the
     * context once, so they are passed.
     *
     * @param item number of the work-item in its work-group
     * @param group number of the work-group
     * @param query element of {@code queries} at which the work-group's first head begins
     * @param fresh see {@link Places#element}, as for {@code own}
     * @param queryStride elements from one head of {@code queries} to the next
     */
    static void attendPart(
            KernelContext context,
            int item,
            int group,
            int row,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            int query,
            int queryStride,
            FloatArray keyFloats,
            IntArray keyWords,
            FloatArray valueFloats,
            IntArray valueWords,
            FloatArray partials,
            int first,
            int end,
            int fresh,
            int own,
            int headDim,
            float scale,
            float cap,
            int format,
            int groupHeads,
            int items) {
        float[] turned = context.allocateFloatLocalArray(MOST_ELEMENTS);
        float[] totals = context.allocateFloatLocalArray(MOST_ELEMENTS);
        float[] lanes = context.allocateFloatLocalArray(MOST_HEADS * MOST_TILE * LANE_STRIDE);
        float[] weights = context.allocateFloatLocalArray(MOST_HEADS * MOST_TILE);
        int[] starts = context.allocateIntLocalArray(MOST_TILE);
        float[] maxima = context.allocateFloatLocalArray(MOST_HEADS);
        float[] sums = context.allocateFloatLocalArray(MOST_HEADS);
        float[] factors = context.allocateFloatLocalArray(MOST_HEADS);
        float[] elements = new float[POSITIONS * CachedUnits.MOST_WIDTH];
        float[] products = new float[MOST_HEADS * POSITIONS];
        int[] rows = new int[POSITIONS];
        int head = head(group, shape, groupHeads);
        int heads = groupHeads(shape, head, groupHeads);
        int base = AttentionKernels.base(
                step, places, head, shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
        int table = Places.table(places, row);
        int length = partLength(shape, end - first);
        int from = first + part(group, shape, groupHeads) * length;
        int to = TornadoMath.min(end, from + length);
        int blockSize = shape.get(RotaryShape.BLOCK_SIZE);
        int rowElements = CachedUnits.rowElements(headDim, format);
        int width = CachedUnits.width(format);
        int units = CachedUnits.count(headDim, format);
        int stride = units * width;
        int lane = item & (LANES - 1);
        int team = item >> LANE_BITS;
        int teams = items >> LANE_BITS;
        int tile = teams * POSITIONS;
        if (from < to) {
            // A slice of fewer heads repeats its last one, and drops what it makes.
            for (int i = item; i < groupHeads * stride; i += items) {
                int h = Division.quotient(i, stride);
                int d = i - h * stride;
                float element = 0f;
                if (d < headDim) {
                    element = queries.get(query + TornadoMath.min(h, heads - 1) * queryStride + d);
                }
                turned[i] = element;
                totals[i] = 0f;
            }
            if (item < groupHeads) {
                maxima[item] = AttentionKernels.LOWEST;
                sums[item] = 0f;
            }
        }
        for (int at = from; at < to; at += tile) {
            int count = TornadoMath.min(tile, to - at);
            context.localBarrier();
            for (int p = 0; p < POSITIONS; p++) {
                // Positions after the last one read the last one again, with weight 0.
                int position = at + TornadoMath.min(p * teams + team, count - 1);
                rows[p] = Places.element(places, base, table, position, blockSize, rowElements, fresh, own);
                starts[p * teams + team] = rows[p];
            }
            for (int i = 0; i < groupHeads * POSITIONS; i++) {
                products[i] = 0f;
            }
            for (int unit = lane; unit < units; unit += LANES) {
                for (int p = 0; p < POSITIONS; p++) {
                    CachedUnits.unpack(
                            keyFloats, keyWords, rows[p], unit, elements, p * CachedUnits.MOST_WIDTH, format);
                }
                for (int h = 0; h < groupHeads; h++) {
                    for (int c = 0; c < width; c++) {
                        float element = turned[h * stride + unit * width + c];
                        for (int p = 0; p < POSITIONS; p++) {
                            products[h * POSITIONS + p] += element * elements[p * CachedUnits.MOST_WIDTH + c];
                        }
                    }
                }
            }
            for (int h = 0; h < groupHeads; h++) {
                for (int p = 0; p < POSITIONS; p++) {
                    lanes[(h * tile + p * teams + team) * LANE_STRIDE + lane] = products[h * POSITIONS + p];
                }
            }
            context.localBarrier();
            for (int i = item; i < groupHeads * tile; i += items) {
                int j = i - Division.quotient(i, tile) * tile;
                float score = 0f;
                for (int l = 0; l < LANES; l++) {
                    score += lanes[i * LANE_STRIDE + l];
                }
                score = AttentionKernels.capped(score * scale, cap);
                weights[i] = j < count ? score : AttentionKernels.LOWEST;
            }
            context.localBarrier();
            if (item < groupHeads) {
                float before = maxima[item];
                float max = before;
                for (int j = 0; j < count; j++) {
                    max = TornadoMath.max(max, weights[item * tile + j]);
                }
                maxima[item] = max;
                factors[item] = TornadoMath.exp(before - max);
            }
            context.localBarrier();
            for (int i = item; i < groupHeads * tile; i += items) {
                weights[i] = TornadoMath.exp(weights[i] - maxima[i / tile]);
            }
            context.localBarrier();
            if (item < groupHeads) {
                float sum = sums[item] * factors[item];
                for (int j = 0; j < count; j++) {
                    sum += weights[item * tile + j];
                }
                sums[item] = sum;
            }
            for (int unit = item; unit < units; unit += items) {
                for (int i = 0; i < groupHeads * CachedUnits.MOST_WIDTH; i++) {
                    products[i] = 0f;
                }
                for (int j = 0; j < count; j++) {
                    CachedUnits.unpack(valueFloats, valueWords, starts[j], unit, elements, 0, format);
                    for (int h = 0; h < groupHeads; h++) {
                        float weight = weights[h * tile + j];
                        for (int c = 0; c < width; c++) {
                            products[h * CachedUnits.MOST_WIDTH + c] += weight * elements[c];
                        }
                    }
                }
                for (int h = 0; h < groupHeads; h++) {
                    for (int c = 0; c < width; c++) {
                        int i = h * stride + unit * width + c;
                        totals[i] = totals[i] * factors[h] + products[h * CachedUnits.MOST_WIDTH + c];
                    }
                }
            }
        }
        context.localBarrier();
        if (from < to) {
            int partial = partial(group, row, shape, head, headDim, groupHeads);
            for (int i = item; i < heads * headDim; i += items) {
                int h = Division.quotient(i, headDim);
                int d = i - h * headDim;
                partials.set(partial + h * (headDim + EXTRA) + d, totals[h * stride + d]);
            }
            if (item < heads) {
                int extra = partial + item * (headDim + EXTRA) + headDim;
                partials.set(extra, maxima[item]);
                partials.set(extra + 1, sums[item]);
            }
        }
    }
}

package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The norms of the heads of queries and keys ({@link NormKernels}), the rotary embedding ({@link RotaryKernels}) and
 * the storing of keys and values, in one task. One work-group per head of a token: x is the head, first the query
 * heads, then the KV heads; y is the row. A KV head's group also stores its values.
 *
 * <p>The squares of a head are added in {@link RotaryShape#NORM_LANES} partial sums, those of every so many elements.
 * With one of them the norm has the bits of {@link NormKernels#rmsByItem}, with {@link NormKernels#GROUP} those of
 * {@link NormKernels#rmsByGroup}, for work-groups of any size.
 */
public final class NormedRotaryKernels {
    /** In place of epsilon, for attentions whose heads have no norms. */
    public static final float NO_NORM = -1f;

    private NormedRotaryKernels() {}

    /**
     * For a cache of f32.
     *
     * @param places see {@link Places}
     * @param angles [chunk rows][cosine, signed sine][ropeDim]
     * @param shape see {@link RotaryShape}
     * @param madeQueries [rows][query stride]
     * @param madeKeys [rows][key stride]
     * @param madeValues [rows][value stride]
     * @param weight weights of the norms, those of query heads before those of KV heads
     * @param queries [rows][heads][headDim], receives the rotated queries
     * @param keyCache [layers][kvHeads][capacity][headDim]
     * @param valueCache [layers][kvHeads][capacity][headDim]
     * @param epsilon added to the mean square
     */
    public static void normAndStore(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            float epsilon) {
        float[] squares = context.allocateFloatLocalArray(NormKernels.GROUP);
        int items = context.localGroupSizeX;
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int lanes = shape.get(RotaryShape.NORM_LANES);
        for (int lane = item; lane < lanes; lane += items) {
            squares[lane] = squares(shape, madeQueries, madeKeys, head, row, lane);
        }
        for (int half = lanes >> 1; half > 0; half >>= 1) {
            context.localBarrier();
            for (int lane = item; lane < half; lane += items) {
                squares[lane] += squares[lane + half];
            }
        }
        context.localBarrier();
        float factor = factor(squares[0], headDim, epsilon);
        int first = weights(step, shape, head);
        int element = (head - shape.get(RotaryShape.HEADS)) * headDim;
        for (int d = item; d < headDim; d += items) {
            if (element < 0) {
                turnQuery(angles, shape, madeQueries, weight, queries, head, row, d, first, factor);
            } else {
                int source = row * shape.get(RotaryShape.KEY_STRIDE) + shape.get(RotaryShape.KEY_FROM) + element;
                int target = RotaryKernels.target(step, places, shape, row, element + d);
                keyCache.set(target, turned(angles, shape, madeKeys, weight, source, row, d, first, factor));
                valueCache.set(target, madeValues.get(value(shape, row, element) + d));
            }
        }
    }

    /** For a cache of f16 or q8_0, whose work-items encode a run of a key and of a value each. */
    public static void normAndPack(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            float epsilon,
            int format) {
        float[] squares = context.allocateFloatLocalArray(NormKernels.GROUP);
        float[] run = new float[CachedWords.PIECE];
        int items = context.localGroupSizeX;
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int lanes = shape.get(RotaryShape.NORM_LANES);
        for (int lane = item; lane < lanes; lane += items) {
            squares[lane] = squares(shape, madeQueries, madeKeys, head, row, lane);
        }
        for (int half = lanes >> 1; half > 0; half >>= 1) {
            context.localBarrier();
            for (int lane = item; lane < half; lane += items) {
                squares[lane] += squares[lane + half];
            }
        }
        context.localBarrier();
        float factor = factor(squares[0], headDim, epsilon);
        int first = weights(step, shape, head);
        int kvHead = head - shape.get(RotaryShape.HEADS);
        if (kvHead < 0) {
            for (int d = item; d < headDim; d += items) {
                turnQuery(angles, shape, madeQueries, weight, queries, head, row, d, first, factor);
            }
        } else {
            int elements = CachedWords.runElements(format);
            int key = row * shape.get(RotaryShape.KEY_STRIDE) + shape.get(RotaryShape.KEY_FROM) + kvHead * headDim;
            for (int start = item * elements; start < headDim; start += items * elements) {
                int target = PackedCacheKernels.target(step, places, shape, row, kvHead, start, format);
                for (int i = 0; i < elements; i++) {
                    // The padding after a head with an odd number of elements is never read.
                    int d = TornadoMath.min(start + i, headDim - 1);
                    run[i] = turned(angles, shape, madeKeys, weight, key, row, d, first, factor);
                }
                CachedWords.store(run, keyCache, target, format);
                for (int i = 0; i < elements; i++) {
                    int d = TornadoMath.min(start + i, headDim - 1);
                    run[i] = madeValues.get(value(shape, row, kvHead * headDim) + d);
                }
                CachedWords.store(run, valueCache, target, format);
            }
        }
    }

    /**
     * Returns the sum of the squares of every so many elements of a head. There is one loop for queries and keys:
     * TornadoVM gives a value that two branches compute in loops that of the second branch in both.
     */
    static float squares(IntArray shape, FloatArray madeQueries, FloatArray madeKeys, int head, int row, int lane) {
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int lanes = shape.get(RotaryShape.NORM_LANES);
        int kvHead = head - shape.get(RotaryShape.HEADS);
        int query = row * shape.get(RotaryShape.QUERY_STRIDE) + shape.get(RotaryShape.QUERY_FROM) + head * headDim;
        int key = row * shape.get(RotaryShape.KEY_STRIDE) + shape.get(RotaryShape.KEY_FROM) + kvHead * headDim;
        float sum = 0f;
        for (int i = lane; i < headDim; i += lanes) {
            float value = 0f;
            if (kvHead < 0) {
                value = madeQueries.get(query + i);
            } else {
                value = madeKeys.get(key + i);
            }
            sum += value * value;
        }
        return sum;
    }

    /** Returns the factor that an RMS norm multiplies with. */
    static float factor(float squares, int width, float epsilon) {
        return 1f / TornadoMath.sqrt(squares / width + epsilon);
    }

    /** Returns the element at which the weights of a head's norm begin; KV heads come after all query heads. */
    static int weights(IntArray step, IntArray shape, int head) {
        return step.get(Step.LAYER) * shape.get(RotaryShape.NORM_STRIDE) + head * shape.get(RotaryShape.NORM_HEAD);
    }

    private static int value(IntArray shape, int row, int element) {
        return row * shape.get(RotaryShape.VALUE_STRIDE) + shape.get(RotaryShape.VALUE_FROM) + element;
    }

    private static void turnQuery(
            FloatArray angles,
            IntArray shape,
            FloatArray made,
            FloatArray weight,
            FloatArray queries,
            int head,
            int row,
            int d,
            int first,
            float factor) {
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int source = row * shape.get(RotaryShape.QUERY_STRIDE) + shape.get(RotaryShape.QUERY_FROM) + head * headDim;
        int target = (row * shape.get(RotaryShape.HEADS) + head) * headDim + d;
        queries.set(target, turned(angles, shape, made, weight, source, row, d, first, factor));
    }

    /**
     * Returns element {@code d} of a normalized and rotated head.
     *
     * @param source element of {@code made} at which the head begins
     * @param first element of {@code weight} at which the weights of its norm begin
     * @param factor factor of its norm
     */
    static float turned(
            FloatArray angles,
            IntArray shape,
            FloatArray made,
            FloatArray weight,
            int source,
            int row,
            int d,
            int first,
            float factor) {
        float value = made.get(source + d) * factor * weight.get(first + d);
        if (d < shape.get(RotaryShape.ROPE_DIM)) {
            int partner = RotaryKernels.partner(shape, d);
            float other = made.get(source + partner) * factor * weight.get(first + partner);
            value = RotaryKernels.rotated(angles, shape, value, other, row, d);
        }
        return value;
    }
}

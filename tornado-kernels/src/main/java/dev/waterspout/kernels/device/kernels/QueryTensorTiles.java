package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The loop of {@link QueryTensorKernels} over tiles, for caches of any type. */
final class QueryTensorTiles {
    private static final int LANES = 16;
    private static final int ITEM_ROWS = QueryTensorKernels.ROWS * LANES / QueryTensorKernels.ITEMS;
    private static final int KEYS = 64;
    private static final int ITEM_KEYS = KEYS / LANES;
    private static final int DEPTH_BITS = 5;
    private static final int DEPTH = 1 << DEPTH_BITS;
    private static final int BLOCK = 64;

    /** Depth of a matrix instruction. */
    private static final int STEP = 16;

    /** Bytes of one block of queries or weights, and of one of keys or values. */
    private static final int BLOCK_A = 512;

    private static final int BLOCK_B = 256;

    /** Blocks of one matrix instruction's depth. */
    private static final int BLOCKS_A = QueryTensorKernels.ROWS / 16;

    private static final int BLOCKS_B = KEYS / 8;

    /** Distance in words from the first parts of a step to the second ones, and of the weights. */
    private static final int STEP_REST = 1024;

    private static final int WEIGHT_REST = 2048;

    private static final int LANE_STRIDE = LANES + 1;

    private QueryTensorTiles() {}

    /** Computes every n-th tile. Longer than other methods, because none can take fragments and local arrays. */
    static void attend(
            KernelContext context,
            int item,
            int workGroup,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            FloatArray keyFloats,
            IntArray keyWords,
            FloatArray valueFloats,
            IntArray valueWords,
            FloatArray sinks,
            FloatArray sums,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            int format) {
        int[] left = context.allocateIntLocalArray(2 * STEP_REST);
        int[] right = context.allocateIntLocalArray(2 * STEP_REST);
        int[] weights = context.allocateIntLocalArray(2 * WEIGHT_REST);
        float[] parts = context.allocateFloatLocalArray(QueryTensorKernels.ROWS * LANE_STRIDE);
        float[] maxima = context.allocateFloatLocalArray(QueryTensorKernels.ROWS);
        float[] factors = context.allocateFloatLocalArray(QueryTensorKernels.ROWS);
        int[] rowStarts = context.allocateIntLocalArray(QueryTensorKernels.ROWS);
        int[] rowEnds = context.allocateIntLocalArray(QueryTensorKernels.ROWS);
        int[] keyStarts = context.allocateIntLocalArray(KEYS);
        float[] totals = new float[ITEM_ROWS * QueryTensorKernels.MOST_ELEMENTS / LANES];
        float[] scores = new float[ITEM_ROWS * ITEM_KEYS];
        float[] elements = new float[2 * CachedUnits.MOST_WIDTH];
        int lane = item & (LANES - 1);
        int firstQuery = (item >> 4) * ITEM_ROWS;
        int warp = item >> 5;
        int sumRow = workGroup * QueryTensorKernels.ROWS + 16 * warp;
        int sumAt = (workGroup * QueryTensorKernels.ROWS + firstQuery) * QueryTensorKernels.SUM_COLUMNS;
        int columns = (headDim + LANES - 1) >> 4;
        int width = CachedUnits.width(format);
        int stepBits = DEPTH_BITS - (width >> 1);

        int heads = shape.get(RotaryShape.HEADS);
        int kvHeads = shape.get(RotaryShape.KV_HEADS);
        int mostHeads = shape.get(RotaryShape.TILE_HEADS);
        int sharing = Division.quotient(heads, kvHeads);
        int slices = Division.quotient(sharing + mostHeads - 1, mostHeads);
        int groups = kvHeads * slices;
        int rowTiles = Division.quotient(step.get(Step.ROWS) - 1, shape.get(RotaryShape.TILE_STRIDE)) + 1;
        int window = step.get(Step.WINDOW);
        for (int number = workGroup; number < rowTiles * groups; number += QueryTensorKernels.MOST_GROUPS) {
            int y = Division.quotient(number, groups);
            int group = number - y * groups;
            int kvHead = Division.quotient(group, slices);
            int inGroup = (group - kvHead * slices) * mostHeads;
            int groupHeads = TornadoMath.min(mostHeads, sharing - inGroup);
            int head = kvHead * sharing + inGroup;
            int row = QueryTileKernels.firstRow(step, shape, y);
            int tokens = QueryTileKernels.tokens(step, places, shape, row);
            int used = tokens * groupHeads;
            int table = Places.table(places, row);
            int base = (step.get(Step.LAYER) * kvHeads + kvHead) * places.get(Places.CAPACITY);
            int first = AttentionKernels.first(window, Places.position(places, row) + 1);
            int end = Places.position(places, row) + tokens;
            if (tokens == 0) {
                end = first;
            }

            // Queries beyond the last one repeat it, and what they make is dropped.
            int query = TornadoMath.max(0, TornadoMath.min(item, used - 1));
            int token = Division.quotient(query, groupHeads);
            int queryHead = head + query - token * groupHeads;
            float max = sinks.get(step.get(Step.LAYER) * heads + queryHead);
            float sum = 1f;
            context.localBarrier();
            if (item < QueryTensorKernels.ROWS) {
                rowStarts[item] = ((row + token) * heads + queryHead) * headDim;
                rowEnds[item] = Places.position(places, row) + token + 1;
            }
            for (int i = 0; i < ITEM_ROWS * QueryTensorKernels.MOST_ELEMENTS / LANES; i++) {
                totals[i] = 0f;
            }
            for (int tile = first - (first & (KEYS - 1)); tile < end; tile += KEYS) {
                if (item < KEYS) {
                    int position = TornadoMath.max(first, TornadoMath.min(tile + item, end - 1));
                    keyStarts[item] = (base + Places.slot(places, table, position, shape.get(RotaryShape.BLOCK_SIZE)))
                            * CachedUnits.rowElements(headDim, format);
                }
                float[] s0 = context.mmaFragment(0f);
                float[] s1 = context.mmaFragment(0f);
                float[] s2 = context.mmaFragment(0f);
                float[] s3 = context.mmaFragment(0f);
                float[] s4 = context.mmaFragment(0f);
                float[] s5 = context.mmaFragment(0f);
                float[] s6 = context.mmaFragment(0f);
                float[] s7 = context.mmaFragment(0f);
                for (int from = 0; from < headDim; from += DEPTH) {
                    context.localBarrier();
                    for (int i = item; i < QueryTensorKernels.ROWS * DEPTH / 2; i += QueryTensorKernels.ITEMS) {
                        int pair = i & (DEPTH / 2 - 1);
                        int column = from + 2 * pair;
                        float q0 = 0f;
                        float q1 = 0f;
                        if (column < headDim) {
                            q0 = queries.get(rowStarts[i >> 4] + column);
                            q1 = queries.get(rowStarts[i >> 4] + column + 1);
                        }
                        int at = ((pair >> 3) * BLOCKS_A + (i >> 8)) * 128 + ((i >> 4) & 15) * 8 + (pair & 7);
                        left[at] = LinearTensorKernels.packed(q0, q1);
                        left[at + STEP_REST] = LinearTensorKernels.packedRests(q0, q1);
                    }
                    // A word has the same column of two keys.
                    for (int i = item; i < (KEYS / 2) << stepBits; i += QueryTensorKernels.ITEMS) {
                        int unit = i & ((1 << stepBits) - 1);
                        int keyPair = i >> stepBits;
                        for (int c = 0; c < 2 * CachedUnits.MOST_WIDTH; c++) {
                            elements[c] = 0f;
                        }
                        if (from + unit * width < headDim) {
                            int number0 = (from >> (width >> 1)) + unit;
                            CachedUnits.unpack(
                                    keyFloats, keyWords, keyStarts[2 * keyPair], number0, elements, 0, format);
                            CachedUnits.unpack(
                                    keyFloats, keyWords, keyStarts[2 * keyPair + 1], number0, elements, 4, format);
                        }
                        for (int c = 0; c < width; c++) {
                            int column = unit * width + c;
                            int at = ((column >> 4) * BLOCKS_B + (keyPair >> 2)) * 64
                                    + (column & 15) * 4
                                    + (keyPair & 3);
                            float k0 = elements[c];
                            float k1 = elements[4 + c];
                            right[at] = LinearTensorKernels.packed(k0, k1);
                            right[at + STEP_REST] = LinearTensorKernels.packedRests(k0, k1);
                        }
                    }
                    context.localBarrier();
                    for (int half = 0; half < DEPTH / STEP; half++) {
                        int b = half * BLOCKS_B * BLOCK_B;
                        HalfFloat[] a = context.mmaLoadA(left, STEP, (half * BLOCKS_A + warp) * BLOCK_A);
                        HalfFloat[] aRest =
                                context.mmaLoadA(left, STEP, (half * BLOCKS_A + warp) * BLOCK_A + 4 * STEP_REST);
                        HalfFloat[] b0 = context.mmaLoadB(right, STEP, b);
                        HalfFloat[] b0Rest = context.mmaLoadB(right, STEP, b + 4 * STEP_REST);
                        s0 = context.mmaBF16(aRest, b0, s0, MMAShape.M16N8K16);
                        s0 = context.mmaBF16(a, b0Rest, s0, MMAShape.M16N8K16);
                        s0 = context.mmaBF16(a, b0, s0, MMAShape.M16N8K16);
                        HalfFloat[] b1 = context.mmaLoadB(right, STEP, b + BLOCK_B);
                        HalfFloat[] b1Rest = context.mmaLoadB(right, STEP, b + BLOCK_B + 4 * STEP_REST);
                        s1 = context.mmaBF16(aRest, b1, s1, MMAShape.M16N8K16);
                        s1 = context.mmaBF16(a, b1Rest, s1, MMAShape.M16N8K16);
                        s1 = context.mmaBF16(a, b1, s1, MMAShape.M16N8K16);
                        HalfFloat[] b2 = context.mmaLoadB(right, STEP, b + 2 * BLOCK_B);
                        HalfFloat[] b2Rest = context.mmaLoadB(right, STEP, b + 2 * BLOCK_B + 4 * STEP_REST);
                        s2 = context.mmaBF16(aRest, b2, s2, MMAShape.M16N8K16);
                        s2 = context.mmaBF16(a, b2Rest, s2, MMAShape.M16N8K16);
                        s2 = context.mmaBF16(a, b2, s2, MMAShape.M16N8K16);
                        HalfFloat[] b3 = context.mmaLoadB(right, STEP, b + 3 * BLOCK_B);
                        HalfFloat[] b3Rest = context.mmaLoadB(right, STEP, b + 3 * BLOCK_B + 4 * STEP_REST);
                        s3 = context.mmaBF16(aRest, b3, s3, MMAShape.M16N8K16);
                        s3 = context.mmaBF16(a, b3Rest, s3, MMAShape.M16N8K16);
                        s3 = context.mmaBF16(a, b3, s3, MMAShape.M16N8K16);
                        HalfFloat[] b4 = context.mmaLoadB(right, STEP, b + 4 * BLOCK_B);
                        HalfFloat[] b4Rest = context.mmaLoadB(right, STEP, b + 4 * BLOCK_B + 4 * STEP_REST);
                        s4 = context.mmaBF16(aRest, b4, s4, MMAShape.M16N8K16);
                        s4 = context.mmaBF16(a, b4Rest, s4, MMAShape.M16N8K16);
                        s4 = context.mmaBF16(a, b4, s4, MMAShape.M16N8K16);
                        HalfFloat[] b5 = context.mmaLoadB(right, STEP, b + 5 * BLOCK_B);
                        HalfFloat[] b5Rest = context.mmaLoadB(right, STEP, b + 5 * BLOCK_B + 4 * STEP_REST);
                        s5 = context.mmaBF16(aRest, b5, s5, MMAShape.M16N8K16);
                        s5 = context.mmaBF16(a, b5Rest, s5, MMAShape.M16N8K16);
                        s5 = context.mmaBF16(a, b5, s5, MMAShape.M16N8K16);
                        HalfFloat[] b6 = context.mmaLoadB(right, STEP, b + 6 * BLOCK_B);
                        HalfFloat[] b6Rest = context.mmaLoadB(right, STEP, b + 6 * BLOCK_B + 4 * STEP_REST);
                        s6 = context.mmaBF16(aRest, b6, s6, MMAShape.M16N8K16);
                        s6 = context.mmaBF16(a, b6Rest, s6, MMAShape.M16N8K16);
                        s6 = context.mmaBF16(a, b6, s6, MMAShape.M16N8K16);
                        HalfFloat[] b7 = context.mmaLoadB(right, STEP, b + 7 * BLOCK_B);
                        HalfFloat[] b7Rest = context.mmaLoadB(right, STEP, b + 7 * BLOCK_B + 4 * STEP_REST);
                        s7 = context.mmaBF16(aRest, b7, s7, MMAShape.M16N8K16);
                        s7 = context.mmaBF16(a, b7Rest, s7, MMAShape.M16N8K16);
                        s7 = context.mmaBF16(a, b7, s7, MMAShape.M16N8K16);
                    }
                }
                context.mmaStore(s0, sums, sumRow, 0, QueryTensorKernels.SUM_COLUMNS);
                context.mmaStore(s1, sums, sumRow, 8, QueryTensorKernels.SUM_COLUMNS);
                context.mmaStore(s2, sums, sumRow, 16, QueryTensorKernels.SUM_COLUMNS);
                context.mmaStore(s3, sums, sumRow, 24, QueryTensorKernels.SUM_COLUMNS);
                context.mmaStore(s4, sums, sumRow, 32, QueryTensorKernels.SUM_COLUMNS);
                context.mmaStore(s5, sums, sumRow, 40, QueryTensorKernels.SUM_COLUMNS);
                context.mmaStore(s6, sums, sumRow, 48, QueryTensorKernels.SUM_COLUMNS);
                context.mmaStore(s7, sums, sumRow, 56, QueryTensorKernels.SUM_COLUMNS);
                context.globalBarrier();
                for (int i = 0; i < ITEM_ROWS; i++) {
                    int rowEnd = rowEnds[firstQuery + i];
                    int rowFirst = AttentionKernels.first(window, rowEnd);
                    float largest = AttentionKernels.LOWEST;
                    for (int j = 0; j < ITEM_KEYS; j++) {
                        int key = key(lane, j);
                        float score = AttentionKernels.capped(
                                sums.get(sumAt + i * QueryTensorKernels.SUM_COLUMNS + key) * scale, cap);
                        scores[i * ITEM_KEYS + j] = score;
                        if (tile + key >= rowFirst && tile + key < rowEnd) {
                            largest = TornadoMath.max(largest, score);
                        }
                    }
                    parts[(firstQuery + i) * LANE_STRIDE + lane] = largest;
                }
                context.localBarrier();
                if (item < QueryTensorKernels.ROWS) {
                    float before = max;
                    for (int l = 0; l < LANES; l++) {
                        max = TornadoMath.max(max, parts[item * LANE_STRIDE + l]);
                    }
                    maxima[item] = max;
                    factors[item] = TornadoMath.exp(before - max);
                }
                context.globalBarrier();
                for (int i = 0; i < ITEM_ROWS; i++) {
                    int at = firstQuery + i;
                    int rowEnd = rowEnds[at];
                    int rowFirst = AttentionKernels.first(window, rowEnd);
                    float newMax = maxima[at];
                    float part = 0f;
                    for (int j = 0; j < ITEM_KEYS; j++) {
                        int position = tile + key(lane, j);
                        float weight = 0f;
                        if (position >= rowFirst && position < rowEnd) {
                            weight = TornadoMath.exp(scores[i * ITEM_KEYS + j] - newMax);
                        }
                        scores[i * ITEM_KEYS + j] = weight;
                        part += weight;
                    }
                    parts[at * LANE_STRIDE + lane] = part;
                    for (int pair = 0; pair < ITEM_KEYS / 2; pair++) {
                        float w0 = scores[i * ITEM_KEYS + 2 * pair];
                        float w1 = scores[i * ITEM_KEYS + 2 * pair + 1];
                        int word = ((2 * pair + (lane >> 3)) * BLOCKS_A + (at >> 4)) * 128 + (at & 15) * 8 + (lane & 7);
                        weights[word] = LinearTensorKernels.packed(w0, w1);
                        weights[word + WEIGHT_REST] = LinearTensorKernels.packedRests(w0, w1);
                    }
                }
                int count = TornadoMath.min(KEYS, end - tile);
                for (int block = 0; block < headDim; block += BLOCK) {
                    float[] o0 = context.mmaFragment(0f);
                    float[] o1 = context.mmaFragment(0f);
                    float[] o2 = context.mmaFragment(0f);
                    float[] o3 = context.mmaFragment(0f);
                    float[] o4 = context.mmaFragment(0f);
                    float[] o5 = context.mmaFragment(0f);
                    float[] o6 = context.mmaFragment(0f);
                    float[] o7 = context.mmaFragment(0f);
                    for (int from = 0; from < count; from += DEPTH) {
                        context.localBarrier();
                        // A word has two columns of a key.
                        for (int i = item; i < DEPTH * BLOCK / 4; i += QueryTensorKernels.ITEMS) {
                            int four = i & (BLOCK / 4 - 1);
                            int key = i >> 4;
                            for (int c = 0; c < 4; c++) {
                                elements[c] = 0f;
                            }
                            if (block + 4 * four < headDim) {
                                int unit = (block + 4 * four) >> (width >> 1);
                                for (int c = 0; c < 4; c += width) {
                                    CachedUnits.unpack(
                                            valueFloats, valueWords, keyStarts[from + key], unit, elements, c, format);
                                    unit++;
                                }
                            }
                            int at = ((key >> 4) * BLOCKS_B + (four >> 1)) * 64 + (key & 15) * 4 + (four & 1) * 2;
                            for (int c = 0; c < 4; c += 2) {
                                float v0 = elements[c];
                                float v1 = elements[c + 1];
                                right[at + (c >> 1)] = LinearTensorKernels.packed(v0, v1);
                                right[at + (c >> 1) + STEP_REST] = LinearTensorKernels.packedRests(v0, v1);
                            }
                        }
                        context.localBarrier();
                        for (int half = 0; half < DEPTH / STEP; half++) {
                            int at = (((from >> 4) + half) * BLOCKS_A + warp) * BLOCK_A;
                            int b = half * BLOCKS_B * BLOCK_B;
                            HalfFloat[] a = context.mmaLoadA(weights, STEP, at);
                            HalfFloat[] aRest = context.mmaLoadA(weights, STEP, at + 4 * WEIGHT_REST);
                            HalfFloat[] b0 = context.mmaLoadB(right, STEP, b);
                            HalfFloat[] b0Rest = context.mmaLoadB(right, STEP, b + 4 * STEP_REST);
                            o0 = context.mmaBF16(aRest, b0, o0, MMAShape.M16N8K16);
                            o0 = context.mmaBF16(a, b0Rest, o0, MMAShape.M16N8K16);
                            o0 = context.mmaBF16(a, b0, o0, MMAShape.M16N8K16);
                            HalfFloat[] b1 = context.mmaLoadB(right, STEP, b + BLOCK_B);
                            HalfFloat[] b1Rest = context.mmaLoadB(right, STEP, b + BLOCK_B + 4 * STEP_REST);
                            o1 = context.mmaBF16(aRest, b1, o1, MMAShape.M16N8K16);
                            o1 = context.mmaBF16(a, b1Rest, o1, MMAShape.M16N8K16);
                            o1 = context.mmaBF16(a, b1, o1, MMAShape.M16N8K16);
                            HalfFloat[] b2 = context.mmaLoadB(right, STEP, b + 2 * BLOCK_B);
                            HalfFloat[] b2Rest = context.mmaLoadB(right, STEP, b + 2 * BLOCK_B + 4 * STEP_REST);
                            o2 = context.mmaBF16(aRest, b2, o2, MMAShape.M16N8K16);
                            o2 = context.mmaBF16(a, b2Rest, o2, MMAShape.M16N8K16);
                            o2 = context.mmaBF16(a, b2, o2, MMAShape.M16N8K16);
                            HalfFloat[] b3 = context.mmaLoadB(right, STEP, b + 3 * BLOCK_B);
                            HalfFloat[] b3Rest = context.mmaLoadB(right, STEP, b + 3 * BLOCK_B + 4 * STEP_REST);
                            o3 = context.mmaBF16(aRest, b3, o3, MMAShape.M16N8K16);
                            o3 = context.mmaBF16(a, b3Rest, o3, MMAShape.M16N8K16);
                            o3 = context.mmaBF16(a, b3, o3, MMAShape.M16N8K16);
                            HalfFloat[] b4 = context.mmaLoadB(right, STEP, b + 4 * BLOCK_B);
                            HalfFloat[] b4Rest = context.mmaLoadB(right, STEP, b + 4 * BLOCK_B + 4 * STEP_REST);
                            o4 = context.mmaBF16(aRest, b4, o4, MMAShape.M16N8K16);
                            o4 = context.mmaBF16(a, b4Rest, o4, MMAShape.M16N8K16);
                            o4 = context.mmaBF16(a, b4, o4, MMAShape.M16N8K16);
                            HalfFloat[] b5 = context.mmaLoadB(right, STEP, b + 5 * BLOCK_B);
                            HalfFloat[] b5Rest = context.mmaLoadB(right, STEP, b + 5 * BLOCK_B + 4 * STEP_REST);
                            o5 = context.mmaBF16(aRest, b5, o5, MMAShape.M16N8K16);
                            o5 = context.mmaBF16(a, b5Rest, o5, MMAShape.M16N8K16);
                            o5 = context.mmaBF16(a, b5, o5, MMAShape.M16N8K16);
                            HalfFloat[] b6 = context.mmaLoadB(right, STEP, b + 6 * BLOCK_B);
                            HalfFloat[] b6Rest = context.mmaLoadB(right, STEP, b + 6 * BLOCK_B + 4 * STEP_REST);
                            o6 = context.mmaBF16(aRest, b6, o6, MMAShape.M16N8K16);
                            o6 = context.mmaBF16(a, b6Rest, o6, MMAShape.M16N8K16);
                            o6 = context.mmaBF16(a, b6, o6, MMAShape.M16N8K16);
                            HalfFloat[] b7 = context.mmaLoadB(right, STEP, b + 7 * BLOCK_B);
                            HalfFloat[] b7Rest = context.mmaLoadB(right, STEP, b + 7 * BLOCK_B + 4 * STEP_REST);
                            o7 = context.mmaBF16(aRest, b7, o7, MMAShape.M16N8K16);
                            o7 = context.mmaBF16(a, b7Rest, o7, MMAShape.M16N8K16);
                            o7 = context.mmaBF16(a, b7, o7, MMAShape.M16N8K16);
                        }
                    }
                    context.mmaStore(o0, sums, sumRow, block, QueryTensorKernels.SUM_COLUMNS);
                    context.mmaStore(o1, sums, sumRow, block + 8, QueryTensorKernels.SUM_COLUMNS);
                    context.mmaStore(o2, sums, sumRow, block + 16, QueryTensorKernels.SUM_COLUMNS);
                    context.mmaStore(o3, sums, sumRow, block + 24, QueryTensorKernels.SUM_COLUMNS);
                    context.mmaStore(o4, sums, sumRow, block + 32, QueryTensorKernels.SUM_COLUMNS);
                    context.mmaStore(o5, sums, sumRow, block + 40, QueryTensorKernels.SUM_COLUMNS);
                    context.mmaStore(o6, sums, sumRow, block + 48, QueryTensorKernels.SUM_COLUMNS);
                    context.mmaStore(o7, sums, sumRow, block + 56, QueryTensorKernels.SUM_COLUMNS);
                }
                context.globalBarrier();
                for (int i = 0; i < ITEM_ROWS; i++) {
                    float factor = factors[firstQuery + i];
                    for (int c = 0; c < columns; c++) {
                        float part = sums.get(sumAt + i * QueryTensorKernels.SUM_COLUMNS + lane + LANES * c);
                        totals[i * columns + c] = totals[i * columns + c] * factor + part;
                    }
                }
                if (item < QueryTensorKernels.ROWS) {
                    sum = sum * factors[item];
                    for (int l = 0; l < LANES; l++) {
                        sum += parts[item * LANE_STRIDE + l];
                    }
                }
                context.globalBarrier();
            }
            if (item < QueryTensorKernels.ROWS) {
                maxima[item] = sum;
            }
            context.localBarrier();
            for (int i = 0; i < ITEM_ROWS; i++) {
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

    /** Returns the key of a tile that a lane has as its j-th. */
    private static int key(int lane, int j) {
        return 2 * lane + (j & 1) + 32 * (j >> 1);
    }
}

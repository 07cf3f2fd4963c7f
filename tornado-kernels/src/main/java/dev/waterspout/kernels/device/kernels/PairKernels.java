package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Two products of one input with matrices of two tensor types, in one task: the panels of the second matrix follow
 * those of the first. Sums have the bits of {@link LinearPanelKernels#panelByToken}, of
 * {@link LinearPanelGroupKernels#panelByGroup}, and of {@link LinearWarpKernels#panelsByWarp}.
 *
 * <p>{@code shape} is the {@link ProductShape} of the first product, then that of the second. TornadoVM gives a value
 * that two branches compute in loops that of the second branch in both, so each branch stores its sums in a private
 * array. Stores to local memory in two branches are not compiled.
 */
public final class PairKernels {
    private static final int ROWS = Panels.ROWS;

    private PairKernels() {}

    /**
     * One work-item per panel, for CPUs: x is the panel.
     *
     * @param w panels of the first matrix
     * @param otherW panels of the second one
     * @param x [rows][columns]
     * @param bias [layers][rows of the first matrix], or any array
     * @param otherBias [layers][rows of the second one], or any array
     * @param y [rows][rows of the first matrix]
     * @param otherY [rows][rows of the second one]
     * @param format layout of the first matrix
     * @param otherFormat layout of the second one
     */
    public static void pairByToken(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            IntArray otherW,
            FloatArray x,
            FloatArray bias,
            FloatArray otherBias,
            FloatArray y,
            FloatArray otherY,
            int format,
            int otherFormat) {
        int[] low = new int[ROWS];
        int[] high = new int[ROWS];
        int[] header = new int[Panels.HEADER_WORDS * ROWS];
        float[] scales = new float[ROWS];
        float[] offsets = new float[ROWS];
        float[] dots = new float[ROWS];
        float[] sums = new float[ROWS];
        int columns = shape.get(ProductShape.COLUMNS);
        int panels = panels(shape, 0);
        int panel = context.globalIdx;
        int other = panel - panels;
        if (other < panels(shape, ProductShape.SIZE)) {
            int tokens = step.get(Step.ROWS);
            for (int token = 0; token < tokens; token++) {
                for (int r = 0; (r & ROWS) == 0; r++) {
                    sums[r] = 0f;
                }
                if (other < 0) {
                    LinearPanelKernels.addProducts(
                            w,
                            x,
                            start(step, shape, 0, panel, format),
                            token * Panels.inputStride(columns, format),
                            columns,
                            low,
                            high,
                            header,
                            scales,
                            offsets,
                            dots,
                            sums,
                            format);
                    put(step, shape, 0, panel, token, bias, sums, y);
                } else {
                    LinearPanelKernels.addProducts(
                            otherW,
                            x,
                            start(step, shape, ProductShape.SIZE, other, otherFormat),
                            token * Panels.inputStride(columns, otherFormat),
                            columns,
                            low,
                            high,
                            header,
                            scales,
                            offsets,
                            dots,
                            sums,
                            otherFormat);
                    put(step, shape, ProductShape.SIZE, other, token, otherBias, sums, otherY);
                }
            }
        }
    }

    /** One work-group of {@code items} per panel and token, for GPUs: x is the panel, y the token. */
    public static void pairByGroup(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            IntArray otherW,
            FloatArray x,
            FloatArray bias,
            FloatArray otherBias,
            FloatArray y,
            FloatArray otherY,
            int format,
            int otherFormat,
            int items) {
        float[] sums = context.allocateFloatLocalArray(LinearGroupKernels.MOST_ITEMS);
        float[] sum = new float[1];
        int item = context.localIdx;
        int lane = item & (ROWS - 1);
        int token = context.globalIdy;
        int columns = shape.get(ProductShape.COLUMNS);
        int source = token * columns;
        int panel = context.groupIdx;
        int other = panel - panels(shape, 0);
        if (other < 0) {
            int start = start(step, shape, 0, panel, format) + lane;
            sum[0] = LinearPanelGroupKernels.product(w, x, start, source, columns, item, items, format);
        } else {
            int start = start(step, shape, ProductShape.SIZE, other, otherFormat) + lane;
            sum[0] = LinearPanelGroupKernels.product(otherW, x, start, source, columns, item, items, otherFormat);
        }
        sums[item] = sum[0];
        for (int half = items >> 1; half >= ROWS; half >>= 1) {
            context.localBarrier();
            if (item < half) {
                sums[item] += sums[item + half];
            }
        }
        int rows = shape.get(ProductShape.ROWS);
        int otherRows = shape.get(ProductShape.SIZE + ProductShape.ROWS);
        int row = panel * ROWS + item;
        int otherRow = other * ROWS + item;
        float value = sums[item];
        if (item < ROWS && other < 0 && row < rows) {
            y.set(token * rows + row, value + offset(step, shape, 0, bias, row));
        }
        if (item < ROWS && other > -1 && otherRow < otherRows) {
            otherY.set(
                    token * otherRows + otherRow, value + offset(step, shape, ProductShape.SIZE, otherBias, otherRow));
        }
    }

    /**
     * One work-group of {@code items} per {@code perGroup} panels of one matrix (x) and {@code perItem} tokens (y), for
     * devices whose warps exchange values.
     */
    public static void pairByWarp(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            IntArray otherW,
            FloatArray x,
            FloatArray bias,
            FloatArray otherBias,
            FloatArray y,
            FloatArray otherY,
            int format,
            int otherFormat,
            int perGroup,
            int perItem,
            int items) {
        float[] warps = context.allocateFloatLocalArray((items >> 5) * perItem * perGroup * ROWS);
        float[] sums = new float[LinearWarpKernels.MOST_SUMS];
        int item = context.localIdx;
        int lane = item & (LinearWarpKernels.WARP - 1);
        int outputs = perGroup * ROWS;
        int firstToken = context.groupIdy * perItem;
        int columns = shape.get(ProductShape.COLUMNS);
        int source = firstToken * columns;
        int count = TornadoMath.min(perItem, step.get(Step.ROWS) - firstToken);
        int panel = context.groupIdx * perGroup;
        int last = panels(shape, 0) - 1;
        int other = panel - (panels(shape, 0) + perGroup - 1) / perGroup * perGroup;
        if (other < 0) {
            int start = start(step, shape, 0, 0, format);
            LinearWarpKernels.addProducts(
                    w, x, start, panel, last, source, count, columns, item, items, sums, format, perGroup, perItem);
        } else {
            int start = start(step, shape, ProductShape.SIZE, 0, otherFormat);
            int otherLast = panels(shape, ProductShape.SIZE) - 1;
            LinearWarpKernels.addProducts(
                    otherW,
                    x,
                    start,
                    other,
                    otherLast,
                    source,
                    count,
                    columns,
                    item,
                    items,
                    sums,
                    otherFormat,
                    perGroup,
                    perItem);
        }
        for (int t = 0; t < perItem; t++) {
            for (int p = 0; p < perGroup; p++) {
                float sum = sums[t * perGroup + p];
                sum += context.simdShuffleDown(sum, 16);
                sum += context.simdShuffleDown(sum, 8);
                if (lane < ROWS) {
                    warps[((item >> 5) * perItem + t) * outputs + p * ROWS + lane] = sum;
                }
            }
        }
        context.localBarrier();
        int rows = shape.get(ProductShape.ROWS);
        int otherRows = shape.get(ProductShape.SIZE + ProductShape.ROWS);
        for (int output = item; output < count * outputs; output += items) {
            float value = 0f;
            for (int warp = 0; warp < items >> 5; warp++) {
                value += warps[warp * perItem * outputs + output];
            }
            int token = firstToken + output / outputs;
            int row = panel * ROWS + output % outputs;
            int otherRow = other * ROWS + output % outputs;
            if (other < 0 && row < rows) {
                y.set(token * rows + row, value + offset(step, shape, 0, bias, row));
            }
            if (other > -1 && otherRow < otherRows) {
                otherY.set(
                        token * otherRows + otherRow,
                        value + offset(step, shape, ProductShape.SIZE, otherBias, otherRow));
            }
        }
    }

    static int panels(IntArray shape, int of) {
        return (shape.get(of + ProductShape.ROWS) + ROWS - 1) >> 3;
    }

    /** Returns the word at which a panel of a layer's matrix begins. */
    static int start(IntArray step, IntArray shape, int of, int panel, int format) {
        return step.get(shape.get(of + ProductShape.START_INDEX))
                + panel * Panels.panelWords(shape.get(ProductShape.COLUMNS), format);
    }

    static float offset(IntArray step, IntArray shape, int of, FloatArray bias, int row) {
        return LinearPanelKernels.offset(bias, shape.get(of + ProductShape.BIAS_STRIDE), step.get(Step.LAYER), row);
    }

    /** Stores the outputs of a panel. Rows beyond the last one write to it before it is written. */
    private static void put(
            IntArray step, IntArray shape, int of, int panel, int token, FloatArray bias, float[] sums, FloatArray y) {
        int rows = shape.get(of + ProductShape.ROWS);
        for (int i = 0; (i & ROWS) == 0; i++) {
            int r = ROWS - 1 - i;
            int row = TornadoMath.min(panel * ROWS + r, rows - 1);
            y.set(token * rows + row, sums[r] + offset(step, shape, of, bias, row));
        }
    }
}

package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The products of {@link ExpertKernels} with weights in {@link Panels}. Each part of an expert's matrix has a number of
 * rows that is a multiple of eight. Panels are summed as by {@link LinearPanelKernels} on CPUs, and by
 * {@link LinearPanelGroupKernels} elsewhere.
 *
 * <p>{@link ProductShape} describes {@code shape}; its rows are those of one part of an expert's matrix. {@code chosen}
 * is that of {@link ExpertKernels}.
 */
public final class ExpertPanelKernels {
    private static final int ROWS = Panels.ROWS;

    private ExpertPanelKernels() {}

    /**
     * {@code y[token][slot][r] = function(gate, up)} of the products with each expert of a token, or the products
     * themselves: one work-item per panel, expert and token. x counts the panels of a token's experts, y is the token.
     *
     * @param bias [layers][experts][rows of the matrix]
     * @param x [rows][columns], or [rows][used][columns] where {@code perSlot} is 1
     * @param y [rows][used][rows]
     * @param function function of the outputs, see {@link GateKernels}
     */
    public static void expertPanels(
            KernelContext context,
            IntArray step,
            IntArray chosen,
            IntArray shape,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int perSlot,
            int function,
            int format) {
        int[] low = new int[ROWS];
        int[] high = new int[ROWS];
        int[] header = new int[Panels.HEADER_WORDS * ROWS];
        float[] scales = new float[ROWS];
        float[] offsets = new float[ROWS];
        float[] dots = new float[ROWS];
        float[] sums = new float[ROWS];
        float[] gates = new float[ROWS];
        int used = chosen.get(0);
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int panels = rows >> 3;
        int token = context.globalIdy;
        int place = context.globalIdx / panels;
        int panel = context.globalIdx - place * panels;
        if (place < used && token < step.get(Step.ROWS)) {
            int slot = token * used + place;
            int expert = chosen.get(1 + slot);
            if (expert > -1) {
                int parts = GateKernels.parts(function, step.get(Step.ROWS));
                int source = perSlot == 1 ? slot : token;
                for (int part = 0; part < parts; part++) {
                    int above = (expert * parts + part) * panels + panel;
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        gates[r] = sums[r];
                        sums[r] = 0f;
                    }
                    LinearPanelKernels.addProducts(
                            w,
                            x,
                            start(step, shape, above, format),
                            source * Panels.inputStride(columns, format),
                            columns,
                            low,
                            high,
                            header,
                            scales,
                            offsets,
                            dots,
                            sums,
                            format);
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        sums[r] += offset(step, shape, bias, above * ROWS + r);
                    }
                }
                for (int r = 0; (r & ROWS) == 0; r++) {
                    y.set(slot * rows + panel * ROWS + r, GateKernels.activated(gates[r], sums[r], function));
                }
            }
        }
    }

    /** The same by one work-group per panel, expert and token. */
    public static void expertPanelsByGroup(
            KernelContext context,
            IntArray step,
            IntArray chosen,
            IntArray shape,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int perSlot,
            int function,
            int format) {
        float[] sums = context.allocateFloatLocalArray(ExpertKernels.ITEMS);
        int item = context.localIdx;
        int lane = item & (ROWS - 1);
        int used = chosen.get(0);
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int panels = rows >> 3;
        int token = context.globalIdy;
        int place = context.groupIdx / panels;
        int panel = context.groupIdx - place * panels;
        int slot = token * used + place;
        int expert = chosen.get(1 + slot);
        int source = perSlot == 1 ? slot : token;
        int parts = GateKernels.parts(function, step.get(Step.ROWS));
        float gate = 0f;
        float value = 0f;
        for (int part = 0; part < parts; part++) {
            int above = (expert * parts + part) * panels + panel;
            float sum = 0f;
            if (expert > -1) {
                int start = start(step, shape, above, format) + lane;
                sum = LinearPanelGroupKernels.product(
                        w, x, start, source * columns, columns, item, ExpertKernels.ITEMS, format);
            }
            sums[item] = sum;
            for (int half = ExpertKernels.ITEMS >> 1; half >= ROWS; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    sums[item] += sums[item + half];
                }
            }
            gate = value;
            value = sums[item];
            if (expert > -1) {
                value += offset(step, shape, bias, above * ROWS + lane);
            }
            context.localBarrier();
        }
        if (item < ROWS && expert > -1) {
            y.set(slot * rows + panel * ROWS + item, GateKernels.activated(gate, value, function));
        }
    }

    /**
     * {@code partial[token][r] = sum over slots of weights[token][slot] * product} with each expert of a token: one
     * work-item per panel and token. x is the panel, y the token.
     *
     * @param weights [rows][used]
     * @param bias [layers][experts][rows]
     * @param x [rows][used][columns]
     * @param partial [rows][rows of a matrix]
     */
    public static void sumExpertPanels(
            KernelContext context,
            IntArray step,
            IntArray chosen,
            IntArray shape,
            FloatArray weights,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray partial,
            int format) {
        int[] low = new int[ROWS];
        int[] high = new int[ROWS];
        int[] header = new int[Panels.HEADER_WORDS * ROWS];
        float[] scales = new float[ROWS];
        float[] offsets = new float[ROWS];
        float[] dots = new float[ROWS];
        float[] sums = new float[ROWS];
        float[] totals = new float[ROWS];
        int used = chosen.get(0);
        int columns = shape.get(ProductShape.COLUMNS);
        int panels = shape.get(ProductShape.ROWS) >> 3;
        int token = context.globalIdy;
        int panel = context.globalIdx;
        if (panel < panels && token < step.get(Step.ROWS)) {
            for (int r = 0; (r & ROWS) == 0; r++) {
                totals[r] = 0f;
            }
            for (int slot = token * used; slot < token * used + used; slot++) {
                int expert = chosen.get(1 + slot);
                if (expert > -1) {
                    int above = expert * panels + panel;
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        sums[r] = 0f;
                    }
                    LinearPanelKernels.addProducts(
                            w,
                            x,
                            start(step, shape, above, format),
                            slot * Panels.inputStride(columns, format),
                            columns,
                            low,
                            high,
                            header,
                            scales,
                            offsets,
                            dots,
                            sums,
                            format);
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        float value = sums[r] + offset(step, shape, bias, above * ROWS + r);
                        totals[r] += weights.get(slot) * value;
                    }
                }
            }
            for (int r = 0; (r & ROWS) == 0; r++) {
                partial.set((token * panels + panel) * ROWS + r, totals[r]);
            }
        }
    }

    /** The same by one work-group per panel and token. */
    public static void sumExpertPanelsByGroup(
            KernelContext context,
            IntArray step,
            IntArray chosen,
            IntArray shape,
            FloatArray weights,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray partial,
            int format) {
        float[] sums = context.allocateFloatLocalArray(ExpertKernels.ITEMS);
        int item = context.localIdx;
        int lane = item & (ROWS - 1);
        int used = chosen.get(0);
        int columns = shape.get(ProductShape.COLUMNS);
        int panels = shape.get(ProductShape.ROWS) >> 3;
        int token = context.globalIdy;
        int panel = context.groupIdx;
        float total = 0f;
        for (int slot = token * used; slot < token * used + used; slot++) {
            int expert = chosen.get(1 + slot);
            int above = expert * panels + panel;
            float sum = 0f;
            if (expert > -1) {
                int start = start(step, shape, above, format) + lane;
                sum = LinearPanelGroupKernels.product(
                        w, x, start, slot * columns, columns, item, ExpertKernels.ITEMS, format);
            }
            sums[item] = sum;
            for (int half = ExpertKernels.ITEMS >> 1; half >= ROWS; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    sums[item] += sums[item + half];
                }
            }
            if (expert > -1) {
                float value = sums[item] + offset(step, shape, bias, above * ROWS + lane);
                total += weights.get(slot) * value;
            }
            context.localBarrier();
        }
        if (item < ROWS) {
            partial.set((token * panels + panel) * ROWS + item, total);
        }
    }

    /** Returns the word at which a panel of a layer's matrices begins. */
    private static int start(IntArray step, IntArray shape, int panel, int format) {
        return step.get(shape.get(ProductShape.START_INDEX))
                + panel * Panels.panelWords(shape.get(ProductShape.COLUMNS), format);
    }

    private static float offset(IntArray step, IntArray shape, FloatArray bias, int row) {
        return LinearPanelKernels.offset(bias, shape.get(ProductShape.BIAS_STRIDE), step.get(Step.LAYER), row);
    }
}

package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The product of {@link LinearPanelGroupKernels#panelByGroup}, encoded as by {@link QuantizeKernels}. */
public final class EncodedProductKernels {
    /** Outputs of a work-group: whole blocks of a wire format, with scales that fill whole bytes. */
    public static final int OUTPUTS = 32;
    /** Panels of a work-group. */
    public static final int PANELS = OUTPUTS / Panels.ROWS;
    /** Most work-items of a work-group. */
    public static final int MOST_ITEMS = 1024;

    private static final int ROWS = Panels.ROWS;
    private static final int RUNS = OUTPUTS / QuantizeKernels.RUN;

    private EncodedProductKernels() {}

    /**
     * Multiplies and encodes: a work-group has {@link #PANELS} panels of {@code items} work-items each, x is the group,
     * y the token. The outputs have the bits of {@link LinearPanelGroupKernels#panelByGroup}. The first work-items then
     * encode them, eight elements or one byte of scales each, or two bytes of a half.
     */
    public static void multiplyAndEncode(
            KernelContext context,
            IntArray step,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            IntArray wire,
            FloatArray powers,
            ByteArray packed,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int format,
            int items) {
        float[] sums = context.allocateFloatLocalArray(MOST_ITEMS);
        int item = context.localIdx;
        int token = context.globalIdy;
        int inPanel = item & (items - 1);
        int panel = context.groupIdx * PANELS + item / items;
        int start = step.get(startIndex) + panel * Panels.panelWords(columns, format) + (inPanel & (ROWS - 1));
        sums[item] = LinearPanelGroupKernels.product(w, x, start, token * columns, columns, inPanel, items, format);
        for (int half = items >> 1; half >= ROWS; half >>= 1) {
            context.localBarrier();
            if (inPanel < half) {
                sums[item] += sums[item + half];
            }
        }
        if (inPanel < ROWS) {
            int row = panel * ROWS + inPanel;
            float value = sums[item];
            if (biasStride > 0) {
                value += bias.get(step.get(Step.LAYER) * biasStride + row);
            }
            y.set(token * rows + row, value);
        }
        context.globalBarrier();
        int scales = (OUTPUTS >> wire.get(MxParameters.BLOCK_SHIFT)) / wire.get(MxParameters.SCALES_PER_ITEM);
        if (item < RUNS + scales) {
            int encoded = context.groupIdx * RUNS + item;
            if (item >= RUNS) {
                encoded = wire.get(MxParameters.ELEMENT_ITEMS) + context.groupIdx * scales + item - RUNS;
            }
            QuantizeKernels.encodeItem(wire, powers, y, packed, encoded, token);
        }
    }
}

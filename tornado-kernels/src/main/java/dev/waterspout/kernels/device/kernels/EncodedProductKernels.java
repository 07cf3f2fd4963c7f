package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The products of {@link LinearPanelGroupKernels#panelByGroup} and {@link LinearWarpKernels#panelsByWarp}, encoded as
 * by {@link QuantizeKernels}. The first work-items of a work-group encode its outputs, eight elements or one byte of
 * scales each, or two bytes of a half.
 */
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
     * y the token. The outputs have the bits of {@link LinearPanelGroupKernels#panelByGroup}.
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
        if (item < RUNS + scales(wire)) {
            QuantizeKernels.encodeItem(wire, powers, y, packed, encoded(wire, context.groupIdx, item), token);
        }
    }

    /**
     * Multiplies by warps and encodes: a work-group has {@link #PANELS} panels and {@code perItem} tokens. x is the
     * group, y are the tokens. {@link ProductShape} describes {@code shape}. The outputs have the bits of
     * {@link LinearWarpKernels#panelsByWarp}.
     */
    public static void multiplyAndEncodeByWarp(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            IntArray wire,
            FloatArray powers,
            ByteArray packed,
            int format,
            int perItem,
            int items) {
        float[] warps = context.allocateFloatLocalArray((items >> 5) * perItem * OUTPUTS);
        float[] sums = new float[LinearWarpKernels.MOST_SUMS];
        int item = context.localIdx;
        int lane = item & (LinearWarpKernels.WARP - 1);
        int firstToken = context.groupIdy * perItem;
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int count = TornadoMath.min(perItem, step.get(Step.ROWS) - firstToken);
        LinearWarpKernels.addProducts(
                w,
                x,
                step.get(shape.get(ProductShape.START_INDEX)),
                context.groupIdx * PANELS,
                (rows >> 3) - 1,
                firstToken * columns,
                count,
                columns,
                item,
                items,
                sums,
                format,
                PANELS,
                perItem);
        for (int t = 0; t < perItem; t++) {
            for (int p = 0; p < PANELS; p++) {
                float sum = sums[t * PANELS + p];
                sum += context.simdShuffleDown(sum, 16);
                sum += context.simdShuffleDown(sum, 8);
                if (lane < ROWS) {
                    warps[((item >> 5) * perItem + t) * OUTPUTS + p * ROWS + lane] = sum;
                }
            }
        }
        context.localBarrier();
        for (int output = item; output < count * OUTPUTS; output += items) {
            float value = 0f;
            for (int warp = 0; warp < items >> 5; warp++) {
                value += warps[warp * perItem * OUTPUTS + output];
            }
            int row = context.groupIdx * OUTPUTS + (output & (OUTPUTS - 1));
            value += LinearPanelKernels.offset(bias, shape.get(ProductShape.BIAS_STRIDE), step.get(Step.LAYER), row);
            y.set((firstToken + (output >> 5)) * rows + row, value);
        }
        context.globalBarrier();
        int encoders = RUNS + scales(wire);
        for (int i = item; i < count * encoders; i += items) {
            int encoded = encoded(wire, context.groupIdx, i % encoders);
            QuantizeKernels.encodeItem(wire, powers, y, packed, encoded, firstToken + i / encoders);
        }
    }

    /** {@return the work-items that encode the scales of a work-group's outputs of a token} */
    private static int scales(IntArray wire) {
        return (OUTPUTS >> wire.get(MxParameters.BLOCK_SHIFT)) / wire.get(MxParameters.SCALES_PER_ITEM);
    }

    /** {@return the work-item of {@link QuantizeKernels} whose work is that of a work-group's {@code item}} */
    private static int encoded(IntArray wire, int group, int item) {
        int encoded = group * RUNS + item;
        if (item >= RUNS) {
            encoded = wire.get(MxParameters.ELEMENT_ITEMS) + group * scales(wire) + item - RUNS;
        }
        return encoded;
    }
}

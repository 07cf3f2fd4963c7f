package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Encodes partials with the results of {@link QuantizeKernels}. A work-item encodes whole blocks: the smallest number
 * of blocks whose scales fill whole bytes. Each block's largest magnitude is computed once, which is faster on CPUs.
 * On GPUs there are fewer work-items to hide latency.
 */
public final class QuantizeBlockKernels {
    private QuantizeBlockKernels() {}

    /** Encodes a partial in an MX format: x is the work-item of a row, y the row. */
    public static void quantizeWhole(
            KernelContext context,
            IntArray step,
            IntArray format,
            FloatArray powers,
            FloatArray partial,
            ByteArray packed) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        if (row < step.get(Step.ROWS) && item < format.get(MxParameters.SCALE_ITEMS)) {
            int columns = format.get(MxParameters.COLUMNS);
            int shift = format.get(MxParameters.BLOCK_SHIFT);
            int bits = format.get(MxParameters.ELEMENT_BITS);
            int scaleBits = format.get(MxParameters.SCALE_BITS);
            int perItem = format.get(MxParameters.SCALES_PER_ITEM);
            int firstBlock = item * perItem;
            int endBlock = TornadoMath.min(firstBlock + perItem, format.get(MxParameters.BLOCKS));
            int scaleTarget = row * format.get(MxParameters.ROW_BYTES) + ((firstBlock * scaleBits) >> 3);
            // A block has at least eight elements, which fill whole bytes at any width.
            int target = row * format.get(MxParameters.ROW_BYTES)
                    + format.get(MxParameters.SCALE_BYTES)
                    + ((firstBlock << shift) >> 3) * bits;
            int pendingScales = 0;
            int haveScales = 0;
            for (int block = firstBlock; block < endBlock; block++) {
                int scale = QuantizeKernels.scaleCode(format, powers, partial, row * columns, block);
                pendingScales |= scale << haveScales;
                haveScales += scaleBits;
                while (haveScales >= 8) {
                    packed.set(scaleTarget, (byte) (pendingScales & 0xFF));
                    scaleTarget++;
                    pendingScales = pendingScales >> 8;
                    haveScales -= 8;
                }
                int first = block << shift;
                int end = TornadoMath.min(first + (1 << shift), columns);
                int pending = 0;
                int have = 0;
                for (int index = first; index < end; index++) {
                    float value = partial.get(row * columns + index);
                    pending |= QuantizeKernels.elementCode(format, powers, value, scale) << have;
                    have += bits;
                    while (have >= 8) {
                        packed.set(target, (byte) (pending & 0xFF));
                        target++;
                        pending = pending >> 8;
                        have -= 8;
                    }
                }
                // Only the last block of a row may end within a byte.
                if (have > 0) {
                    packed.set(target, (byte) (pending & 0xFF));
                }
            }
            if (haveScales > 0) {
                packed.set(scaleTarget, (byte) (pendingScales & 0xFF));
            }
        }
    }
}

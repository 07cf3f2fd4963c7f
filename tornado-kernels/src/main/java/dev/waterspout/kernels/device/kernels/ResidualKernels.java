package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The beginning of a half layer: adds what the previous one has left to the residual stream, and normalizes it:
 * {@code x = x + scale * post((packet 0 + packet 1) + ...)}, {@code y = norm(x)}. The sum is that of
 * {@link SumKernels}, with the packets that {@link Step} counts; without packets the residual stream is only
 * normalized. In layer 0, a task with an embedding table takes {@code x} from the table, see {@link Embedding}.
 * {@link ResidualShape} describes {@code shape} and {@code factors}.
 *
 * <p>{@code x} and {@code y} are [rows][width]. {@code y} holds the sum first. Without a norm of the residual stream,
 * {@code y} has the same elements as {@code x}. {@code rows} has the row of {@code x} of each row of {@code y} where
 * rows are chosen, or the tokens where there is a table. Any array can be passed in place of those that a task does not
 * have: rows, table, and weights and biases of norms.
 */
public final class ResidualKernels {
    /** Work-group size of the kernels for groups. */
    public static final int GROUP = 128;

    private ResidualKernels() {}

    /** Packets of f32, one work-item per row: y is the row. */
    public static void addFloatsByItem(
            KernelContext context,
            IntArray step,
            IntArray shape,
            FloatArray factors,
            FloatArray others,
            FloatArray own,
            FloatArray x,
            FloatArray y,
            FloatArray weight,
            FloatArray bias,
            FloatArray post,
            IntArray rows,
            FloatArray tableFloats,
            IntArray tableWords,
            int tableType) {
        int row = context.globalIdy;
        if (context.globalIdx == 0 && row < step.get(Step.ROWS)) {
            int width = shape.get(ResidualShape.WIDTH);
            int stride = shape.get(ResidualShape.PACKET_STRIDE);
            int sourceRow = sourceRow(shape, rows, row);
            for (int i = 0; i < width; i++) {
                y.set(row * width + i, summedFloats(step, others, own, sourceRow * width + i, stride));
            }
            Embedding.lookUp(step, shape, factors, rows, tableFloats, tableWords, x, row, 0, 1, tableType);
            finishRow(step, shape, factors, x, y, weight, bias, post, sourceRow * width, row * width);
        }
    }

    /**
     * Packets of an MX format or bf16, one work-item per row: y is the row. {@link MxParameters} describes
     * {@code format}; that of bf16 has elements of 0 bits.
     */
    public static void addBytesByItem(
            KernelContext context,
            IntArray step,
            IntArray shape,
            FloatArray factors,
            IntArray format,
            FloatArray powers,
            ByteArray others,
            ByteArray own,
            FloatArray x,
            FloatArray y,
            FloatArray weight,
            FloatArray bias,
            FloatArray post,
            IntArray rows,
            FloatArray tableFloats,
            IntArray tableWords,
            int tableType) {
        int row = context.globalIdy;
        if (context.globalIdx == 0 && row < step.get(Step.ROWS)) {
            int width = shape.get(ResidualShape.WIDTH);
            int stride = shape.get(ResidualShape.PACKET_STRIDE);
            int sourceRow = sourceRow(shape, rows, row);
            for (int i = 0; i < width; i++) {
                y.set(row * width + i, summedBytes(step, format, powers, others, own, sourceRow, i, width, stride));
            }
            Embedding.lookUp(step, shape, factors, rows, tableFloats, tableWords, x, row, 0, 1, tableType);
            finishRow(step, shape, factors, x, y, weight, bias, post, sourceRow * width, row * width);
        }
    }

    /** Packets of f32, one work-group of {@link #GROUP} work-items per row: y is the row. */
    public static void addFloatsByGroup(
            KernelContext context,
            IntArray step,
            IntArray shape,
            FloatArray factors,
            FloatArray others,
            FloatArray own,
            FloatArray x,
            FloatArray y,
            FloatArray weight,
            FloatArray bias,
            FloatArray post,
            IntArray rows,
            FloatArray tableFloats,
            IntArray tableWords,
            int tableType) {
        int width = shape.get(ResidualShape.WIDTH);
        int stride = shape.get(ResidualShape.PACKET_STRIDE);
        int row = context.globalIdy;
        int item = context.localIdx;
        int sourceRow = sourceRow(shape, rows, row);
        for (int i = item; i < width; i += GROUP) {
            y.set(row * width + i, summedFloats(step, others, own, sourceRow * width + i, stride));
        }
        // A work-item adds to the elements that it has looked up itself.
        Embedding.lookUp(step, shape, factors, rows, tableFloats, tableWords, x, row, item, GROUP, tableType);
        finishRowByGroup(context, item, step, shape, factors, x, y, weight, bias, post, sourceRow * width, row * width);
    }

    /** Packets of an MX format or bf16, one work-group of {@link #GROUP} work-items per row: y is the row. */
    public static void addBytesByGroup(
            KernelContext context,
            IntArray step,
            IntArray shape,
            FloatArray factors,
            IntArray format,
            FloatArray powers,
            ByteArray others,
            ByteArray own,
            FloatArray x,
            FloatArray y,
            FloatArray weight,
            FloatArray bias,
            FloatArray post,
            IntArray rows,
            FloatArray tableFloats,
            IntArray tableWords,
            int tableType) {
        int width = shape.get(ResidualShape.WIDTH);
        int stride = shape.get(ResidualShape.PACKET_STRIDE);
        int row = context.globalIdy;
        int item = context.localIdx;
        int sourceRow = sourceRow(shape, rows, row);
        for (int i = item; i < width; i += GROUP) {
            y.set(row * width + i, summedBytes(step, format, powers, others, own, sourceRow, i, width, stride));
        }
        // A work-item adds to the elements that it has looked up itself.
        Embedding.lookUp(step, shape, factors, rows, tableFloats, tableWords, x, row, item, GROUP, tableType);
        finishRowByGroup(context, item, step, shape, factors, x, y, weight, bias, post, sourceRow * width, row * width);
    }

    private static int sourceRow(IntArray shape, IntArray rows, int row) {
        return shape.get(ResidualShape.CHOSEN) == 1 ? rows.get(shape.get(ResidualShape.ROWS_FROM) + row) : row;
    }

    /** The sum of an element of all packets of f32, in the order of ranks. */
    private static float summedFloats(IntArray step, FloatArray others, FloatArray own, int index, int stride) {
        int packets = step.get(Step.PACKETS);
        int ownRank = step.get(Step.OWN_PACKET);
        float sum = 0f;
        for (int rank = 0; rank < packets; rank++) {
            float value = 0f;
            if (rank == ownRank) {
                value = own.get(index);
            } else {
                value = others.get(SumKernels.slot(rank, ownRank) * stride + index);
            }
            // Not 0 + value, which would change -0 to 0.
            sum = rank == 0 ? value : sum + value;
        }
        return sum;
    }

    /** The same of packets of bytes. */
    private static float summedBytes(
            IntArray step,
            IntArray format,
            FloatArray powers,
            ByteArray others,
            ByteArray own,
            int row,
            int column,
            int width,
            int stride) {
        int packets = step.get(Step.PACKETS);
        int ownRank = step.get(Step.OWN_PACKET);
        float sum = 0f;
        for (int rank = 0; rank < packets; rank++) {
            float value = 0f;
            if (rank == ownRank) {
                value = element(format, powers, own, 0, row, column, width);
            } else {
                int start = SumKernels.slot(rank, ownRank) * stride;
                value = element(format, powers, others, start, row, column, width);
            }
            sum = rank == 0 ? value : sum + value;
        }
        return sum;
    }

    private static float element(
            IntArray format, FloatArray powers, ByteArray packets, int start, int row, int column, int width) {
        float value = 0f;
        if (format.get(MxParameters.ELEMENT_BITS) == 0) {
            value = WeightBytes.bf16At(packets, powers, start + 2 * (row * width + column));
        } else {
            value = SumKernels.element(
                    format, powers, packets, start + row * format.get(MxParameters.ROW_BYTES), column);
        }
        return value;
    }

    /** Normalizes the sum in {@code y}, adds it to {@code x}, and normalizes that into {@code y}. */
    private static void finishRow(
            IntArray step,
            IntArray shape,
            FloatArray factors,
            FloatArray x,
            FloatArray y,
            FloatArray weight,
            FloatArray bias,
            FloatArray post,
            int source,
            int target) {
        int width = shape.get(ResidualShape.WIDTH);
        int last = TornadoMath.max(step.get(Step.LAYER) - shape.get(ResidualShape.LAYERS_BEFORE), 0);
        for (int stage = 0; stage < 2; stage++) {
            int kind = shape.get(stage == 0 ? ResidualShape.POST : ResidualShape.NORM);
            if (stage == 1) {
                for (int i = 0; i < width; i++) {
                    addElement(shape, factors, x, y, source + i, target + i);
                }
            }
            float epsilon = factors.get(stage == 0 ? ResidualShape.POST_EPSILON : ResidualShape.EPSILON);
            float mean = 0f;
            float factor = 1f;
            for (int pass = firstPass(kind); pass < endOfPasses(kind); pass++) {
                float sum = 0f;
                for (int i = 0; i < width; i++) {
                    float value = y.get(target + i) - mean;
                    sum += pass == 0 ? value : value * value;
                }
                if (pass == 0) {
                    mean = sum / width;
                } else {
                    factor = 1f / TornadoMath.sqrt(sum / width + epsilon);
                }
            }
            for (int i = 0; i < width; i++) {
                float value = (y.get(target + i) - mean) * factor;
                y.set(target + i, weighted(step, shape, value, weight, bias, post, stage, kind, last, i));
            }
        }
    }

    /** The same by a work-group. */
    private static void finishRowByGroup(
            KernelContext context,
            int item,
            IntArray step,
            IntArray shape,
            FloatArray factors,
            FloatArray x,
            FloatArray y,
            FloatArray weight,
            FloatArray bias,
            FloatArray post,
            int source,
            int target) {
        float[] sums = context.allocateFloatLocalArray(GROUP);
        int width = shape.get(ResidualShape.WIDTH);
        int last = TornadoMath.max(step.get(Step.LAYER) - shape.get(ResidualShape.LAYERS_BEFORE), 0);
        for (int stage = 0; stage < 2; stage++) {
            int kind = shape.get(stage == 0 ? ResidualShape.POST : ResidualShape.NORM);
            if (stage == 1) {
                for (int i = item; i < width; i += GROUP) {
                    addElement(shape, factors, x, y, source + i, target + i);
                }
            }
            float epsilon = factors.get(stage == 0 ? ResidualShape.POST_EPSILON : ResidualShape.EPSILON);
            float mean = 0f;
            float factor = 1f;
            for (int pass = firstPass(kind); pass < endOfPasses(kind); pass++) {
                float sum = 0f;
                for (int i = item; i < width; i += GROUP) {
                    float value = y.get(target + i) - mean;
                    sum += pass == 0 ? value : value * value;
                }
                sums[item] = sum;
                for (int half = GROUP >> 1; half > 0; half >>= 1) {
                    context.localBarrier();
                    if (item < half) {
                        sums[item] += sums[item + half];
                    }
                }
                context.localBarrier();
                float total = sums[0];
                context.localBarrier();
                if (pass == 0) {
                    mean = total / width;
                } else {
                    factor = 1f / TornadoMath.sqrt(total / width + epsilon);
                }
            }
            for (int i = item; i < width; i += GROUP) {
                float value = (y.get(target + i) - mean) * factor;
                y.set(target + i, weighted(step, shape, value, weight, bias, post, stage, kind, last, i));
            }
        }
    }

    /** A layer norm computes the mean in pass 0; both norms compute squares in pass 1. */
    private static int firstPass(int kind) {
        return kind == ResidualShape.LAYER_NORM ? 0 : 1;
    }

    private static int endOfPasses(int kind) {
        return kind == ResidualShape.NO_NORM ? 1 : 2;
    }

    private static void addElement(
            IntArray shape, FloatArray factors, FloatArray x, FloatArray y, int source, int target) {
        float value = y.get(target) * factors.get(ResidualShape.SCALE) + x.get(source);
        y.set(target, value);
        if (shape.get(ResidualShape.CHOSEN) == 0) {
            x.set(source, value);
        }
    }

    private static float weighted(
            IntArray step,
            IntArray shape,
            float value,
            FloatArray weight,
            FloatArray bias,
            FloatArray post,
            int stage,
            int kind,
            int last,
            int i) {
        float result = value;
        if (kind != ResidualShape.NO_NORM) {
            if (stage == 0) {
                result = value * post.get(last * shape.get(ResidualShape.POST_STRIDE) + i);
            } else {
                int at = step.get(Step.LAYER) * shape.get(ResidualShape.NORM_STRIDE) + i;
                result = value * weight.get(at);
                if (shape.get(ResidualShape.BIASED) == 1) {
                    result += bias.get(at);
                }
            }
        }
        return result;
    }
}

package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The fused sum {@code residual = ((dequantize(packet 0) + dequantize(packet 1)) + ...) + residual} in f32. Ranks are
 * added in rank order, so every rank gets the same bits. One work-item per element: x is the column, y the row. The
 * product that decodes an element is exact, so the result is the same if a device fuses it with the addition.
 *
 * <p>The packet of rank {@code ownRank} is {@code own}; those of the other ranks lie in {@code others},
 * {@code packetBytes} apart. With {@code ownRank} equal to {@code ranks} all packets lie in {@code others}.
 */
public final class SumKernels {
    /** Elements of one work-item of {@link #sumRuns}. No format has smaller blocks. */
    public static final int RUN = 8;

    private SumKernels() {}

    /** Packets of an MX format; {@link MxParameters} describes {@code format}. */
    public static void sumBlocks(
            KernelContext context,
            IntArray step,
            IntArray format,
            FloatArray powers,
            ByteArray others,
            ByteArray own,
            FloatArray residual,
            int ranks,
            int ownRank,
            int packetBytes) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        int columns = format.get(MxParameters.COLUMNS);
        if (column < columns && row < step.get(Step.ROWS)) {
            int start = row * format.get(MxParameters.ROW_BYTES);
            float sum = 0f;
            for (int rank = 0; rank < ranks; rank++) {
                float value = 0f;
                if (rank == ownRank) {
                    value = element(format, powers, own, start, column);
                } else {
                    value = element(format, powers, others, start + slot(rank, ownRank) * packetBytes, column);
                }
                // Not 0 + value, which would change -0 to 0.
                sum = rank == 0 ? value : sum + value;
            }
            int index = row * columns + column;
            residual.set(index, sum + residual.get(index));
        }
    }

    /**
     * The same sum with one work-item for eight elements, which share one scale: x is the column divided by eight, y
     * the row.
     */
    public static void sumRuns(
            KernelContext context,
            IntArray step,
            IntArray format,
            FloatArray powers,
            ByteArray others,
            ByteArray own,
            FloatArray residual,
            int ranks,
            int ownRank,
            int packetBytes) {
        float[] sums = new float[RUN];
        int first = context.globalIdx * RUN;
        int row = context.globalIdy;
        int columns = format.get(MxParameters.COLUMNS);
        if (first < columns && row < step.get(Step.ROWS)) {
            int count = TornadoMath.min(RUN, columns - first);
            int scaleBits = format.get(MxParameters.SCALE_BITS);
            int block = first >> format.get(MxParameters.BLOCK_SHIFT);
            for (int i = 0; i < RUN; i++) {
                sums[i] = 0f;
            }
            for (int rank = 0; rank < ranks; rank++) {
                int start = row * format.get(MxParameters.ROW_BYTES);
                if (rank == ownRank) {
                    float factor = scaleFactor(format, powers, bits(own, start, block * scaleBits, scaleBits));
                    for (int i = 0; i < count; i++) {
                        float value = unscaled(format, powers, own, start, first + i) * factor;
                        sums[i] = rank == 0 ? value : sums[i] + value;
                    }
                } else {
                    start = start + slot(rank, ownRank) * packetBytes;
                    float factor = scaleFactor(format, powers, bits(others, start, block * scaleBits, scaleBits));
                    for (int i = 0; i < count; i++) {
                        float value = unscaled(format, powers, others, start, first + i) * factor;
                        sums[i] = rank == 0 ? value : sums[i] + value;
                    }
                }
            }
            for (int i = 0; i < count; i++) {
                int index = row * columns + first + i;
                residual.set(index, sums[i] + residual.get(index));
            }
        }
    }

    /** Packets of bf16. */
    public static void sumBf16(
            KernelContext context,
            IntArray step,
            FloatArray powers,
            ByteArray others,
            ByteArray own,
            FloatArray residual,
            int ranks,
            int ownRank,
            int packetBytes,
            int columns) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < columns && row < step.get(Step.ROWS)) {
            int index = row * columns + column;
            float sum = 0f;
            for (int rank = 0; rank < ranks; rank++) {
                float value = 0f;
                if (rank == ownRank) {
                    value = WeightBytes.bf16At(own, powers, 2 * index);
                } else {
                    value = WeightBytes.bf16At(others, powers, slot(rank, ownRank) * packetBytes + 2 * index);
                }
                sum = rank == 0 ? value : sum + value;
            }
            residual.set(index, sum + residual.get(index));
        }
    }

    /** Packets of f32, {@code packetElements} apart. */
    public static void sumFloats(
            KernelContext context,
            IntArray step,
            FloatArray others,
            FloatArray own,
            FloatArray residual,
            int ranks,
            int ownRank,
            int packetElements,
            int columns) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < columns && row < step.get(Step.ROWS)) {
            int index = row * columns + column;
            float sum = 0f;
            for (int rank = 0; rank < ranks; rank++) {
                float value = 0f;
                if (rank == ownRank) {
                    value = own.get(index);
                } else {
                    value = others.get(slot(rank, ownRank) * packetElements + index);
                }
                sum = rank == 0 ? value : sum + value;
            }
            residual.set(index, sum + residual.get(index));
        }
    }

    /** {@return the index of a rank's packet among those of the other ranks} */
    static int slot(int rank, int ownRank) {
        return rank > ownRank ? rank - 1 : rank;
    }

    static float element(IntArray format, FloatArray powers, ByteArray packets, int start, int column) {
        int scaleBits = format.get(MxParameters.SCALE_BITS);
        int block = column >> format.get(MxParameters.BLOCK_SHIFT);
        int scale = bits(packets, start, block * scaleBits, scaleBits);
        return unscaled(format, powers, packets, start, column) * scaleFactor(format, powers, scale);
    }

    private static float unscaled(IntArray format, FloatArray powers, ByteArray packets, int start, int column) {
        int elementBits = format.get(MxParameters.ELEMENT_BITS);
        int code = bits(packets, start + format.get(MxParameters.SCALE_BYTES), column * elementBits, elementBits);
        int signBit = 1 << (elementBits - 1);
        int magnitude = code & (signBit - 1);
        int mantissaBits = format.get(MxParameters.MANTISSA_BITS);
        int field = magnitude >> mantissaBits;
        int binade = field > 0 ? field - 1 : 0;
        int exponent = format.get(MxParameters.MIN_EXPONENT) + binade - mantissaBits;
        float value = (float) (magnitude - (binade << mantissaBits)) * powers.get(DeviceTables.ONE + exponent);
        if (code >= signBit) {
            value = -value;
        }
        return value;
    }

    private static float scaleFactor(IntArray format, FloatArray powers, int scale) {
        if (format.get(MxParameters.HALF_SCALE) == 1) {
            // An F16 scale that is not finite marks the block as NaN.
            int field = (scale >> 10) & 31;
            return field == 31 ? powers.get(DeviceTables.NAN) : WeightBytes.halfValue(powers, scale);
        }
        int index = DeviceTables.ONE + scale - format.get(MxParameters.SCALE_BIAS);
        return powers.get(scale == format.get(MxParameters.NAN_CODE) ? DeviceTables.NAN : index);
    }

    /** {@return {@code count} bits, at most 16, from bit {@code position} of the bytes at {@code start}} */
    private static int bits(ByteArray bytes, int start, int position, int count) {
        int first = start + (position >> 3);
        int shift = position & 7;
        int value = bytes.get(first) & 0xFF;
        if (shift + count > 8) {
            value = value | ((bytes.get(first + 1) & 0xFF) << 8);
        }
        return (value >> shift) & ((1 << count) - 1);
    }
}

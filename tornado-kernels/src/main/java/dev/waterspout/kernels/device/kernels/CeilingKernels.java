package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Kernels that measure a device's limits: one only reads memory, the other only multiplies and adds. */
public final class CeilingKernels {
    /** Largest number of chains of one work-item. */
    public static final int MOST_CHAINS = 64;

    private CeilingKernels() {}

    /**
     * Sums {@code perItem} floats per work-item, a multiple of 8. The floats of work-item {@code i} start at
     * {@code i * itemStride} and are {@code stride} apart.
     */
    public static void readFloats(
            KernelContext context, FloatArray data, FloatArray sums, int perItem, int itemStride, int stride) {
        int item = context.globalIdx;
        int start = item * itemStride;
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        float s4 = 0f;
        float s5 = 0f;
        float s6 = 0f;
        float s7 = 0f;
        for (int i = 0; i < perItem; i += 8) {
            int at = start + i * stride;
            s0 += data.get(at);
            s1 += data.get(at + stride);
            s2 += data.get(at + 2 * stride);
            s3 += data.get(at + 3 * stride);
            s4 += data.get(at + 4 * stride);
            s5 += data.get(at + 5 * stride);
            s6 += data.get(at + 6 * stride);
            s7 += data.get(at + 7 * stride);
        }
        sums.set(item, ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)));
    }

    /** Computes {@code steps} multiply-adds in each of {@code chains} independent chains. */
    public static void multiplyAdd(KernelContext context, FloatArray seeds, FloatArray results, int chains, int steps) {
        float[] chain = new float[MOST_CHAINS];
        int item = context.globalIdx;
        float seed = seeds.get(item);
        for (int i = 0; i < chains; i++) {
            chain[i] = seed + (float) i;
        }
        for (int step = 0; step < steps; step++) {
            for (int i = 0; i < chains; i++) {
                chain[i] = chain[i] * 0.5f + seed;
            }
        }
        float sum = 0f;
        for (int i = 0; i < chains; i++) {
            sum += chain[i];
        }
        results.set(item, sum);
    }
}

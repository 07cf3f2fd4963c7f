package dev.waterspout.emulator;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels for tests. */
final class Kernels {
    private Kernels() {}

    static void addOne(KernelContext context, FloatArray in, FloatArray out) {
        int i = context.globalIdx;
        out.set(i, in.get(i) + 1);
    }

    static void scale(KernelContext context, FloatArray in, FloatArray out, float factor, int count) {
        int i = context.globalIdx;
        if (i < count) {
            out.set(i, in.get(i) * factor);
        }
    }

    static void indices(KernelContext context, IntArray out) {
        int item = context.globalIdx + context.globalGroupSizeX * context.globalIdy;
        out.set(item * 6, context.groupIdx);
        out.set(item * 6 + 1, context.groupIdy);
        out.set(item * 6 + 2, context.localIdx);
        out.set(item * 6 + 3, context.localIdy);
        out.set(item * 6 + 4, context.localGroupSizeX);
        out.set(item * 6 + 5, context.localGroupSizeY);
    }

    /** out[g] = sum of the group's inputs, as a tree in local memory. */
    static void groupSum(KernelContext context, FloatArray in, FloatArray out) {
        int local = context.localIdx;
        int size = context.localGroupSizeX;
        float[] sums = context.allocateFloatLocalArray(size);
        sums[local] = in.get(context.globalIdx);
        for (int stride = size / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (local < stride) {
                sums[local] += sums[local + stride];
            }
        }
        if (local == 0) {
            out.set(context.groupIdx, sums[0]);
        }
    }

    /** Reverses each group in place, through a device array and a barrier in a helper. */
    static void reverseThroughDevice(KernelContext context, FloatArray data, FloatArray scratch) {
        scratch.set(context.globalIdx, data.get(context.globalIdx));
        meet(context);
        data.set(context.globalIdx, scratch.get(mirrored(context)));
    }

    static void reverseLocalBarrier(KernelContext context, FloatArray data, FloatArray scratch) {
        scratch.set(context.globalIdx, data.get(context.globalIdx));
        context.localBarrier();
        data.set(context.globalIdx, scratch.get(mirrored(context)));
    }

    static void reverseNoBarrier(KernelContext context, FloatArray data, FloatArray scratch) {
        scratch.set(context.globalIdx, data.get(context.globalIdx));
        data.set(context.globalIdx, scratch.get(mirrored(context)));
    }

    private static int mirrored(KernelContext context) {
        return context.groupIdx * context.localGroupSizeX + context.localGroupSizeX - 1 - context.localIdx;
    }

    private static void meet(KernelContext context) {
        context.globalBarrier();
    }

    static void writeSame(KernelContext context, FloatArray out) {
        out.set(0, context.globalIdx);
    }

    /**
     * Group 0 writes data that every group reads. There is a barrier, but barriers do not synchronize different groups.
     */
    static void readAcrossGroups(KernelContext context, FloatArray data, FloatArray out) {
        if (context.globalIdx == 0) {
            data.set(0, 1);
        }
        context.globalBarrier();
        out.set(context.globalIdx, data.get(0));
    }

    static void readNeighbour(KernelContext context, FloatArray data) {
        int i = context.globalIdx;
        data.set(i, data.get(i + 1));
    }

    static void barrierForSome(KernelContext context, FloatArray out) {
        if (context.localIdx < 2) {
            context.localBarrier();
        }
        out.set(context.globalIdx, 1);
    }

    static void barrierForLater(KernelContext context, FloatArray out) {
        if (context.localIdx > 0) {
            context.localBarrier();
        }
        out.set(context.globalIdx, 1);
    }

    static void barriersApartInTheLastGroup(KernelContext context, FloatArray data) {
        if (context.globalIdx < context.globalGroupSizeX - 1) {
            context.localBarrier();
            data.set(context.globalIdx, 1);
        } else {
            context.localBarrier();
            data.set(context.globalIdx, 2);
        }
    }

    static void barriersApart(KernelContext context, FloatArray out) {
        if (context.localIdx < 2) {
            context.localBarrier();
            out.set(context.globalIdx, 1);
        } else {
            context.localBarrier();
            out.set(context.globalIdx, 2);
        }
    }

    static void failInOneItem(KernelContext context, FloatArray out) {
        float[] local = context.allocateFloatLocalArray(2);
        context.localBarrier();
        out.set(context.globalIdx, local[context.localIdx]);
    }

    static void unlikeLocalArrays(KernelContext context, FloatArray out) {
        float[] local = context.allocateFloatLocalArray(1 + context.localIdx);
        out.set(context.globalIdx, local.length);
    }

    static void largeLocalArray(KernelContext context, FloatArray out, int size) {
        out.set(context.globalIdx, context.allocateFloatLocalArray(size).length);
    }

    static void noContext(FloatArray in, FloatArray out) {
        for (int i = 0; i < out.getSize(); i++) {
            out.set(i, in.get(i));
        }
    }
}

package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels that read one element of each array: TornadoVM copies an array to a device only for a task that reads it. */
public final class UploadKernels {
    /** Arrays that one task takes. */
    public static final int ARRAYS = 10;

    private UploadKernels() {}

    public static void readFloats(
            KernelContext context,
            FloatArray sink,
            FloatArray a,
            FloatArray b,
            FloatArray c,
            FloatArray d,
            FloatArray e,
            FloatArray f,
            FloatArray g,
            FloatArray h,
            FloatArray i,
            FloatArray j) {
        if (context.globalIdx == 0) {
            float first = a.get(0) + b.get(0) + c.get(0) + d.get(0) + e.get(0);
            float second = f.get(0) + g.get(0) + h.get(0) + i.get(0) + j.get(0);
            sink.set(0, first + second);
        }
    }

    public static void readBytes(
            KernelContext context,
            FloatArray sink,
            ByteArray a,
            ByteArray b,
            ByteArray c,
            ByteArray d,
            ByteArray e,
            ByteArray f,
            ByteArray g,
            ByteArray h,
            ByteArray i,
            ByteArray j) {
        if (context.globalIdx == 0) {
            int first = a.get(0) + b.get(0) + c.get(0) + d.get(0) + e.get(0);
            int second = f.get(0) + g.get(0) + h.get(0) + i.get(0) + j.get(0);
            sink.set(0, (float) (first + second));
        }
    }

    public static void readWords(
            KernelContext context,
            FloatArray sink,
            IntArray a,
            IntArray b,
            IntArray c,
            IntArray d,
            IntArray e,
            IntArray f,
            IntArray g,
            IntArray h,
            IntArray i,
            IntArray j) {
        if (context.globalIdx == 0) {
            int first = a.get(0) + b.get(0) + c.get(0) + d.get(0) + e.get(0);
            int second = f.get(0) + g.get(0) + h.get(0) + i.get(0) + j.get(0);
            sink.set(0, (float) (first + second));
        }
    }
}

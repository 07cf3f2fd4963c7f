package dev.waterspout.kernels.peer;

import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The location of an array on its device. Valid as long as the array's plan keeps it there.
 *
 * @param backend backend of the device
 * @param device its position among the devices of its platform
 * @param base OpenCL: the {@code cl_mem} of the array, which no other array shares; CUDA: its address. The elements
 *     follow a header of {@link TornadoNativeArray#ARRAY_HEADER} bytes
 * @param bytes bytes of the elements
 * @param context CUDA: the {@code CUcontext} that the array belongs to; OpenCL: 0
 * @param stream CUDA: the {@code CUstream} of the plan; OpenCL: 0
 */
record DeviceArray(TornadoVMBackendType backend, int device, long base, long bytes, long context, long stream) {
    /** Returns the offset of an element's byte from {@link #base}. */
    static long fromBase(long offset) {
        return TornadoNativeArray.ARRAY_HEADER + offset;
    }

    void requireInside(String role, long offset, long length) {
        if (offset < 0 || length < 0 || offset > bytes - length) {
            throw new IllegalArgumentException(
                    length + " bytes from byte " + offset + " of a " + role + " of " + bytes + " bytes");
        }
    }
}

package dev.waterspout.kernels.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The functions of OpenCL 1.2 (cl.h) that copies need. Objects are opaque pointers, passed as long.
 *
 * @param enqueueCopyBuffer {@code cl_int clEnqueueCopyBuffer(cl_command_queue, cl_mem src, cl_mem dst, size_t
 *     src_offset, size_t dst_offset, size_t size, cl_uint events, const cl_event*, cl_event*)}
 * @param finish {@code cl_int clFinish(cl_command_queue)}
 * @param getMemObjectInfo {@code cl_int clGetMemObjectInfo(cl_mem, cl_uint name, size_t size, void* value, size_t*
 *     written)}
 * @param getContextInfo {@code cl_int clGetContextInfo(cl_context, cl_uint name, size_t size, void* value, size_t*
 *     written)}
 * @param createCommandQueue {@code cl_command_queue clCreateCommandQueue(cl_context, cl_device_id, cl_bitfield,
 *     cl_int* error)}
 */
record OpenCl(
        MethodHandle enqueueCopyBuffer,
        MethodHandle finish,
        MethodHandle getMemObjectInfo,
        MethodHandle getContextInfo,
        MethodHandle createCommandQueue) {
    static final String LIBRARY = "libOpenCL.so.1";

    private static final int MEM_CONTEXT = 0x1106;
    private static final int CONTEXT_DEVICES = 0x1081;
    private static final int MAX_DEVICES = 64;

    /** Loads the library; empty if there is none. */
    static Optional<OpenCl> load() {
        return NativeCalls.load(LIBRARY)
                .map(calls -> new OpenCl(
                        calls.function(
                                "clEnqueueCopyBuffer",
                                JAVA_INT,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_INT,
                                ADDRESS,
                                ADDRESS),
                        calls.function("clFinish", JAVA_INT, JAVA_LONG),
                        calls.function(
                                "clGetMemObjectInfo", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS),
                        calls.function("clGetContextInfo", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS),
                        calls.function("clCreateCommandQueue", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS)));
    }

    /** Returns the context of a buffer. */
    long contextOf(long buffer) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment context = arena.allocate(JAVA_LONG);
            require("clGetMemObjectInfo", (int)
                    getMemObjectInfo.invokeExact(buffer, MEM_CONTEXT, context.byteSize(), context, MemorySegment.NULL));
            return context.get(JAVA_LONG, 0);
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Returns the devices of a context, in the order in which they were given when it was created. */
    long[] devicesOf(long context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment devices = arena.allocate(JAVA_LONG, MAX_DEVICES);
            MemorySegment written = arena.allocate(JAVA_LONG);
            require("clGetContextInfo", (int)
                    getContextInfo.invokeExact(context, CONTEXT_DEVICES, devices.byteSize(), devices, written));
            return devices.asSlice(0, written.get(JAVA_LONG, 0)).toArray(JAVA_LONG);
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Creates an in-order command queue. */
    long queue(long context, long device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment error = arena.allocate(JAVA_INT);
            long queue = (long) createCommandQueue.invokeExact(context, device, 0L, error);
            require("clCreateCommandQueue", error.get(JAVA_INT, 0));
            return queue;
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Enqueues a copy. Offsets are in bytes from the start of the buffers. */
    void copy(long queue, long source, long sourceOffset, long target, long targetOffset, long bytes) {
        try {
            require("clEnqueueCopyBuffer", (int) enqueueCopyBuffer.invokeExact(
                    queue,
                    source,
                    target,
                    sourceOffset,
                    targetOffset,
                    bytes,
                    0,
                    MemorySegment.NULL,
                    MemorySegment.NULL));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Waits until all enqueued work is done. */
    void finish(long queue) {
        try {
            require("clFinish", (int) finish.invokeExact(queue));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    private static void require(String function, int error) {
        if (error != 0) {
            throw new PeerException(function + " failed with OpenCL error " + error);
        }
    }
}

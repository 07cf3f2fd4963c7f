package dev.waterspout.kernels.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The functions of CUDA's driver interface (cuda.h) that copies need, under the names of their current versions.
 * Contexts, streams, events and device addresses have 64 bits and are passed as long.
 *
 * @param pushContext {@code CUresult cuCtxPushCurrent_v2(CUcontext)}
 * @param popContext {@code CUresult cuCtxPopCurrent_v2(CUcontext*)}
 * @param enablePeerAccess {@code CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned flags)}
 * @param copyPeerAsync {@code CUresult cuMemcpyPeerAsync(CUdeviceptr dst, CUcontext dst_context, CUdeviceptr src,
 *     CUcontext src_context, size_t bytes, CUstream)}
 * @param createEvent {@code CUresult cuEventCreate(CUevent*, unsigned flags)}
 * @param recordEvent {@code CUresult cuEventRecord(CUevent, CUstream)}
 * @param waitEvent {@code CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned flags)}
 * @param destroyEvent {@code CUresult cuEventDestroy_v2(CUevent)}
 * @param isCapturing {@code CUresult cuStreamIsCapturing(CUstream, CUstreamCaptureStatus*)}
 */
record Cuda(
        MethodHandle pushContext,
        MethodHandle popContext,
        MethodHandle enablePeerAccess,
        MethodHandle copyPeerAsync,
        MethodHandle createEvent,
        MethodHandle recordEvent,
        MethodHandle waitEvent,
        MethodHandle destroyEvent,
        MethodHandle isCapturing) {
    static final String LIBRARY = "libcuda.so.1";

    /** CU_EVENT_DISABLE_TIMING: the event only orders work. */
    private static final int WITHOUT_TIMING = 2;

    private static final int ERROR_PEER_ACCESS_UNSUPPORTED = 217;
    private static final int ERROR_PEER_ACCESS_ALREADY_ENABLED = 704;

    /** Loads the library; empty if there is none. */
    static Optional<Cuda> load() {
        return NativeCalls.load(LIBRARY)
                .map(calls -> new Cuda(
                        calls.function("cuCtxPushCurrent_v2", JAVA_INT, JAVA_LONG),
                        calls.function("cuCtxPopCurrent_v2", JAVA_INT, ADDRESS),
                        calls.function("cuCtxEnablePeerAccess", JAVA_INT, JAVA_LONG, JAVA_INT),
                        calls.function(
                                "cuMemcpyPeerAsync",
                                JAVA_INT,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG,
                                JAVA_LONG),
                        calls.function("cuEventCreate", JAVA_INT, ADDRESS, JAVA_INT),
                        calls.function("cuEventRecord", JAVA_INT, JAVA_LONG, JAVA_LONG),
                        calls.function("cuStreamWaitEvent", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT),
                        calls.function("cuEventDestroy_v2", JAVA_INT, JAVA_LONG),
                        calls.function("cuStreamIsCapturing", JAVA_INT, JAVA_LONG, ADDRESS)));
    }

    /** Pushes a context on this thread's stack of contexts. */
    void push(long context) {
        try {
            require("cuCtxPushCurrent", (int) pushContext.invokeExact(context));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Restores the context that this thread had before {@link #push}. */
    void pop() {
        try (Arena arena = Arena.ofConfined()) {
            require("cuCtxPopCurrent", (int) popContext.invokeExact(arena.allocate(ADDRESS)));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /**
     * Gives this thread's context direct access to a peer's memory. Where the hardware has none, the driver copies by
     * another path.
     */
    void enablePeerAccess(long peer) {
        try {
            int error = (int) enablePeerAccess.invokeExact(peer, 0);
            if (error != ERROR_PEER_ACCESS_ALREADY_ENABLED && error != ERROR_PEER_ACCESS_UNSUPPORTED) {
                require("cuCtxEnablePeerAccess", error);
            }
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Enqueues a copy between two addresses, each with its context. */
    void copy(long target, long targetContext, long source, long sourceContext, long bytes, long stream) {
        try {
            require("cuMemcpyPeerAsync", (int)
                    copyPeerAsync.invokeExact(target, targetContext, source, sourceContext, bytes, stream));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Creates an event of this thread's context. */
    long newEvent() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(JAVA_LONG);
            require("cuEventCreate", (int) createEvent.invokeExact(event, WITHOUT_TIMING));
            return event.get(JAVA_LONG, 0);
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Has an event stand for all work enqueued in a stream so far, and no longer for what it stood for before. */
    void record(long event, long stream) {
        try {
            require("cuEventRecord", (int) recordEvent.invokeExact(event, stream));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Orders later work of a stream behind the work that was recorded in an event. The thread does not wait. */
    void await(long stream, long event) {
        try {
            require("cuStreamWaitEvent", (int) waitEvent.invokeExact(stream, event, 0));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Releases an event that no thread uses any more. */
    void destroy(long event) {
        try {
            require("cuEventDestroy", (int) destroyEvent.invokeExact(event));
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    /** Returns whether work enqueued in a stream becomes part of a graph instead of being run. */
    boolean captures(long stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(JAVA_INT);
            require("cuStreamIsCapturing", (int) isCapturing.invokeExact(stream, status));
            return status.get(JAVA_INT, 0) != 0; // CU_STREAM_CAPTURE_STATUS_NONE
        } catch (Throwable failure) {
            throw NativeCalls.failed(LIBRARY, failure);
        }
    }

    private static void require(String function, int error) {
        if (error != 0) {
            throw new PeerException(function + " failed with CUDA error " + error);
        }
    }
}

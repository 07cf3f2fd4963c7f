package dev.waterspout.interconnect.mpi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * All pending requests of a rank in one array, so that one call tests them all. Its memory is never freed, because MPI
 * may write to it until the process ends.
 */
final class Requests {
    private final MpiCalls mpi;
    private final int count;
    private final int statusBytes;
    private final MemorySegment handles;
    private final MemorySegment indices;
    private final MemorySegment statuses;

    /** Listener for completed requests. */
    @FunctionalInterface
    interface Listener {
        /**
         * A request is complete and its entry is free.
         *
         * @param index index of the request
         * @param error MPI's error code, 0 for none
         * @param tag tag of the message that was received; without meaning for one that was sent
         * @param status for {@link MpiCalls#received}
         */
        void completed(int index, int error, int tag, MemorySegment status);
    }

    /**
     * @param count number of entries
     * @param memory memory that is not freed while MPI may use it
     */
    Requests(MpiCalls mpi, int count, Arena memory) {
        this.mpi = mpi;
        this.count = count;
        this.statusBytes = mpi.abi().status().bytes();
        this.handles = memory.allocate((long) count * mpi.handleBytes(), Long.BYTES);
        this.indices = memory.allocate(ValueLayout.JAVA_INT, count);
        this.statuses = memory.allocate((long) count * statusBytes, Long.BYTES);
        for (int index = 0; index < count; index++) {
            free(index);
        }
    }

    private void free(int index) {
        mpi.putHandle(handles, (long) index * mpi.handleBytes(), mpi.noRequest());
    }

    boolean isFree(int index) {
        return mpi.handleAt(handles, (long) index * mpi.handleBytes()) == mpi.noRequest();
    }

    /** {@return the memory for the handle of the request at this index} */
    MemorySegment at(int index) {
        return handles.asSlice((long) index * mpi.handleBytes(), mpi.handleBytes());
    }

    /** Makes progress on all messages and reports the complete ones; {@return whether any was complete} */
    boolean poll(Listener listener) {
        int error = mpi.testSome(count, handles, indices, statuses);
        int completed = mpi.completed();
        for (int i = 0; i < completed; i++) {
            int index = indices.getAtIndex(ValueLayout.JAVA_INT, i);
            MemorySegment status = statuses.asSlice((long) i * statusBytes, statusBytes);
            free(index); // a request that failed keeps its handle, and would be reported again
            listener.completed(
                    index,
                    error == 0
                            ? 0
                            : status.get(
                                    ValueLayout.JAVA_INT, mpi.abi().status().error()),
                    status.get(ValueLayout.JAVA_INT, mpi.abi().status().tag()),
                    status);
        }
        return completed > 0;
    }
}

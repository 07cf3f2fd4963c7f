package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * MPI's functions with Java's types. Used only by the thread that initializes MPI. An error code becomes an
 * {@link InterconnectException} with the library's error text.
 */
final class MpiCalls {
    /** Longer than MPI_MAX_ERROR_STRING and MPI_MAX_PROCESSOR_NAME of both libraries. */
    private static final int TEXT_BYTES = 1024;

    private static final int THREAD_FUNNELED = 1;

    private final MpiFunctions functions;
    private final MpiAbi abi;
    private final long world;
    private final long bytes;
    private final long noRequest;
    private final long errorsReturn;
    private final MemorySegment number = Arena.global().allocate(ValueLayout.JAVA_LONG);
    private final MemorySegment second = Arena.global().allocate(ValueLayout.JAVA_LONG);
    private final MemorySegment text = Arena.global().allocate(TEXT_BYTES);

    MpiCalls(MpiLibrary library) {
        this.functions = library.functions();
        this.abi = library.abi();
        MpiAbi.Handles handles = abi.handles();
        this.world = library.handle(handles.world());
        this.bytes = library.handle(handles.bytes());
        this.noRequest = library.handle(handles.noRequest());
        this.errorsReturn = library.handle(handles.errorsReturn());
    }

    MpiAbi abi() {
        return abi;
    }

    long world() {
        return world;
    }

    long noRequest() {
        return noRequest;
    }

    /** {@return bytes of a handle in memory} */
    int handleBytes() {
        return (int) abi.handles().layout().byteSize();
    }

    long handleAt(MemorySegment memory, long offset) {
        return handleBytes() == Long.BYTES
                ? memory.get(ValueLayout.JAVA_LONG, offset)
                : memory.get(ValueLayout.JAVA_INT, offset);
    }

    void putHandle(MemorySegment memory, long offset, long handle) {
        if (handleBytes() == Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, offset, handle);
        } else {
            memory.set(ValueLayout.JAVA_INT, offset, (int) handle);
        }
    }

    /** Initializes MPI for this thread, with errors that are returned instead of ending the process. */
    void initialize() {
        try {
            check("MPI_Init_thread", (int) functions
                    .initThread()
                    .invokeExact(MemorySegment.NULL, MemorySegment.NULL, THREAD_FUNNELED, number));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
        int provided = number.get(ValueLayout.JAVA_INT, 0);
        if (provided < THREAD_FUNNELED) {
            throw new InterconnectException("the MPI library provides thread level " + provided
                    + "; MPI_THREAD_FUNNELED, " + THREAD_FUNNELED + ", is needed");
        }
        returnErrors(world);
    }

    void returnErrors(long communicator) {
        try {
            check("MPI_Comm_set_errhandler", (int)
                    functions.commErrorHandler().invokeExact(communicator, errorsReturn));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
    }

    void finish() {
        try {
            check("MPI_Finalize", (int) functions.finish().invokeExact());
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
    }

    int rank() {
        return property("MPI_Comm_rank", functions.commRank());
    }

    int size() {
        return property("MPI_Comm_size", functions.commSize());
    }

    private int property(String name, MethodHandle function) {
        try {
            check(name, (int) function.invokeExact(world, number));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
        return number.get(ValueLayout.JAVA_INT, 0);
    }

    /** {@return the largest tag of a message} */
    @SuppressWarnings("restricted")
    int largestTag() {
        try {
            check("MPI_Comm_get_attr", (int)
                    functions.commAttribute().invokeExact(world, abi.numbers().tagLimit(), number, second));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
        return number.get(ValueLayout.ADDRESS, 0).reinterpret(Integer.BYTES).get(ValueLayout.JAVA_INT, 0);
    }

    String hostName() {
        try {
            check("MPI_Get_processor_name", (int) functions.processorName().invokeExact(text, number));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
        return text.getString(0);
    }

    /** Starts to duplicate a communicator. The copy is valid when the request is complete. */
    void duplicate(long communicator, MemorySegment copy, MemorySegment request) {
        try {
            check("MPI_Comm_idup", (int) functions.commDuplicate().invokeExact(communicator, copy, request));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
    }

    /** Starts to send a message. The request is complete when the message may be overwritten. */
    void send(MemorySegment message, int rank, int tag, long communicator, MemorySegment request) {
        transfer("MPI_Isend", functions.send(), message, rank, tag, communicator, request);
    }

    /** Starts to send a message. The request is complete when the receiver has begun to receive it. */
    void sendMatched(MemorySegment message, int rank, int tag, long communicator, MemorySegment request) {
        transfer("MPI_Issend", functions.sendMatched(), message, rank, tag, communicator, request);
    }

    /** Starts to receive a message with any tag. */
    void receive(MemorySegment message, int rank, long communicator, MemorySegment request) {
        transfer("MPI_Irecv", functions.receive(), message, rank, abi.numbers().anyTag(), communicator, request);
    }

    /** Starts to receive a message from any rank. */
    void receiveFromAny(MemorySegment message, long communicator, MemorySegment request) {
        receive(message, abi.numbers().anySource(), communicator, request);
    }

    private void transfer(
            String name,
            MethodHandle function,
            MemorySegment message,
            int rank,
            int tag,
            long communicator,
            MemorySegment request) {
        int count = (int) message.byteSize();
        try {
            check(name, (int) function.invokeExact(message, count, bytes, rank, tag, communicator, request));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
    }

    /** {@return MPI_Testsome's error code; if it is not 0, each status has an error code} */
    int testSome(int count, MemorySegment requests, MemorySegment indices, MemorySegment statuses) {
        try {
            return (int) functions.testSome().invokeExact(count, requests, number, indices, statuses);
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
    }

    /**
     * {@return the number of requests that the last {@link #testSome} found complete; negative if there were none to
     * test}
     */
    int completed() {
        return number.get(ValueLayout.JAVA_INT, 0);
    }

    /** {@return bytes received} */
    int received(MemorySegment status) {
        try {
            check("MPI_Get_count", (int) functions.count().invokeExact(status, bytes, second));
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
        return second.get(ValueLayout.JAVA_INT, 0);
    }

    /** {@return the library's text for an error code} */
    String describe(int error) {
        try {
            int failed = (int) functions.errorString().invokeExact(error, text, second);
            return failed == 0 ? text.getString(0).replaceAll("\\s+", " ").strip() : "MPI error " + error;
        } catch (Throwable thrown) {
            throw asUnchecked(thrown);
        }
    }

    private void check(String function, int error) {
        if (error != 0) {
            throw new InterconnectException(function + " failed: " + describe(error));
        }
    }

    /** Rethrows unchecked exceptions; a C function throws none. */
    private static RuntimeException asUnchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(thrown);
    }
}

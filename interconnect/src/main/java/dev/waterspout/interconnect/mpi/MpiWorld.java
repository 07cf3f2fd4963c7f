package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * MPI in this process, from its initialization to its end, each of which is possible once. Used by the thread that
 * initialized it.
 */
final class MpiWorld {
    private static final AtomicBoolean INITIALIZED = new AtomicBoolean();

    private final MpiLibrary library;
    private final MpiHost host;
    private final MpiCalls mpi;
    private final Thread owner = Thread.currentThread();
    private final int rank;
    private final int size;
    private final int largestTag;
    private final MemorySegment card;

    private MpiWorld(MpiLibrary library, MpiHost host) {
        this.library = library;
        this.host = host;
        this.mpi = new MpiCalls(library);
        mpi.initialize();
        this.rank = mpi.rank();
        this.size = mpi.size();
        this.largestTag = mpi.largestTag();
        this.card = Peers.card(mpi.hostName(), host);
    }

    static MpiWorld initialize(MpiLibrary library) {
        if (!INITIALIZED.compareAndSet(false, true)) {
            throw new IllegalStateException("this process has joined its MPI group already");
        }
        return of(library, new SystemHost());
    }

    /**
     * Initializes MPI for a simulation, which may do so several times in one process.
     *
     * @param library the simulated library
     * @param host the simulated host
     */
    static MpiWorld of(MpiLibrary library, MpiHost host) {
        return new MpiWorld(library, host);
    }

    MpiLibrary library() {
        return library;
    }

    MpiHost host() {
        return host;
    }

    MpiCalls mpi() {
        return mpi;
    }

    int rank() {
        return rank;
    }

    int size() {
        return size;
    }

    int largestTag() {
        return largestTag;
    }

    /** {@return process id and host of this process, for {@link Peers}} */
    MemorySegment card() {
        return card;
    }

    boolean isOwner() {
        return Thread.currentThread() == owner;
    }

    void requireOwner() {
        if (!isOwner()) {
            throw new IllegalStateException("MPI was initialized by thread " + owner.getName() + ", and is called by "
                    + Thread.currentThread().getName());
        }
    }

    /**
     * Creates a communicator of all ranks. All ranks create communicators in the same order.
     *
     * @param backOff called repeatedly while ranks are missing; false ends the wait
     */
    long duplicate(BooleanSupplier backOff) {
        MemorySegment copy = host.memory().allocate(ValueLayout.JAVA_LONG);
        Requests request = new Requests(mpi, 1, host.memory());
        mpi.duplicate(mpi.world(), copy, request.at(0));
        int[] outcome = new int[1];
        while (!request.isFree(0)) {
            request.poll((index, error, tag, status) -> outcome[0] = error);
            if (!request.isFree(0) && !backOff.getAsBoolean()) {
                throw new InterconnectException("rank " + rank + " waited for the " + (size - 1)
                        + " other ranks to join the group, and not all did");
            }
        }
        if (outcome[0] != 0) {
            throw new InterconnectException("MPI_Comm_idup failed: " + mpi.describe(outcome[0]));
        }
        long communicator = mpi.handleAt(copy, 0);
        mpi.returnErrors(communicator);
        return communicator;
    }

    /** Ends MPI. Returns when all ranks have called it. */
    void finish() {
        mpi.finish();
    }
}

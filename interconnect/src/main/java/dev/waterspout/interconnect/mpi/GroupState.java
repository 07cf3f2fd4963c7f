package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The state of one rank's membership in its group. The rank's thread changes it, and so do threads that close or abort
 * the transport or that take the launcher's signal.
 *
 * <pre>
 *   OPEN -> LEAVING -> LEFT -> FINALIZING -> FINALIZED
 *      \________\________\________\
 *                                  -> Failed, not told -> Failed, told
 * </pre>
 *
 * MPI is called in OPEN, LEAVING and LEFT, and while a failure is being sent.
 */
final class GroupState {
    /** The failure is this rank's own. */
    static final int NOBODY = -1;

    private final AtomicReference<State> state = new AtomicReference<>(Phase.OPEN);

    /** One state. */
    sealed interface State {}

    /** The states of a group that has not failed. */
    enum Phase implements State {
        /** Exchanges may be started. */
        OPEN,
        /** The transport was closed; the other ranks have not been notified. */
        LEAVING,
        /** The other ranks know that this one has left. */
        LEFT,
        /** {@code MPI_Finalize} is running. */
        FINALIZING,
        /** MPI has ended. */
        FINALIZED
    }

    /**
     * The group has failed.
     *
     * @param reason the first failure
     * @param origin the rank that reported the failure, or {@link #NOBODY}
     * @param told whether the other ranks have been notified; MPI is not called after that
     * @param thrown whether the rank's thread has thrown the failure, after which its caller ends the process
     */
    record Failed(InterconnectException reason, int origin, boolean told, boolean thrown) implements State {}

    boolean is(Phase phase) {
        return state.get() == phase;
    }

    /** {@return whether messages may be sent and received} */
    boolean isMember() {
        return state.get() instanceof Phase phase && phase.compareTo(Phase.FINALIZING) < 0;
    }

    /** {@return the failure, null if there is none} */
    @Nullable
    Failed failure() {
        return state.get() instanceof Failed failed ? failed : null;
    }

    /** {@return whether the process ends without further help: the failure was thrown, or MPI has ended} */
    boolean isSettled() {
        Failed failed = failure();
        return failed == null ? is(Phase.FINALIZED) : failed.thrown();
    }

    /** Changes from one phase to another; {@return false if the state was not the first one} */
    boolean move(Phase from, Phase to) {
        return state.compareAndSet(from, to);
    }

    /**
     * Records the first failure. Later ones are ignored.
     *
     * @param reason the error message
     * @param origin the rank that reported the failure, or {@link #NOBODY}
     * @return whether it was the first
     */
    boolean fail(InterconnectException reason, int origin) {
        return state.getAndUpdate(now -> now instanceof Failed || now == Phase.FINALIZED
                                ? now
                                : new Failed(reason, origin, false, false))
                        instanceof Phase phase
                && phase != Phase.FINALIZED;
    }

    /** Marks the failure as sent to the other ranks; {@return the failure if it was not sent before, else null} */
    @Nullable
    Failed takeUntold() {
        return state.getAndUpdate(now -> now instanceof Failed failed
                                        ? new Failed(failed.reason(), failed.origin(), true, failed.thrown())
                                        : now)
                                instanceof Failed before
                        && !before.told()
                ? before
                : null;
    }

    /** Marks the failure as thrown; {@return the exception to throw, with this thread's stack} */
    InterconnectException toThrow() {
        State now = state.updateAndGet(before -> before instanceof Failed failed
                ? new Failed(failed.reason(), failed.origin(), failed.told(), true)
                : before);
        if (!(now instanceof Failed failed)) {
            throw new IllegalStateException("the group has not failed: " + now);
        }
        return new InterconnectException(String.valueOf(failed.reason().getMessage()), failed.reason());
    }
}

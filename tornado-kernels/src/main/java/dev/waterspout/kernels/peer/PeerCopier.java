package dev.waterspout.kernels.peer;

import java.util.List;

/**
 * Copies between the memories of devices of one backend, and their order. An event stands for the work of a plan's
 * stream at a point in time. Backends without streams, whose plans are idle between executions, need none. Thread-safe.
 */
@FunctionalInterface
interface PeerCopier {
    /**
     * Copies ranges of other arrays into one. The copies come after all earlier work of the target's plan, and before
     * its later work. Without streams they are complete on return.
     *
     * @param target receives the ranges, which must not overlap in it
     * @param copies the ranges
     * @throws IllegalArgumentException if a range exceeds its array
     * @throws PeerException if the driver reports an error
     */
    void pull(DeviceArray target, List<PeerCopy> copies);

    /** {@return a new event for the stream of an array's plan} */
    default long event(DeviceArray array) {
        return 0;
    }

    /** Has an event stand for all work so far in the stream of an array's plan. */
    default void record(long event, DeviceArray array) {
        // Plans without streams are idle.
    }

    /** Orders later work in the stream of an array's plan behind the work that was recorded in an event. */
    default void await(DeviceArray array, long event) {
        // Plans without streams are idle.
    }

    /** Releases an event. */
    default void destroy(long event) {
        // Without streams there is none.
    }
}

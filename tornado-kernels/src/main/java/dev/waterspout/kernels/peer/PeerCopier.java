package dev.waterspout.kernels.peer;

import java.util.List;

/** Copies between the memories of devices of one backend. Thread-safe. */
interface PeerCopier {
    /**
     * Copies ranges of other arrays into one, and returns when the copies are complete. The writers of the sources
     * must have ended before.
     *
     * @param target receives the ranges, which must not overlap in it
     * @param copies the ranges
     * @throws IllegalArgumentException if a range exceeds its array
     * @throws PeerException if the driver reports an error
     */
    void pull(DeviceArray target, List<PeerCopy> copies);
}

package dev.waterspout.kernels.peer;

import java.util.List;

/** Copies between the memories of devices of one backend. Used by several threads at once. */
interface PeerCopier {
    /**
     * Copies runs of other arrays into one, and returns when they are there. Whatever wrote the sources must have ended.
     *
     * @param target receives; its runs must not overlap
     * @param copies what goes where
     * @throws IllegalArgumentException if a run leaves its array
     * @throws PeerException if the driver refuses
     */
    void pull(DeviceArray target, List<PeerCopy> copies);
}

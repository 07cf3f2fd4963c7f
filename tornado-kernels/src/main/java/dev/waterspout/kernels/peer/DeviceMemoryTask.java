package dev.waterspout.kernels.peer;

import java.util.List;

/** A task of a graph that is given the addresses of its arrays. */
@FunctionalInterface
interface DeviceMemoryTask {
    /**
     * Runs on the host while the graph's tasks are enqueued. Earlier tasks may still be running.
     *
     * @param arrays the task's arrays, in its order
     */
    void run(List<DeviceArray> arrays);
}

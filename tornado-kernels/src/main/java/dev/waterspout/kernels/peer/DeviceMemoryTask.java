package dev.waterspout.kernels.peer;

import java.util.List;

/** Work on arrays in device memory, in the middle of a task graph. */
@FunctionalInterface
interface DeviceMemoryTask {
    /**
     * Runs when all earlier tasks of the plan have ended; later ones begin when it returns.
     *
     * @param arrays the task's arrays, in its order
     */
    void run(List<DeviceArray> arrays);
}

package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import java.util.Optional;

/** The operands of a case. One graph at a time may use them. */
interface TuneOperands {
    /**
     * {@return a graph of the case's one kernel}
     *
     * @param name name of the graph
     * @param device decides how the kernel runs
     */
    KernelGraph graph(String name, KernelDevice device);

    /**
     * Makes ready for an execution: what it overwrites is as it was.
     *
     * @param run counts up; where a run of the engine reads another layer each time, so does this
     */
    void prepare(int run);

    /** {@return how what the last execution left differs from the reference, or nothing} */
    Optional<String> mismatch();
}

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
     * @param device device with the kernel's choice
     */
    KernelGraph graph(String name, KernelDevice device);

    /**
     * Prepares an execution: restores the operands that an execution overwrites.
     *
     * @param run number of the execution; selects the layer, where a run of the engine reads another layer each time
     */
    void prepare(int run);

    /** {@return a description of how the last execution's result differs from the reference; empty if it does not} */
    Optional<String> mismatch();
}

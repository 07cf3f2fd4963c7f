package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Host;
import dev.waterspout.kernels.host.Activations;
import picocli.CommandLine.Option;

/** Options of the host device. */
public final class HostOptions {
    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads of all ranks together (default: the machine's cores, at least one per rank).")
    private int threads;

    @Option(
            names = {"-b", "--batch-size"},
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of the prompt in one forward pass (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    /**
     * Returns the settings of these options.
     *
     * @param activations inputs of matrix products
     * @param machineCode whether matrix products use machine code where they can
     */
    public Host host(Activations activations, boolean machineCode) {
        return new Host(threads, batchSize, activations, machineCode);
    }
}

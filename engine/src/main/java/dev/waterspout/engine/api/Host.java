package dev.waterspout.engine.api;

import dev.waterspout.engine.device.HostDevice;
import dev.waterspout.kernels.host.Activations;

/**
 * Options of the ranks on this machine's CPU.
 *
 * @param threads threads of all ranks of this machine together; 0 for one per core
 * @param batch largest number of tokens of a prompt in one forward pass
 * @param activations inputs of matrix products on the host: f32, or rounded to int8 where weights are quantized
 * @param machineCode whether matrix products on the host use machine code where they can
 */
public record Host(int threads, int batch, Activations activations, boolean machineCode) {
    /** Largest total number of threads of a machine's ranks. */
    public static final int MOST_THREADS = 4096;

    /** The defaults: all cores, 512 tokens, int8, machine code. */
    public static final Host DEFAULT = new Host(0, 512, Activations.INT8, true);

    /** Checks the ranges. */
    public Host {
        if (threads < 0 || threads > MOST_THREADS) {
            throw new IllegalArgumentException(
                    "number of threads " + threads + "; it must be within 1 to " + MOST_THREADS);
        }
        if (batch < 1) {
            throw new IllegalArgumentException("batch size " + batch + "; it must be at least 1");
        }
    }

    /**
     * Returns the threads of one rank.
     *
     * @param localRanks number of ranks on this machine
     */
    int threadsPerRank(int localRanks) {
        return Math.max(1, (threads > 0 ? threads : HostDevice.cores()) / localRanks);
    }
}

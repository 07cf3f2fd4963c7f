package dev.waterspout.kernels.device.tune;

import java.util.Optional;

/** One choice for one case, compiled. */
interface Trial extends AutoCloseable {
    /**
     * {@return a description of how the result differs from the reference; empty if it does not} Must be called before
     * {@link #run}.
     */
    Optional<String> mismatch();

    /** {@return the times of one more execution} */
    KernelTimes run();

    @Override
    void close();
}

package dev.waterspout.kernels.device.tune;

import java.util.Optional;

/** One way of running one case, compiled. */
interface Trial extends AutoCloseable {
    /** {@return how the result differs from the reference, or nothing}; the first thing that is asked of a trial. */
    Optional<String> mismatch();

    /** {@return the times of one more execution} */
    KernelTimes run();

    @Override
    void close();
}

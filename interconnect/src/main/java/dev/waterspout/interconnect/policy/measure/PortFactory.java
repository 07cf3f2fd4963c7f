package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.kernels.codec.WireFormat;

/**
 * Creates ports for measurements on the device of the run, over scratch memory with values like those of a partial. A
 * model's state is never used.
 */
@FunctionalInterface
public interface PortFactory {
    /**
     * Returns a port. The time of this call is not measured, but counts against the time limit. The method is called
     * many times per format, for at most the largest exchange; an implementation may return the same port each time.
     *
     * @param format wire format of partials
     * @param rows the most rows of an exchange
     * @param columns elements of a row
     */
    StagedPort create(WireFormat format, int rows, int columns);
}

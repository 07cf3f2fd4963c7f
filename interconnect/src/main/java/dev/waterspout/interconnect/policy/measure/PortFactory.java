package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.kernels.codec.WireFormat;

/**
 * Makes ports to measure with: on the device that will do the work, over scratch memory with values like those of a
 * partial, never over a model's state.
 */
@FunctionalInterface
public interface PortFactory {
    /**
     * Returns a port. What it costs to make one is not measured, but counts against the budget. A format's port is
     * asked for many times, never for more than the largest exchange: where ports are dear, it may be the same one each
     * time.
     *
     * @param format wire format of partials
     * @param rows the most rows of an exchange
     * @param columns elements of a row
     */
    StagedPort create(WireFormat format, int rows, int columns);
}

package dev.waterspout.engine.lab.predict;

import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import java.util.List;

/**
 * Devices and the link between them.
 *
 * @param devices one per rank, in rank order
 * @param link between them
 * @param codec cost of encoding and summing partials
 */
public record Machine(List<Device> devices, LinkCost link, CodecCosts codec) {
    /**
     * A device, described by the two figures of the roofline model (Williams, Waterman and Patterson 2009,
     * doi:10.1145/1498765.1498785).
     *
     * @param flops operations per second that matrix products reach
     * @param bytesPerSecond bandwidth of reads from memory
     */
    public record Device(double flops, double bytesPerSecond) {
        /** Checks the ranges. */
        public Device {
            if (!(flops > 0) || !(bytesPerSecond > 0)) {
                throw new IllegalArgumentException("device with " + flops + " operations and " + bytesPerSecond
                        + " bytes per second; both must be more than 0");
            }
        }

        /**
         * Returns the time of some work, in seconds.
         *
         * @param work operations and bytes
         */
        public double seconds(PassWork work) {
            return Math.max(work.flops() / flops, work.bytes() / bytesPerSecond);
        }
    }

    /** Copies the list. */
    public Machine {
        devices = List.copyOf(devices);
    }

    /**
     * Returns the same devices on another link.
     *
     * @param other the link
     */
    public Machine withLink(LinkCost other) {
        return new Machine(devices, other, codec);
    }
}

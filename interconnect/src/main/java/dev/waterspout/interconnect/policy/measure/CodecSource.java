package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;

/**
 * The source of the speeds of a rank's codecs. A device encodes and sums with its own kernels, so measurements of
 * ports in host memory do not apply to it. The figures of the slowest rank are used.
 */
@FunctionalInterface
public interface CodecSource {
    /** The ports of the run are measured. */
    CodecSource PORTS = (formats, maxRows, columns, ranks) -> CodecCosts.NONE;

    /**
     * Returns known or measured costs. Called by the rank's thread. Formats without a cost in the result are measured
     * with the rank's ports. If any rank returns costs, the policy uses its model without trials, because a trial
     * would run on the ports.
     *
     * @param formats formats whose costs are needed
     * @param maxRows the largest exchange
     * @param columns elements of a row
     * @param ranks number of ranks that exchange, and of packets that are summed
     */
    CodecCosts measure(List<WireFormat> formats, int maxRows, int columns, int ranks);
}

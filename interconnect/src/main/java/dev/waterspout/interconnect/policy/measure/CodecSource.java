package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;

/**
 * Where the speed of a rank's codecs comes from: a device packs and sums by kernels of its own, which ports in this
 * process's memory do not show. Of all ranks the slowest counts, wherever its figures come from.
 */
@FunctionalInterface
public interface CodecSource {
    /** The ports are what does the work, and are measured. */
    CodecSource PORTS = (formats, maxRows, columns, ranks) -> CodecCosts.NONE;

    /**
     * Measures, or says what is known. Called by the rank's thread. Formats that are not in the answer are measured
     * with the rank's ports. Where any rank has a source of its own, the policy trusts its model and tries nothing: a
     * trial would run on the ports.
     *
     * @param formats formats of which costs are wanted
     * @param maxRows the largest exchange
     * @param columns elements of a row
     * @param ranks number of ranks that exchange, and of packets that are summed
     */
    CodecCosts measure(List<WireFormat> formats, int maxRows, int columns, int ranks);
}

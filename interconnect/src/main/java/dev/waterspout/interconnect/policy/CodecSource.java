package dev.waterspout.interconnect.policy;

/**
 * What a rank's compute knows of the speed of its codecs: a device that packs and sums by kernels of its own, which ports
 * in this process's memory do not show. Of all ranks the slowest counts, wherever its figures come from.
 */
@FunctionalInterface
public interface CodecSource {
    /** Knows nothing: the ports are what does the work, and are measured. */
    CodecSource MEASURED = (settings, ranks) -> CodecProfile.NONE;

    /**
     * Returns what is known. Formats that are not in it are measured with the rank's ports. Once any rank knows one, the
     * policy trusts its model and tries nothing: a trial would run on the ports.
     *
     * @param settings formats and sizes
     * @param ranks how many exchange: so many shards are summed
     */
    CodecProfile known(CommSettings settings, int ranks);
}

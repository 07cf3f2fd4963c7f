package dev.waterspout.interconnect.policy.measure;

/**
 * The cost of a link. An exchange in which each of N ranks sends {@code b} bytes to each of its {@code N - 1} peers
 * takes {@code latencySeconds + (N - 1) x b / bytesPerSecond} seconds.
 *
 * @param latencySeconds time of an exchange of almost no bytes, at least 0
 * @param bytesPerSecond rate at which one rank sends to all its peers together; above 0, infinite if nothing is sent
 */
public record LinkCost(double latencySeconds, double bytesPerSecond) {
    /** An unmeasured link between processes: 1 Gbit/s, 30 us. */
    public static final LinkCost USUAL = new LinkCost(30e-6, 125e6);

    /** No link: a single rank, or ranks that share memory. */
    public static final LinkCost NONE = new LinkCost(0, Double.POSITIVE_INFINITY);

    /** Checks the ranges. */
    public LinkCost {
        if (!(latencySeconds >= 0) || Double.isInfinite(latencySeconds)) {
            throw new IllegalArgumentException("latency " + latencySeconds + " s; it must be at least 0 and finite");
        }
        if (!(bytesPerSecond > 0)) {
            throw new IllegalArgumentException("bandwidth " + bytesPerSecond + " bytes/s; it must be more than 0");
        }
    }

    /**
     * Returns the seconds that an exchange takes.
     *
     * @param peers number of ranks that each rank sends to
     * @param bytesPerPeer bytes to each peer, frame and payload
     */
    public double seconds(int peers, double bytesPerPeer) {
        return latencySeconds + peers * bytesPerPeer / bytesPerSecond;
    }
}

package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import java.util.List;

/**
 * The measurements that a decision is based on.
 *
 * @param link latency and bandwidth
 * @param codec the cost of encode, reduce and sum per format
 * @param trials times of whole exchanges, in the order of the trials
 */
public record Measurements(LinkCost link, CodecCosts codec, List<Trial> trials) {
    /** No measurements. */
    static final Measurements NONE = new Measurements(LinkCost.NONE, CodecCosts.NONE);

    /**
     * The time of a whole exchange over scratch memory.
     *
     * @param choice collective, wire format and chunk size
     * @param rows tokens
     * @param seconds time of the slowest rank
     */
    public record Trial(CommChoice choice, int rows, double seconds) {
        /** Checks the ranges. */
        public Trial {
            if (rows < 1 || !(seconds > 0) || Double.isInfinite(seconds)) {
                throw new IllegalArgumentException(
                        "a trial of " + rows + " rows and " + seconds + " s; both must be more than 0 and finite");
            }
        }
    }

    /** Copies the list. */
    public Measurements {
        trials = List.copyOf(trials);
    }

    /** Without trials. */
    public Measurements(LinkCost link, CodecCosts codec) {
        this(link, codec, List.of());
    }

    /** {@return the same with other trials} */
    Measurements with(List<Trial> others) {
        return new Measurements(link, codec, others);
    }

    /** {@return whether a link was measured} */
    boolean hasLink() {
        return !Double.isInfinite(link.bytesPerSecond());
    }
}

package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.TopKFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The time of an exchange's arithmetic on the slowest rank.
 *
 * @param costs the cost of each measured format
 */
public record CodecCosts(Map<WireFormat, Cost> costs) {
    /** No measurements. */
    public static final CodecCosts NONE = new CodecCosts(Map.of());

    /**
     * Assumed speeds: 6 GB/s of f32, and 10 GB/s for sums. Compiled code of formats of 3 to 8 bits in blocks of 32
     * reaches 8 to 13 and 13 to 26 GB/s on one core (Zen 4, AVX-512).
     */
    private static final Cost USUAL =
            new Cost(new Line(1e-6, 4 / 6e9), new Line(1e-6, 4 / 6e9), new Line(1e-6, 4 / 10e9), false);

    /**
     * Assumed speed of the baselines: 8 GB/s, higher than that of compressed formats, so that compression is not
     * favoured.
     */
    private static final Cost PLAIN_USUAL =
            new Cost(new Line(1e-6, 0.5e-9), new Line(1e-6, 0.5e-9), new Line(1e-6, 0.5e-9), false);

    /**
     * The time of a call as a linear function of its elements.
     *
     * @param fixedSeconds time per call independent of the size, at least 0
     * @param perElementSeconds time per element, at least 0
     */
    public record Line(double fixedSeconds, double perElementSeconds) {
        /** Checks the ranges. */
        public Line {
            if (!isTime(fixedSeconds) || !isTime(perElementSeconds)) {
                throw new IllegalArgumentException("cost of " + fixedSeconds + " s and " + perElementSeconds
                        + " s per element; both must be at least 0 and finite");
            }
        }

        /**
         * Returns the line through two times, with neither a negative slope nor a negative fixed part.
         *
         * @param few elements of the first call
         * @param fewSeconds time of the first call
         * @param many elements of the second call
         * @param manySeconds time of the second call
         */
        public static Line through(double few, double fewSeconds, double many, double manySeconds) {
            if (many <= few || manySeconds <= fewSeconds) {
                return new Line(0, manySeconds / many);
            }
            double slope = Math.min((manySeconds - fewSeconds) / (many - few), manySeconds / many);
            return new Line(Math.max(0, fewSeconds - slope * few), slope);
        }

        private static boolean isTime(double seconds) {
            return seconds >= 0 && !Double.isInfinite(seconds);
        }

        /**
         * Returns the seconds of some calls.
         *
         * @param calls number of calls
         * @param elements elements of all calls together
         */
        public double seconds(double calls, double elements) {
            return calls * fixedSeconds + elements * perElementSeconds;
        }

        /** Returns the throughput in GB of f32 per second, without the fixed costs of calls. */
        public double gigabytesPerSecond() {
            return Float.BYTES / perElementSeconds * 1e-9;
        }
    }

    /**
     * A format's cost.
     *
     * @param encode per element of the partial
     * @param reduce per element of all packets together
     * @param decodeSum per element of all packets together
     * @param measured whether the figures were measured on this machine after the warm-up; other figures are not cached
     */
    public record Cost(Line encode, Line reduce, Line decodeSum, boolean measured) {
        /** Measured figures. */
        public Cost(Line encode, Line reduce, Line decodeSum) {
            this(encode, reduce, decodeSum, true);
        }
    }

    /** Copies the map and keeps its order. */
    public CodecCosts {
        costs = Collections.unmodifiableMap(new LinkedHashMap<>(costs));
    }

    /**
     * Returns these costs, with the usual cost of a compiled codec for each format that has no measured figures. A
     * format that sorts has no usual cost and is left out.
     *
     * @param formats formats to assume costs for
     */
    public CodecCosts assuming(List<WireFormat> formats) {
        Map<WireFormat, Cost> assumed = new LinkedHashMap<>(measured().costs());
        formats.stream()
                .filter(format -> !(format instanceof TopKFormat))
                .forEach(format -> assumed.putIfAbsent(format, format instanceof PlainFormat ? PLAIN_USUAL : USUAL));
        return new CodecCosts(assumed);
    }

    /** Returns the measured figures, which are cached. */
    public CodecCosts measured() {
        Map<WireFormat, Cost> kept = new LinkedHashMap<>(costs);
        kept.values().removeIf(cost -> !cost.measured());
        return new CodecCosts(kept);
    }

    /**
     * Returns these costs with those of another measurement, which replace figures of the same format.
     *
     * @param newer the other measurement
     */
    public CodecCosts with(CodecCosts newer) {
        Map<WireFormat, Cost> both = new LinkedHashMap<>(costs);
        both.putAll(newer.costs);
        return new CodecCosts(both);
    }
}

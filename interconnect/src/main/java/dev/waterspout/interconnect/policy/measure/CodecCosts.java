package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.TopKFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the arithmetic of an exchange costs on the slowest rank.
 *
 * @param costs per format that was measured
 */
public record CodecCosts(Map<WireFormat, Cost> costs) {
    /** Nothing measured. */
    public static final CodecCosts NONE = new CodecCosts(Map.of());

    /**
     * 6 GB/s of f32, and 10 to sum: what formats of 3 to 8 bits in blocks of 32 reach on one core is 8 to 13 and 13 to
     * 26 (Zen 4, AVX-512), once the code is compiled.
     */
    private static final Cost USUAL =
            new Cost(new Line(1e-6, 4 / 6e9), new Line(1e-6, 4 / 6e9), new Line(1e-6, 4 / 10e9), false);

    /** 8 GB/s: what has to be beaten is not made to look slow. */
    private static final Cost PLAIN_USUAL =
            new Cost(new Line(1e-6, 0.5e-9), new Line(1e-6, 0.5e-9), new Line(1e-6, 0.5e-9), false);

    /**
     * A straight line.
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

        /** Returns how many bytes of f32 go through in a second, in GB, calls' fixed costs left out. */
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
     * @param measured whether the figures are of this machine, taken when they had stopped changing; others are not
     *     kept
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
     * @param formats those to assume costs for
     */
    public CodecCosts assuming(List<WireFormat> formats) {
        Map<WireFormat, Cost> assumed = new LinkedHashMap<>(measured().costs());
        formats.stream()
                .filter(format -> !(format instanceof TopKFormat))
                .forEach(format -> assumed.putIfAbsent(format, format instanceof PlainFormat ? PLAIN_USUAL : USUAL));
        return new CodecCosts(assumed);
    }

    /** Returns the figures that are worth keeping. */
    public CodecCosts measured() {
        Map<WireFormat, Cost> kept = new LinkedHashMap<>(costs);
        kept.values().removeIf(cost -> !cost.measured());
        return new CodecCosts(kept);
    }

    /**
     * Returns this profile with what another adds or knows better.
     *
     * @param newer the other
     */
    public CodecCosts with(CodecCosts newer) {
        Map<WireFormat, Cost> both = new LinkedHashMap<>(costs);
        both.putAll(newer.costs);
        return new CodecCosts(both);
    }
}

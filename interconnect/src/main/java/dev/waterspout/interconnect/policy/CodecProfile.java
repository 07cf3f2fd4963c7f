package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the arithmetic of an exchange costs on the slowest rank.
 *
 * @param costs per format that was measured
 */
public record CodecProfile(Map<WireFormat, Cost> costs) {
    /** Nothing measured. */
    public static final CodecProfile NONE = new CodecProfile(Map.of());

    /** 2 and 8 GB/s of f32: less than any processor that was measured, once the code is compiled. */
    private static final Line USUAL = new Line(2e-6, 2e-9);

    private static final Line PLAIN_USUAL = new Line(1e-6, 0.5e-9);

    /**
     * A straight line.
     *
     * @param fixedSeconds of each call, at least 0
     * @param perElementSeconds of each element, at least 0
     */
    public record Line(double fixedSeconds, double perElementSeconds) {
        /** Checks the ranges. */
        public Line {
            if (!isTime(fixedSeconds) || !isTime(perElementSeconds)) {
                throw new IllegalArgumentException("cost of " + fixedSeconds + " s and " + perElementSeconds
                        + " s per element; both must be at least 0 and finite");
            }
        }

        /** The line through the times of few and of many elements; {@return one that never falls and never goes below 0} */
        static Line through(double few, double fewSeconds, double many, double manySeconds) {
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
         * @param calls how many
         * @param elements of all calls together
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
     * @param reduce per element of all shards together
     * @param decodeSum per element of all shards together
     * @param steady whether the figures had stopped changing when they were taken; others are too slow, and not kept
     */
    public record Cost(Line encode, Line reduce, Line decodeSum, boolean steady) {
        /** Steady figures. */
        public Cost(Line encode, Line reduce, Line decodeSum) {
            this(encode, reduce, decodeSum, true);
        }
    }

    /** Copies the map and keeps its order. */
    public CodecProfile {
        costs = Collections.unmodifiableMap(new LinkedHashMap<>(costs));
    }

    /** {@return the same, with what a compiled codec usually takes in place of figures that were not steady} */
    CodecProfile withAssumptions() {
        Map<WireFormat, Cost> assumed = new LinkedHashMap<>();
        costs.forEach((format, cost) -> {
            Line line = format instanceof PlainFormat ? PLAIN_USUAL : USUAL;
            assumed.put(format, cost.steady() ? cost : new Cost(line, line, line, false));
        });
        return new CodecProfile(assumed);
    }

    /** Returns the figures that are worth keeping. */
    public CodecProfile steady() {
        Map<WireFormat, Cost> kept = new LinkedHashMap<>();
        costs.forEach((format, cost) -> {
            if (cost.steady()) {
                kept.put(format, cost);
            }
        });
        return new CodecProfile(kept);
    }

    /**
     * Returns this profile with what another adds or knows better.
     *
     * @param newer the other
     */
    public CodecProfile with(CodecProfile newer) {
        Map<WireFormat, Cost> both = new LinkedHashMap<>(costs);
        both.putAll(newer.costs);
        return new CodecProfile(both);
    }
}

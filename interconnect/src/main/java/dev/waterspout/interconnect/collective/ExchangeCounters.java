package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.timeline.Timeline;
import java.util.EnumMap;
import java.util.Map;

/**
 * The traffic and times of one rank's exchanges so far. Only the rank's thread writes it. Other threads may read it
 * when the rank is idle.
 */
public final class ExchangeCounters {
    private final Map<CollectiveKind, Traffic> traffic = new EnumMap<>(CollectiveKind.class);
    private long quantizeNanos;
    private long transferNanos;
    private long sumNanos;
    private long saturated;
    private Timeline timeline = Timeline.OFF;

    /**
     * Bytes and messages of one kind. Bytes are whole frames, header and payload, once per peer.
     *
     * @param bytesSent bytes sent to all peers together
     * @param bytesReceived bytes received from all peers together
     * @param messages number of messages sent
     */
    public record Traffic(long bytesSent, long bytesReceived, long messages) {
        /** No traffic. */
        public static final Traffic ZERO = new Traffic(0, 0, 0);

        /** Returns the same messages with more bytes in either direction. */
        Traffic withPayload(long bytes) {
            return new Traffic(bytesSent + bytes, bytesReceived + bytes, messages);
        }

        private Traffic combine(Traffic other, int sign) {
            return new Traffic(
                    bytesSent + sign * other.bytesSent,
                    bytesReceived + sign * other.bytesReceived,
                    messages + sign * other.messages);
        }
    }

    /**
     * Totals at one moment.
     *
     * @param quantizeNanos time spent encoding partials
     * @param transferNanos time spent in the transport, waiting for slower ranks included
     * @param sumNanos time spent on dequantize, sum and residual
     * @param traffic the traffic by purpose; a purpose without traffic may be left out
     * @param saturated number of blocks or values that reached the end of their format's range in this rank's encoded
     *     partials and sums, by {@link dev.waterspout.kernels.codec.RangeCheck}
     */
    public record Snapshot(
            long quantizeNanos,
            long transferNanos,
            long sumNanos,
            Map<CollectiveKind, Traffic> traffic,
            long saturated) {
        /** Nothing exchanged. */
        public static final Snapshot ZERO = new Snapshot(0, 0, 0, Map.of(), 0);

        /** Copies the map. */
        public Snapshot {
            traffic = Map.copyOf(traffic);
        }

        /**
         * Returns the sum of this and another snapshot.
         *
         * @param other the snapshot to add
         */
        public Snapshot plus(Snapshot other) {
            return combine(other, 1);
        }

        /**
         * Returns the traffic and times between an earlier snapshot and this one.
         *
         * @param earlier the snapshot to subtract
         */
        public Snapshot minus(Snapshot earlier) {
            return combine(earlier, -1);
        }

        private Snapshot combine(Snapshot other, int sign) {
            Map<CollectiveKind, Traffic> combined = new EnumMap<>(CollectiveKind.class);
            for (CollectiveKind kind : CollectiveKind.values()) {
                Traffic both = traffic(kind).combine(other.traffic(kind), sign);
                if (!both.equals(Traffic.ZERO)) {
                    combined.put(kind, both);
                }
            }
            return new Snapshot(
                    quantizeNanos + sign * other.quantizeNanos,
                    transferNanos + sign * other.transferNanos,
                    sumNanos + sign * other.sumNanos,
                    combined,
                    saturated + sign * other.saturated);
        }

        /** Returns the time spent on exchange altogether, in nanoseconds. */
        public long nanos() {
            return quantizeNanos + transferNanos + sumNanos;
        }

        /**
         * Returns the traffic of one purpose.
         *
         * @param kind the purpose
         */
        public Traffic traffic(CollectiveKind kind) {
            return traffic.getOrDefault(kind, Traffic.ZERO);
        }

        /** Returns the traffic of all purposes together. */
        public Traffic total() {
            return traffic.values().stream().reduce(Traffic.ZERO, (a, b) -> a.combine(b, 1));
        }
    }

    /**
     * Records the rank's phases from now on.
     *
     * @param into receives the phases
     */
    public void record(Timeline into) {
        timeline = into;
    }

    /** Returns the recorder of the rank's phases; {@link Timeline#OFF} if they are not recorded. */
    public Timeline timeline() {
        return timeline;
    }

    /** Returns the totals so far. */
    public Snapshot snapshot() {
        return new Snapshot(quantizeNanos, transferNanos, sumNanos, traffic, saturated);
    }

    /** Returns the time spent on exchange altogether, in nanoseconds. */
    public long nanos() {
        return quantizeNanos + transferNanos + sumNanos;
    }

    /** Returns the number of blocks or values that have reached the end of their format's range so far. */
    public long saturated() {
        return saturated;
    }

    void addSaturated(long count) {
        saturated += count;
    }

    void addTimes(long quantize, long transfer, long sum) {
        quantizeNanos += quantize;
        transferNanos += transfer;
        sumNanos += sum;
    }

    void addTraffic(CollectiveKind kind, Traffic travelled) {
        if (!travelled.equals(Traffic.ZERO)) {
            traffic.merge(kind, travelled, (a, b) -> a.combine(b, 1));
        }
    }
}

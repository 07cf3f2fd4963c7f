package dev.waterspout.interconnect.collective;

/** What one rank has exchanged so far. Written by the rank's thread alone; read it when the rank is idle. */
public final class ExchangeCounters {
    private Snapshot total = Snapshot.ZERO;

    /**
     * Bytes and messages of one kind. Bytes are whole frames, header and payload, once per peer.
     *
     * @param bytesSent to all peers together
     * @param bytesReceived from all peers together
     * @param messages sent
     */
    public record Traffic(long bytesSent, long bytesReceived, long messages) {
        /** No traffic. */
        public static final Traffic ZERO = new Traffic(0, 0, 0);

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
     * @param partials traffic of row-parallel layers
     * @param logits traffic of the output head
     */
    public record Snapshot(long quantizeNanos, long transferNanos, long sumNanos, Traffic partials, Traffic logits) {
        /** Nothing exchanged. */
        public static final Snapshot ZERO = new Snapshot(0, 0, 0, Traffic.ZERO, Traffic.ZERO);

        /**
         * Returns the sum of this and another snapshot.
         *
         * @param other what to add
         */
        public Snapshot plus(Snapshot other) {
            return combine(other, 1);
        }

        /**
         * Returns what was exchanged between an earlier snapshot and this one.
         *
         * @param earlier what to subtract
         */
        public Snapshot minus(Snapshot earlier) {
            return combine(earlier, -1);
        }

        private Snapshot combine(Snapshot other, int sign) {
            return new Snapshot(
                    quantizeNanos + sign * other.quantizeNanos,
                    transferNanos + sign * other.transferNanos,
                    sumNanos + sign * other.sumNanos,
                    partials.combine(other.partials, sign),
                    logits.combine(other.logits, sign));
        }

        /** Returns the time spent on exchange altogether, in nanoseconds. */
        public long nanos() {
            return quantizeNanos + transferNanos + sumNanos;
        }

        /** Returns the bytes sent of either kind. */
        public long bytesSent() {
            return partials.bytesSent + logits.bytesSent;
        }

        /** Returns the bytes received of either kind. */
        public long bytesReceived() {
            return partials.bytesReceived + logits.bytesReceived;
        }

        /** Returns the messages sent of either kind. */
        public long messagesSent() {
            return partials.messages + logits.messages;
        }
    }

    /** Returns the totals so far. */
    public Snapshot snapshot() {
        return total;
    }

    void add(Snapshot exchanged) {
        total = total.plus(exchanged);
    }
}

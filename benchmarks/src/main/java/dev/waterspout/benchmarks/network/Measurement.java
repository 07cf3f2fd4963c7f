package dev.waterspout.benchmarks.network;

import java.util.List;

/**
 * The times of one contender at one size.
 *
 * @param name name of the contender
 * @param detail the exchange that it chose for this size; empty if the name determines it
 * @param chunkRows rows in one message
 * @param rows tokens
 * @param bytesSent bytes that one rank sends in one sum
 * @param millis time of the slowest rank in each repetition, in ascending order
 * @param encodeMillis average time of encoding in one exchange on rank 0; the following two are those of transfer and
 *     sum
 */
record Measurement(
        String name,
        String detail,
        int chunkRows,
        int rows,
        long bytesSent,
        List<Double> millis,
        double encodeMillis,
        double transferMillis,
        double sumMillis) {
    Measurement {
        millis = millis.stream().sorted().toList();
    }

    double median() {
        return percentile(0.5);
    }

    double p90() {
        return percentile(0.9);
    }

    /** {@return the upper quartile, up to which a repetition counts as usual} */
    double upperQuartile() {
        return percentile(0.75);
    }

    private double percentile(double share) {
        return millis.get(Math.min(millis.size() - 1, (int) (millis.size() * share)));
    }

    /** {@return the speed-up over a baseline} */
    double ratio(Measurement baseline) {
        return baseline.median() / median();
    }

    /** {@return the bytes of a baseline over the bytes of this one} */
    double bytesRatio(Measurement baseline) {
        return (double) baseline.bytesSent / bytesSent;
    }
}

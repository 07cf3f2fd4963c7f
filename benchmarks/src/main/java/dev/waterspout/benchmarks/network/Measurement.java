package dev.waterspout.benchmarks.network;

import java.util.List;

/**
 * The times of one contender at one size.
 *
 * @param name of the contender
 * @param detail what that does at this size, if the name does not say it
 * @param chunkRows rows in one message
 * @param rows tokens
 * @param bytesSent by one rank in one sum
 * @param millis of each repetition, that of the slowest rank, in ascending order
 * @param encodeMillis spent by rank 0 in one sum, on average; likewise the others
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

    /** {@return what a repetition may take without being slower than usual} */
    double upperQuartile() {
        return percentile(0.75);
    }

    private double percentile(double share) {
        return millis.get(Math.min(millis.size() - 1, (int) (millis.size() * share)));
    }

    /** {@return how many times faster than a baseline} */
    double ratio(Measurement baseline) {
        return baseline.median() / median();
    }

    /** {@return how many times fewer bytes than a baseline} */
    double bytesRatio(Measurement baseline) {
        return (double) baseline.bytesSent / bytesSent;
    }
}

package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Measures a rank's time of encoding, reducing and summing per format. After {@link WarmUp}, 1 row and many rows are
 * timed, and a straight line is fitted to the two times. Each time is the lower quartile of its repetitions. Each rank
 * measures independently; the ranks agree on the slowest afterwards.
 */
public final class CodecProbe {
    private static final int MOST_ROWS = 64;
    /** Longest time of one repetition of many rows. */
    private static final double LONGEST_SECONDS = 0.004;

    private static final int MOST_REPETITIONS = 30;
    private static final int FEWEST_REPETITIONS = 3;
    private static final double SIZE_SECONDS = 0.006;

    private final int ranks;
    private final PortFactory ports;
    private final Clocks clocks;

    /**
     * @param ranks number of ranks, and of packets that are summed
     * @param ports ports to measure
     * @param clocks clocks of this rank
     */
    public CodecProbe(int ranks, PortFactory ports, Clocks clocks) {
        this.ranks = ranks;
        this.ports = ports;
        this.clocks = clocks;
    }

    /**
     * Warms up all formats together and measures them one after the other.
     *
     * @param formats formats to measure, the most important first; the first is measured in any case
     * @param maxRows the largest exchange
     * @param columns elements of a row
     * @param warmUp time limit for the figures to become steady
     * @param most time limit; formats for which no time is left are not measured
     * @return this rank's costs
     */
    public CodecCosts measure(List<WireFormat> formats, int maxRows, int columns, Duration warmUp, Duration most) {
        if (formats.isEmpty()) {
            return CodecCosts.NONE;
        }
        Set<WireFormat> steady = WarmUp.run(formats, columns, ranks, ports, clocks, warmUp);
        long start = clocks.nanos().getAsLong();
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        for (WireFormat format : formats) {
            if (!costs.isEmpty() && Seconds.since(clocks.nanos(), start) >= Seconds.of(most)) {
                break;
            }
            costs.put(format, cost(format, maxRows, columns, steady.contains(format)));
        }
        return new CodecCosts(costs);
    }

    private Cost cost(WireFormat format, int maxRows, int columns, boolean steady) {
        try (Arena arena = Arena.ofShared()) {
            double[] one = times(new CodecWork(format, 1, columns, ranks, ports, arena));
            double fitting = LONGEST_SECONDS / Math.max(one[0] + one[1] + one[2], 1e-9);
            int rows = (int) Math.clamp(fitting, 1, Math.min(maxRows, MOST_ROWS));
            double[] many = rows == 1 ? one : times(new CodecWork(format, rows, columns, ranks, ports, arena));
            double packets = (double) ranks * columns;
            return new Cost(
                    Line.through(columns, one[0], (double) rows * columns, many[0]),
                    Line.through(packets, one[1], rows * packets, many[1]),
                    Line.through(packets, one[2], rows * packets, many[2]),
                    steady);
        }
    }

    private double[] times(CodecWork work) {
        List<double[]> rounds = new ArrayList<>();
        long start = clocks.nanos().getAsLong();
        while (rounds.size() < FEWEST_REPETITIONS
                || (rounds.size() < MOST_REPETITIONS && Seconds.since(clocks.nanos(), start) < SIZE_SECONDS)) {
            rounds.add(work.time(clocks.nanos()));
        }
        double[] typical = CodecWork.never();
        for (int i = 0; i < typical.length; i++) {
            int operation = i;
            typical[i] = Seconds.typical(
                    rounds.stream().mapToDouble(round -> round[operation]).toArray());
        }
        return typical;
    }
}

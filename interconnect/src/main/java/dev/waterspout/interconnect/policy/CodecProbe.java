package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.interconnect.policy.CodecProfile.Cost;
import dev.waterspout.interconnect.policy.CodecProfile.Line;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Measures what encoding, reducing and summing cost a rank, per format: at 1 row and at many, on which a straight line is
 * laid. Sizes grow from small to large, which warms up the JIT, and stop where the next one would not fit into the budget;
 * 1 row is measured once more at the end. All ranks measure at the same time, because ranks of one machine share its
 * cores, and agree on the slowest rank's times.
 */
public final class CodecProbe {
    /** How long a format may take, unless the caller says otherwise. */
    public static final Duration BUDGET = Duration.ofMillis(60);

    private static final int MOST_ROWS = 256;
    private static final int GROWTH = 4;
    private static final int MOST_ROUNDS = 200;
    /** Payloads that are different memory; with more ranks they repeat. */
    private static final int PAYLOADS = 4;

    private final Agreement agreement;
    private final int ranks;
    private final PortFactory ports;
    private final LongSupplier nanoClock;

    /**
     * @param control of the ranks that agree
     * @param ranks how many they are: so many shards are summed
     * @param ports where to measure
     * @param nanoClock the time, as {@link System#nanoTime}
     */
    public CodecProbe(ControlChannel control, int ranks, PortFactory ports, LongSupplier nanoClock) {
        this.agreement = new Agreement(control);
        this.ranks = ranks;
        this.ports = ports;
        this.nanoClock = nanoClock;
    }

    /**
     * Measures formats one after the other until the time is spent. Called on all ranks; {@return the same on each}
     *
     * @param formats what to measure, the most important first; the first is measured in any case
     * @param maxRows the largest exchange
     * @param columns elements of a row
     * @param perFormat how long a format may take
     * @param total how long all may take
     */
    public CodecProfile measure(
            List<WireFormat> formats, int maxRows, int columns, Duration perFormat, Duration total) {
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        long start = nanoClock.getAsLong();
        double spent = 0;
        for (WireFormat format : formats) {
            double left = Seconds.of(total) - spent;
            if (left <= 0 && !costs.isEmpty()) {
                break;
            }
            double budget = Math.min(left, Seconds.of(perFormat));
            try (Arena arena = Arena.ofShared()) {
                costs.put(format, new Run(format, columns, arena).measure(maxRows, budget));
            }
            spent = agreement.max(Seconds.since(nanoClock, start));
        }
        return new CodecProfile(costs);
    }

    /** {@return 1, 4, 16, ... and the most rows} */
    static List<Integer> sizes(int mostRows) {
        List<Integer> sizes = new ArrayList<>();
        for (int rows = 1; rows < mostRows; rows *= GROWTH) {
            sizes.add(rows);
        }
        sizes.add(mostRows);
        return sizes;
    }

    /** Seconds of one call each, how many rows were in it, and the shortest of all three together. */
    private record Times(int rows, double encode, double reduce, double decodeSum, double shortest) {}

    /** The measurement of one format. */
    private final class Run {
        private final WireFormat format;
        private final int columns;
        private final Arena arena;

        private Run(WireFormat format, int columns, Arena arena) {
            this.format = format;
            this.columns = columns;
            this.arena = arena;
        }

        private Cost measure(int maxRows, double budget) {
            List<Integer> sizes = sizes(Math.min(maxRows, MOST_ROWS));
            StagedPort port = ports.create(format, maxRows, columns);
            double slice = Math.max(0, budget) / (sizes.size() + 1);
            long start = nanoClock.getAsLong();
            Times last = times(port, 1, slice);
            for (int rows : sizes.subList(1, sizes.size())) {
                double expected = last.shortest() * rows / last.rows();
                if (agreement.max(Seconds.since(nanoClock, start)) + expected > budget) {
                    break;
                }
                last = times(port, rows, slice);
            }
            Times one = last.rows() == 1 ? last : times(port, 1, slice);
            double shards = (double) ranks * columns;
            return new Cost(
                    line(columns, one.encode(), last, last.encode()),
                    line(shards, one.reduce(), last, last.reduce()),
                    line(shards, one.decodeSum(), last, last.decodeSum()));
        }

        private static Line line(double rowElements, double oneRow, Times last, double many) {
            return Line.through(rowElements, oneRow, last.rows() * rowElements, many);
        }

        /** Repeats one size for a while; {@return the lower quartiles of the later half, of the slowest rank} */
        private Times times(StagedPort port, int rows, double seconds) {
            Tile tile = new Tile(0, rows, 0, columns);
            MemorySegment[] payloads = payloads(port, tile);
            MemorySegment sum = arena.allocate(format.encodedBytes(rows, columns), 64);
            List<double[]> rounds = new ArrayList<>();
            long start = nanoClock.getAsLong();
            do {
                rounds.add(new double[] {
                    Seconds.time(nanoClock, () -> port.encode(tile, payloads[0])),
                    Seconds.time(nanoClock, () -> port.reduce(payloads, tile, sum)),
                    Seconds.time(nanoClock, () -> port.decodeSum(payloads, tile))
                });
            } while (rounds.size() < MOST_ROUNDS && Seconds.since(nanoClock, start) < seconds);
            double[] slowest =
                    agreement.max(typical(rounds, 0), typical(rounds, 1), typical(rounds, 2), shortest(rounds));
            return new Times(rows, slowest[0], slowest[1], slowest[2], slowest[3]);
        }

        private static double shortest(List<double[]> rounds) {
            return rounds.stream()
                    .mapToDouble(round -> Arrays.stream(round).sum())
                    .min()
                    .orElseThrow();
        }

        private static double typical(List<double[]> rounds, int what) {
            double[] later = rounds.subList(rounds.size() / 2, rounds.size()).stream()
                    .mapToDouble(round -> round[what])
                    .sorted()
                    .toArray();
            return later[(later.length - 1) / 4];
        }

        /** {@return one encoded partial per rank} */
        private MemorySegment[] payloads(StagedPort port, Tile tile) {
            MemorySegment[] different = new MemorySegment[Math.min(ranks, PAYLOADS)];
            Arrays.setAll(different, i -> {
                MemorySegment payload = arena.allocate(format.encodedBytes(tile.rows(), tile.columns()), 64);
                port.encode(tile, payload);
                return payload;
            });
            MemorySegment[] payloads = new MemorySegment[ranks];
            Arrays.setAll(payloads, rank -> different[rank % different.length]);
            return payloads;
        }
    }
}

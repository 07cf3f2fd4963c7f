package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Lets the JIT compile codecs before they are measured: vector code that is interpreted is a thousand times slower. Needs
 * no other rank, so a run with time for it, while weights are read, can do it beforehand on a thread of its own.
 */
public final class WarmUp {
    /** By then everything is compiled. */
    private static final int MOST_ROUNDS = 20_000;

    private WarmUp() {}

    /**
     * Encodes, reduces and sums one row in every format by turns, until the time is spent.
     *
     * @param settings what will be measured
     * @param ranks how many exchange
     * @param ports where
     * @param nanoClock the time, as {@link System#nanoTime}
     * @param budget how long; nothing is done if it is zero
     */
    public static void run(
            CommSettings settings, int ranks, PortFactory ports, LongSupplier nanoClock, Duration budget) {
        double seconds = Seconds.of(budget);
        long start = nanoClock.getAsLong();
        try (Arena arena = Arena.ofShared()) {
            List<Work> all = settings.formats().stream()
                    .map(format -> work(format, settings, ranks, ports, arena))
                    .toList();
            // A clock that stands still ends the loop as well.
            for (int round = 0; round < MOST_ROUNDS; round++) {
                for (Work work : all) {
                    if (Seconds.since(nanoClock, start) >= seconds) {
                        return;
                    }
                    work.run();
                }
            }
        }
    }

    private record Work(StagedPort port, Tile tile, List<MemorySegment> shards, MemorySegment sum) {
        private void run() {
            MemorySegment[] payloads = shards.toArray(MemorySegment[]::new);
            port.encode(tile, payloads[0]);
            port.reduce(payloads, tile, sum);
            port.decodeSum(payloads, tile);
        }
    }

    private static Work work(WireFormat format, CommSettings settings, int ranks, PortFactory ports, Arena arena) {
        Tile row = new Tile(0, 1, 0, settings.columns());
        long bytes = format.encodedBytes(1, settings.columns());
        MemorySegment[] shards = new MemorySegment[ranks];
        Arrays.fill(shards, arena.allocate(bytes, 64));
        return new Work(
                ports.create(format, settings.maxRows(), settings.columns()),
                row,
                List.of(shards),
                arena.allocate(bytes, 64));
    }
}

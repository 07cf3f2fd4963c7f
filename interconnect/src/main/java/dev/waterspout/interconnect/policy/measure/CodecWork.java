package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.LongSupplier;

/** Encoding, reducing and summing in one format, at one size, over scratch memory. */
final class CodecWork {
    /** Number of distinct payload buffers; with more ranks they repeat. */
    private static final int PAYLOADS = 4;

    private static final int OPERATIONS = 3;

    private final StagedPort port;
    private final Tile tile;
    private final MemorySegment[] payloads;
    private final MemorySegment sum;

    CodecWork(WireFormat format, int rows, int columns, int ranks, PortFactory ports, Arena arena) {
        this.port = ports.create(format, rows, columns);
        this.tile = new Tile(0, rows, 0, columns);
        long bytes = format.encodedBytes(rows, columns);
        MemorySegment[] different = new MemorySegment[Math.min(ranks, PAYLOADS)];
        Arrays.setAll(different, i -> arena.allocate(bytes, 64));
        for (MemorySegment payload : different) {
            port.encode(tile, payload);
        }
        this.payloads = new MemorySegment[ranks];
        Arrays.setAll(payloads, rank -> different[rank % different.length]);
        this.sum = arena.allocate(bytes, 64);
    }

    WireFormat format() {
        return port.format();
    }

    /** {@return the seconds of encoding a partial, of reducing and of summing all packets} */
    double[] time(LongSupplier nanoClock) {
        return new double[] {
            Seconds.time(nanoClock, () -> port.encode(tile, payloads[0])),
            Seconds.time(nanoClock, () -> port.reduce(payloads, tile, sum)),
            Seconds.time(nanoClock, () -> port.decodeSum(payloads, tile))
        };
    }

    /** {@return infinite times, to start a minimum} */
    static double[] never() {
        double[] never = new double[OPERATIONS];
        Arrays.fill(never, Double.POSITIVE_INFINITY);
        return never;
    }
}

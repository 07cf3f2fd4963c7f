package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.HostPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/** One of Waterspout's collectives with one format, codec included. */
final class CollectiveContender implements Contender {
    private static final int WARM_UP_NANOS = 200_000_000;
    private static final int WARM_UP_ROWS = 64;

    private final String name;
    private final int chunkRows;
    private final Collective collective;
    private final ExchangeCounters counters = new ExchangeCounters();
    private final StagedPort port;
    private final int ranks;
    private final int maxRows;
    private final int columns;
    private final Arena arena;
    private int number;

    /** Partials and residual of one rank, shared by all its contenders. */
    record Data(Arena arena, MemorySegment partial, MemorySegment residual, int maxRows, int columns) {
        static Data random(Arena arena, int maxRows, int columns, int rank) {
            long bytes = (long) maxRows * columns * Float.BYTES;
            MemorySegment partial = arena.allocate(bytes, 64);
            SplittableRandom random = new SplittableRandom(rank);
            for (long at = 0; at < bytes; at += Float.BYTES) {
                partial.set(ValueLayout.JAVA_FLOAT, at, (float) random.nextGaussian());
            }
            return new Data(arena, partial, arena.allocate(bytes, 64), maxRows, columns);
        }
    }

    CollectiveContender(
            String name, CommChoice choice, FrameExchange exchange, Transport transport, Data data, WorkerPool pool) {
        this.name = name;
        this.chunkRows = Math.min(choice.chunkRows(), data.maxRows());
        this.ranks = transport.size();
        this.maxRows = data.maxRows();
        this.columns = data.columns();
        this.arena = data.arena();
        ExchangeShape shape = new ExchangeShape(maxRows, columns, choice.chunkRows());
        this.collective = choice.algorithm().create(exchange, choice.format(), counters, shape, arena);
        this.port = new HostPort(choice.format(), pool, columns, data.partial(), data.residual());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String detail(int rows) {
        return "";
    }

    @Override
    public int chunkRows() {
        return chunkRows;
    }

    /** Runs the codec's loops until the JIT has compiled them. */
    @Override
    public void prepare() {
        WireFormat format = port.format();
        Tile tile = new Tile(0, Math.min(maxRows, WARM_UP_ROWS), 0, columns);
        MemorySegment[] payloads = new MemorySegment[ranks];
        Arrays.setAll(payloads, _ -> arena.allocate(format.encodedBytes(tile.rows(), columns), 64));
        MemorySegment sum = arena.allocate(payloads[0].byteSize(), 64);
        long start = System.nanoTime();
        while (System.nanoTime() - start < WARM_UP_NANOS) {
            for (MemorySegment payload : payloads) {
                port.encode(tile, payload);
            }
            port.reduce(payloads, tile, sum);
            port.decodeSum(payloads, tile);
        }
    }

    @Override
    public void sum(int rows) {
        collective.sum(number++ & Integer.MAX_VALUE, port, rows);
    }

    @Override
    public long bytesSent(int rows) {
        long before = counters.snapshot().total().bytesSent();
        sum(rows);
        return counters.snapshot().total().bytesSent() - before;
    }

    @Override
    public ExchangeCounters.Snapshot spent() {
        return counters.snapshot();
    }
}

package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.FrameExchange.Flight;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * An all-gather of encoded partials (arXiv 2411.09510, section 3). Every rank sends its whole encoded partial to every
 * other rank. Each rank then decodes all partials, sums them and adds the residual in one pass. Each rank sends
 * {@code (N - 1) x (header + encoded partial)} bytes, with one header per chunk. A single rank exchanges nothing and
 * encodes nothing. With {@link PeerPort}s the partials are not divided into chunks.
 */
public final class AllGather implements Collective {
    /** Number of successive message steps. */
    public static final int STEPS = 1;

    /** Number of chunks with separate frames: one is sent while the next one is encoded. */
    private static final int SLOTS = 2;

    private final FrameExchange exchange;
    private final WireFormat format;
    private final ExchangeCounters counters;
    private final ExchangeShape shape;
    private final int rank;
    private final int size;
    /** Per slot one frame per rank, large enough for a chunk; this rank's own is the one it sends. */
    private final MemorySegment[][] buffers;

    /**
     * @param exchange this rank's frames
     * @param format the wire format of partials
     * @param counters counters of bytes and times
     * @param shape largest exchange, and chunks
     * @param arena owner of the frame buffers
     */
    public AllGather(
            FrameExchange exchange, WireFormat format, ExchangeCounters counters, ExchangeShape shape, Arena arena) {
        this(exchange, format, counters, shape, shape.messageRows() < shape.maxRows() ? SLOTS : 1, arena);
    }

    private AllGather(
            FrameExchange exchange,
            WireFormat format,
            ExchangeCounters counters,
            ExchangeShape shape,
            int ahead,
            Arena arena) {
        this.exchange = exchange;
        this.rank = exchange.transport().rank();
        this.size = exchange.transport().size();
        this.format = format;
        this.counters = counters;
        this.shape = shape;
        this.buffers = new MemorySegment[size == 1 ? 0 : ahead][size];
        long bytes = FrameLayout.HEADER_BYTES + format.encodedBytes(shape.messageRows(), shape.columns());
        for (MemorySegment[] slot : buffers) {
            Arrays.setAll(slot, peer -> arena.allocate(bytes, 64));
        }
    }

    /**
     * Returns an all-gather that sends all chunks before it waits for the first one.
     *
     * @param exchange this rank's frames
     * @param format the wire format of partials
     * @param counters counters of bytes and times
     * @param shape largest exchange, and chunks
     * @param arena owner of the frame buffers
     */
    public static AllGather ahead(
            FrameExchange exchange, WireFormat format, ExchangeCounters counters, ExchangeShape shape, Arena arena) {
        int chunks = ExchangeShape.chunkCount(shape.maxRows(), shape.chunkRows(), 1);
        return new AllGather(exchange, format, counters, shape, chunks, arena);
    }

    @Override
    public WireFormat format() {
        return format;
    }

    @Override
    public int steps() {
        return STEPS;
    }

    @Override
    public void sum(int number, PartialPort port, int rows) {
        switch (port) {
            case StagedPort staged -> start(number, staged, rows).complete();
            case PeerPort peers -> sumOfPeers(number, peers, rows);
        }
    }

    @Override
    public Sum start(int number, StagedPort port, int rows) {
        return new Gathering(number, port, shape.chunks(number, rows, 1));
    }

    /** Sends chunks ahead, as many as there are slots. */
    private final class Gathering implements Sum {
        private final int number;
        private final StagedPort port;
        private final Tile[] chunks;
        private final Flight[] flights;
        private final Packet[][] packets;
        private final Stopwatch watch = new Stopwatch(counters, CollectiveKind.ALLGATHER);

        private Gathering(int number, StagedPort port, Tile[] chunks) {
            this.number = number;
            this.port = port;
            this.chunks = chunks;
            this.flights = new Flight[chunks.length];
            this.packets = new Packet[chunks.length][];
            for (int chunk = 0; chunk < buffers.length; chunk++) {
                send(chunk);
            }
        }

        private void send(int chunk) {
            if (chunk >= chunks.length) {
                return;
            }
            packets[chunk] = packets(buffers[chunk % buffers.length], chunks[chunk]);
            port.encode(chunks[chunk], packets[chunk][rank].payload());
            watch.check(port, chunks[chunk], packets[chunk][rank].payload());
            watch.encoded();
            Packet[] outgoing = new Packet[size];
            Arrays.fill(outgoing, packets[chunk][rank]);
            flights[chunk] = exchange.start(number, format.id(), outgoing, packets[chunk]);
            watch.transferred();
        }

        @Override
        public boolean advance() {
            watch.resume();
            if (size == 1) {
                port.addOwn(Arrays.stream(chunks).mapToInt(Tile::rows).sum());
                watch.summed();
                return true;
            }
            for (int chunk = 0; chunk < chunks.length; chunk++) {
                flights[chunk].await();
                watch.transferred(flights[chunk].traffic());
                port.decodeSum(payloads(packets[chunk]), chunks[chunk]);
                watch.summed();
                send(chunk + buffers.length);
            }
            return true;
        }
    }

    /**
     * The payloads are copied by the devices: they are counted, but not checked. Their transfer is part of the time of
     * the sum.
     */
    private void sumOfPeers(int number, PeerPort port, int rows) {
        shape.chunks(number, rows, 1);
        Stopwatch watch = new Stopwatch(counters, CollectiveKind.PEER);
        if (size == 1) {
            port.addOwn(rows);
            watch.summed();
            return;
        }
        Packet[] headers = Arrays.stream(buffers[0])
                .map(buffer -> new Packet(buffer.asSlice(0, FrameLayout.HEADER_BYTES), rows, shape.columns()))
                .toArray(Packet[]::new);
        Packet[] outgoing = new Packet[size];
        Arrays.fill(outgoing, headers[rank]);
        Flight flight = exchange.start(number, format.id(), outgoing, headers);
        flight.await();
        watch.transferred(flight.traffic().withPayload((size - 1) * format.encodedBytes(rows, shape.columns())));
        port.fetchSum(rows);
        watch.summed();
    }

    private Packet[] packets(MemorySegment[] slot, Tile chunk) {
        long bytes = FrameLayout.HEADER_BYTES + format.encodedBytes(chunk.rows(), chunk.columns());
        return Arrays.stream(slot)
                .map(buffer -> new Packet(buffer.asSlice(0, bytes), chunk.rows(), chunk.columns()))
                .toArray(Packet[]::new);
    }

    static MemorySegment[] payloads(Packet[] packets) {
        return Arrays.stream(packets).map(Packet::payload).toArray(MemorySegment[]::new);
    }
}

package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.FrameExchange.Flight;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A compressed reduce-scatter followed by a compressed all-gather. Every rank owns a part of the rows. It receives
 * this part of all partials, sums them in f32 in rank order, and sends the encoded sum to all ranks. Each rank sends
 * about {@code 2 x (N - 1) / N} encoded partials, which is the lower bound of an all-reduce (Patarasuk and Yuan 2009,
 * doi:10.1016/j.jpdc.2008.09.002). Each value is rounded twice. A single rank exchanges nothing and encodes nothing.
 */
public final class TwoStep implements Collective {
    /** Number of successive message steps. */
    public static final int STEPS = 2;

    /** Number of chunks with separate frames: one is scattered, one is reduced and gathered, one is summed. */
    private static final int SLOTS = 3;

    private final FrameExchange exchange;
    private final WireFormat format;
    private final ExchangeCounters counters;
    private final ExchangeShape shape;
    private final Arena arena;
    private final int rank;
    private final int size;
    private final Slot[] slots;

    /**
     * @param exchange this rank's frames
     * @param format wire format of partials
     * @param counters counters of bytes and times
     * @param shape largest exchange, and chunks
     * @param arena owner of the frame buffers
     */
    public TwoStep(
            FrameExchange exchange, WireFormat format, ExchangeCounters counters, ExchangeShape shape, Arena arena) {
        this.exchange = exchange;
        this.rank = exchange.transport().rank();
        this.size = exchange.transport().size();
        this.format = format;
        this.counters = counters;
        this.shape = shape;
        this.arena = arena;
        this.slots = new Slot[size == 1 ? 0 : shape.messageRows() < shape.maxRows() ? SLOTS : 1];
        Arrays.setAll(slots, slot -> new Slot());
    }

    @Override
    public WireFormat format() {
        return format;
    }

    @Override
    public void sum(int number, PartialPort port, int rows) {
        if (!(port instanceof StagedPort staged)) {
            throw new IllegalArgumentException("two steps move partials themselves, and rank " + rank
                    + " has a port that reads them from other ranks");
        }
        start(number, staged, rows).complete();
    }

    @Override
    public int steps() {
        return STEPS;
    }

    @Override
    public Sum start(int number, StagedPort port, int rows) {
        return new Reduction(number, port, shape.chunks(number, rows, size));
    }

    /**
     * Pipelines the chunks: in each step one chunk is scattered, the one before it is gathered, and the one before
     * that is added to the residual.
     */
    private final class Reduction implements Sum {
        private final int number;
        private final StagedPort port;
        private final Tile[] chunks;
        private final Stopwatch watch = new Stopwatch(counters, CollectiveKind.TWOSTEP);
        private int step;

        private Reduction(int number, StagedPort port, Tile[] chunks) {
            this.number = number;
            this.port = port;
            this.chunks = chunks;
            if (size > 1) {
                step();
            }
        }

        @Override
        public boolean advance() {
            watch.resume();
            if (size == 1 && step == 0) {
                port.addOwn(Arrays.stream(chunks).mapToInt(Tile::rows).sum());
                watch.summed();
                step++;
                return false;
            }
            if (size == 1) {
                return true;
            }
            int until = step == 1 ? 2 : chunks.length + 2;
            while (step < until) {
                step();
            }
            return until == chunks.length + 2;
        }

        private void step() {
            if (step < chunks.length) {
                slot(step).scatter(number, port, chunks[step], watch);
            }
            if (step >= 1 && step <= chunks.length) {
                slot(step - 1).gather(number, port, watch);
            }
            if (step >= 2) {
                slot(step - 2).add(port, watch);
            }
            step++;
        }
    }

    private Slot slot(int chunk) {
        return slots[chunk % slots.length];
    }

    /** The frames of one chunk. */
    private final class Slot {
        /** Per rank, this rank's partial of the part that the other rank owns. */
        private final MemorySegment[] scattered = new MemorySegment[size];
        /** Per rank, the other rank's partial of the part that this rank owns. */
        private final MemorySegment[] collected = new MemorySegment[size];
        /** Per rank, the encoded sum of the part that it owns. */
        private final MemorySegment[] reduced = new MemorySegment[size];

        private Tile[] parts = new Tile[0];
        private Packet[] sums = new Packet[0];
        private Packet[] partials = new Packet[0];
        private @Nullable Flight flight;

        private Slot() {
            Arrays.fill(scattered, MemorySegment.NULL);
            Arrays.fill(collected, MemorySegment.NULL);
            Arrays.fill(reduced, MemorySegment.NULL);
        }

        /** Sends to every rank this rank's partial of the part that the receiver owns. */
        private void scatter(int number, StagedPort port, Tile chunk, Stopwatch watch) {
            parts = chunk.split(size, format.columnUnit());
            Packet[] outgoing = new Packet[size];
            partials = new Packet[size];
            for (int peer = 0; peer < size; peer++) {
                partials[peer] = packet(collected, peer, parts[rank]);
                outgoing[peer] = peer == rank ? partials[rank] : packet(scattered, peer, parts[peer]);
                if (!outgoing[peer].isEmpty()) {
                    port.encode(parts[peer], outgoing[peer].payload());
                    watch.check(port, parts[peer], outgoing[peer].payload());
                }
            }
            watch.encoded();
            flight = exchange.start(number, format.id(), outgoing, partials);
            watch.transferred();
        }

        /** Sums the part that this rank owns and sends it to all. */
        private void gather(int number, StagedPort port, Stopwatch watch) {
            land(watch);
            sums = new Packet[size];
            Arrays.setAll(sums, peer -> packet(reduced, peer, parts[peer]));
            if (!sums[rank].isEmpty()) {
                port.reduce(AllGather.payloads(partials), parts[rank], sums[rank].payload());
                watch.check(format, sums[rank].payload(), parts[rank]);
            }
            watch.summed();
            Packet[] outgoing = new Packet[size];
            Arrays.fill(outgoing, sums[rank]);
            flight = exchange.start(number, format.id(), outgoing, sums);
            watch.transferred();
        }

        /** Adds all sums to the residual. */
        private void add(StagedPort port, Stopwatch watch) {
            land(watch);
            for (int peer = 0; peer < size; peer++) {
                if (!sums[peer].isEmpty()) {
                    port.decodeSum(new MemorySegment[] {sums[peer].payload()}, parts[peer]);
                }
            }
            watch.summed();
        }

        private void land(Stopwatch watch) {
            Flight landing = Objects.requireNonNull(flight);
            landing.await();
            watch.transferred(landing.traffic());
        }

        private Packet packet(MemorySegment[] buffers, int peer, Tile tile) {
            if (tile.isEmpty()) {
                return Packet.NONE;
            }
            long bytes = FrameLayout.HEADER_BYTES + format.encodedBytes(tile.rows(), tile.columns());
            if (buffers[peer].byteSize() < bytes) {
                // At least doubled, so that the abandoned memory never exceeds the memory in use.
                buffers[peer] = arena.allocate(Math.max(bytes, 2 * buffers[peer].byteSize()), 64);
            }
            return new Packet(buffers[peer].asSlice(0, bytes), tile.rows(), tile.columns());
        }
    }
}

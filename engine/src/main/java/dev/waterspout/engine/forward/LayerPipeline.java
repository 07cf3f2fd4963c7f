package dev.waterspout.engine.forward;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs the rows of a pass through the layers in parts: while one part's partials are exchanged, the next part is
 * computed (ISO, arXiv 2409.11155). An exchange of n steps is hidden by n other parts, so a pass has n + 1 parts. The
 * parts take turns in each half layer; the attention of a later part reads the keys of earlier ones from the cache.
 * After each half layer of a part the pending exchanges are advanced by one step, in the order in which they were
 * started, so all ranks send the same messages in the same order. Rows depend on each other only through the cache, so
 * the results are bit-equal to those of the whole pass.
 */
final class LayerPipeline {
    /**
     * Minimum rows of a part; with fewer rows, reading the weights once per part costs more time than the overlap
     * hides.
     */
    static final int LEAST_ROWS = 16;

    /**
     * Messages of a part to one rank, limited so that those of all parts fit the number of outstanding messages of a
     * transport.
     */
    private static final int MOST_CHUNKS = 6;

    /** Interval between two polls of the outstanding messages. */
    private static final long POLL_NANOS = 50_000;

    private final ShardCompute shard;
    private final FrameExchange exchange;
    private final ExchangeCounters counters;
    private final Timeline timeline;
    private final int layers;
    private final boolean wholeAttention;
    private final int width;
    private final Arena arena;
    private final Map<CollectiveKey, Collective> collectives = new HashMap<>();
    private final Deque<Part> underWay = new ArrayDeque<>();
    private long polled;
    /** Time at which the last completed sum was added. */
    private long lastEnd;

    /**
     * A collective of a part; its frames are large enough for all passes so far.
     *
     * @param part its number
     * @param choice collective, wire format and chunk size
     * @param rows capacity in rows
     */
    private record CollectiveKey(int part, CommChoice choice, int rows) {}

    /** Receives completed exchanges. */
    @FunctionalInterface
    interface Completed {
        /** The sum of an exchange has been added. */
        void accept(int exchange, WireFormat format);
    }

    /** Rows, and the exchange of their partials. */
    private static final class Part {
        final int number;
        final String name;
        final int from;
        final int to;
        int exchange;
        long started;
        WireFormat format;
        Collective.@Nullable Sum sum;

        Part(int number, int from, int to, WireFormat format) {
            this.number = number;
            this.name = "part " + (number + 1);
            this.from = from;
            this.to = to;
            this.format = format;
        }

        int rows() {
            return to - from;
        }
    }

    /**
     * @param shard shard of the rank
     * @param exchange the rank's frames
     * @param counters counters of bytes and times
     * @param layers layers of the model
     * @param wholeAttention whether every rank computes all of attention
     * @param width width of the model
     * @param arena owner of the frame buffers
     */
    LayerPipeline(
            ShardCompute shard,
            FrameExchange exchange,
            ExchangeCounters counters,
            int layers,
            boolean wholeAttention,
            int width,
            Arena arena) {
        this.shard = shard;
        this.exchange = exchange;
        this.counters = counters;
        this.timeline = counters.timeline();
        this.layers = layers;
        this.wholeAttention = wholeAttention;
        this.width = width;
        this.arena = arena;
    }

    /** {@return the bytes of the frames that the parts of the largest pass need for a choice} */
    static long frameBytes(CommChoice choice, int ranks, int chunk, int width) {
        int parts = parts(choice);
        CommChoice uncut = new CommChoice(choice.algorithm(), choice.format(), CommChoice.UNCUT);
        return parts * CollectiveSet.frameBytes(uncut, ranks, room(Math.ceilDiv(chunk, parts)), width);
    }

    /** Returns the buffer capacity for a number of rows, rounded up so that few sizes of buffers are created. */
    private static int room(int rows) {
        return Integer.highestOneBit(2 * rows - 1);
    }

    /** {@return the number of parts of a pass for a choice} */
    static int parts(CommChoice choice) {
        return choice.algorithm().steps() + 1;
    }

    /**
     * Returns whether a pass can be divided: each row must be encoded independently of the others, and there must be
     * enough rows.
     *
     * @param schedule wire format and collective of each exchange
     * @param rows rows of the pass
     */
    static boolean divides(CommSchedule schedule, int rows) {
        return rows >= parts(schedule.choice(rows)) * LEAST_ROWS
                && schedule.choices().allMatch(choice -> choice.format().rowsIndependent());
    }

    /**
     * Runs all layers on the rows of the pass that has just begun.
     *
     * @param schedule wire format and collective of each exchange
     * @param rows rows of the pass, that {@link #divides}
     * @param completed receives every exchange of the last part
     */
    void run(CommSchedule schedule, int rows, Completed completed) {
        List<Part> parts = new ArrayList<>();
        int count = parts(schedule.choice(rows));
        for (int part = 0; part < count; part++) {
            parts.add(new Part(
                    part,
                    boundary(rows, part, count),
                    boundary(rows, part + 1, count),
                    schedule.choice(rows).format()));
        }
        shard.betweenTiles(this::poll);
        try {
            for (int layer = 0; layer < layers; layer++) {
                for (int half = 0; half < 2; half++) {
                    for (Part part : parts) {
                        turn(schedule, rows, 2 * layer + half, part, completed);
                    }
                }
            }
            while (!underWay.isEmpty()) {
                advance(underWay.getFirst(), completed);
            }
        } finally {
            underWay.clear();
            shard.betweenTiles(() -> {});
        }
    }

    /** Returns the first row of a part, a multiple of the kernels' tile of rows. */
    private static int boundary(int rows, int part, int count) {
        return part == count ? rows : (int) ((long) rows * part / count / LEAST_ROWS * LEAST_ROWS);
    }

    private void turn(CommSchedule schedule, int rows, int number, Part part, Completed completed) {
        while (part.sum != null) {
            advance(part, completed);
        }
        shard.rows(part.from, part.to);
        long begun = timeline.begin();
        int layer = number / 2;
        boolean attention = number % 2 == 0;
        if (attention) {
            shard.attention(layer);
        } else {
            shard.feedForward(layer);
        }
        timeline.end(Phase.HALF_LAYER, name(part, attention), layer, begun);
        if (attention && wholeAttention) {
            shard.addOwn(part.rows());
            advanceOthers(completed);
            return;
        }
        CommChoice choice = schedule.choice(rows, number);
        part.exchange = number;
        part.format = choice.format();
        part.started = System.nanoTime();
        part.sum = collective(part, choice).start(number, (StagedPort) shard.port(choice.format()), part.rows());
        advanceOthers(completed);
        underWay.addLast(part);
    }

    private static String name(Part part, boolean attention) {
        return (attention ? "attention half, " : "feed-forward half, ") + part.name;
    }

    private void advanceOthers(Completed completed) {
        for (Part other : List.copyOf(underWay)) {
            advance(other, completed);
        }
    }

    private void advance(Part part, Completed completed) {
        Collective.Sum sum = part.sum;
        if (sum == null || !sum.advance()) {
            return;
        }
        part.sum = null;
        underWay.remove(part);
        long now = System.nanoTime();
        long from = Math.max(part.started, lastEnd);
        timeline.device(Phase.UNDER_WAY, part.name, from, now - from);
        lastEnd = now;
        completed.accept(part.exchange, part.format);
    }

    /** Returns the collective of a part; one that is too small is replaced. */
    private Collective collective(Part part, CommChoice choice) {
        int room = room(part.rows());
        int chunkRows = Math.max(choice.chunkRows(), Math.ceilDiv(room, MOST_CHUNKS));
        CommChoice cut = new CommChoice(choice.algorithm(), choice.format(), chunkRows);
        return collectives.computeIfAbsent(
                new CollectiveKey(part.number, cut, room),
                key -> choice.algorithm()
                        .ahead(
                                exchange,
                                choice.format(),
                                counters,
                                new ExchangeShape(
                                        key.rows(), width, key.choice().chunkRows()),
                                arena));
    }

    private void poll() {
        long now = System.nanoTime();
        if (now - polled >= POLL_NANOS) {
            exchange.poll();
            polled = System.nanoTime();
        }
    }
}

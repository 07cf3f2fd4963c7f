package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.LogitsGather;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One rank: a shard on its device, and the rank's end of the transport. The forward pass is that of a pre-norm transformer
 * with grouped-query attention, rotary positions and SwiGLU (arXiv 2302.13971), cut as in Megatron-LM (arXiv 1909.08053):
 * twice per layer the ranks exchange partials, all else is local. Prefill and decode differ in the number of rows only. Used
 * by one thread at a time.
 */
public final class Rank implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final int layers;
    private final ShardCompute shard;
    private final ExchangeCounters counters;
    private final Timeline timeline;
    private final CollectiveSet collectives;
    private final LogitsGather logitsGather;
    private final MemorySegment logits;
    private long computeNanos;

    /**
     * Allocates the rank's frames.
     *
     * @param model what runs
     * @param plan all shards
     * @param shard this rank's, on its device; closed with the rank
     * @param exchange this rank's frames
     * @param counters where bytes and times are counted
     * @param options common to all ranks
     */
    public Rank(
            Model model,
            ShardPlan plan,
            ShardCompute shard,
            FrameExchange exchange,
            ExchangeCounters counters,
            RankOptions options) {
        this.layers = model.config().layers();
        this.shard = shard;
        this.counters = counters;
        this.timeline = counters.timeline();
        shard.record(timeline);
        if (!options.schedule().formats().isEmpty()
                && options.schedule().formats().lastKey() >= 2 * layers) {
            throw new IllegalArgumentException("a wire format for exchange "
                    + options.schedule().formats().lastKey() + "; the model has exchanges 0 to " + (2 * layers - 1));
        }
        this.collectives = new CollectiveSet(
                options.schedule(),
                exchange,
                counters,
                options.chunk(),
                model.config().width(),
                arena);
        this.logitsGather = new LogitsGather(exchange, counters, plan.vocabularyShares(), options.logitRows(), arena);
        this.logits = exchange.rank() == LogitsGather.ROOT
                ? arena.allocate((long) options.logitRows() * model.config().vocabulary() * Float.BYTES, 64)
                : MemorySegment.NULL;
    }

    /** Returns the shard. */
    public ShardCompute shard() {
        return shard;
    }

    /**
     * Runs a chunk of tokens through all layers. All ranks of a group do this at the same time.
     *
     * @param tokens ids, one or more
     * @param position of the first; the cache holds all before it
     * @param wantsLogits whether the logits of the last token are needed
     */
    public void forward(int[] tokens, int position, boolean wantsLogits) {
        long start = System.nanoTime();
        long exchangedBefore = counters.nanos();
        int rows = tokens.length;
        long begun = timeline.begin();
        shard.begin(tokens, position);
        for (int layer = 0; layer < layers; layer++) {
            long half = timeline.begin();
            shard.attention(layer); // partial [rows][width]
            timeline.end(Phase.HALF_LAYER, "attention half", layer, half);
            sum(2 * layer, rows);
            half = timeline.begin();
            shard.feedForward(layer); // partial [rows][width]
            timeline.end(Phase.HALF_LAYER, "feed-forward half", layer, half);
            sum(2 * layer + 1, rows);
        }
        timeline.end(Phase.FORWARD, rows == 1 ? "token" : "chunk", position, begun);
        computeNanos += System.nanoTime() - start - (counters.nanos() - exchangedBefore);
        if (wantsLogits) {
            output(rows - 1, 1);
        }
    }

    /** Adds all ranks' partials to the hidden state. */
    private void sum(int exchange, int rows) {
        long begun = timeline.begin();
        Collective collective = collectives.of(rows, exchange);
        collective.sum(exchange, shard.port(collective.format()), rows);
        timeline.end(Phase.COLLECTIVE, "exchange", exchange, begun);
    }

    /**
     * Computes the logits of some tokens of the chunk that {@link #forward} ran last. All ranks of a group do this at the
     * same time.
     *
     * @param first of them, from 0 within the chunk
     * @param rows how many, at most the options' {@code logitRows}
     */
    public void output(int first, int rows) {
        long start = System.nanoTime();
        long exchangedBefore = counters.nanos();
        long begun = timeline.begin();
        logitsGather.gather(shard.output(first, rows), rows, logits);
        timeline.end(Phase.OUTPUT, "output head", begun);
        computeNanos += System.nanoTime() - start - (counters.nanos() - exchangedBefore);
    }

    /** Returns the logits computed last, f32 {@code [rows][vocabulary]}, on rank 0. */
    public MemorySegment logits() {
        return logits;
    }

    /** Returns the time spent in forward passes outside of the exchange, in nanoseconds. */
    public long computeNanos() {
        return computeNanos;
    }

    /** Returns what was exchanged so far. */
    public ExchangeCounters.Snapshot exchanged() {
        return counters.snapshot();
    }

    @Override
    public void close() {
        shard.close();
        arena.close();
    }
}

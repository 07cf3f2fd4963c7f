package dev.waterspout.engine.forward;

import dev.waterspout.engine.logits.CandidateGather;
import dev.waterspout.engine.logits.Candidates;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.LogitsGather;
import dev.waterspout.interconnect.collective.RootGather;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.Saturation;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * One rank: a shard on its device, and the rank's end of the transport. The forward pass is that of a pre-norm
 * transformer with grouped-query attention, rotary positions and SwiGLU (arXiv 2302.13971), cut as in Megatron-LM
 * (arXiv 1909.08053): twice per layer the ranks exchange partials, or once where every rank computes all of attention,
 * and all else is local. Prefill and decode differ in the number of rows only. Used by one thread at a time.
 */
public final class Rank implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final int layers;
    private final boolean wholeAttention;
    private final ShardCompute shard;
    private final ExchangeCounters counters;
    private final Timeline timeline;
    private final FrameExchange exchange;
    private final RankOptions options;
    private final int width;
    private final long saturatedBefore;
    private CommSchedule schedule;
    private CollectiveSet collectives;
    private final LogitsGather logitsGather;
    private final CandidateGather candidateGather;
    private final MemorySegment logits;
    /** This rank's logits of the rows that the output head computed last. */
    private MemorySegment local = MemorySegment.NULL;

    private List<Candidates> candidates = List.of();
    private long computeNanos;

    /**
     * Allocates the rank's frames.
     *
     * @param model the model to run
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
        this.wholeAttention = plan.wholeAttention();
        this.shard = shard;
        this.counters = counters;
        this.timeline = counters.timeline();
        shard.record(timeline);
        if (!options.schedule().formats().isEmpty()
                && options.schedule().formats().lastKey() >= 2 * layers) {
            throw new IllegalArgumentException("a wire format for exchange "
                    + options.schedule().formats().lastKey() + "; the model has exchanges 0 to " + (2 * layers - 1));
        }
        this.exchange = exchange;
        this.options = options;
        this.width = model.config().width();
        this.saturatedBefore = counters.saturated();
        this.schedule = options.schedule();
        try {
            this.collectives = collectives();
            RootGather gather = new RootGather(exchange, counters, arena);
            this.logitsGather = new LogitsGather(gather, plan.vocabularyShares(), options.logitRows());
            this.candidateGather = new CandidateGather(
                    gather, plan.shards().stream().map(Shard::vocabulary).toList());
            this.logits = exchange.rank() == LogitsGather.ROOT
                    ? arena.allocate((long) options.logitRows() * model.config().vocabulary() * Float.BYTES, 64)
                    : MemorySegment.NULL;
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    private CollectiveSet collectives() {
        return new CollectiveSet(schedule, exchange, counters, options.chunk(), width, arena);
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
     * @param wanted what rank 0 needs of the last token's logits
     */
    public void forward(int[] tokens, int position, LogitsRequest wanted) {
        long start = System.nanoTime();
        long exchangedBefore = counters.nanos();
        int rows = tokens.length;
        long begun = timeline.begin();
        shard.begin(tokens, position);
        for (int layer = 0; layer < layers; layer++) {
            long half = timeline.begin();
            shard.attention(layer); // partial [rows][width]
            timeline.end(Phase.HALF_LAYER, "attention half", layer, half);
            if (wholeAttention) {
                shard.addOwn(rows); // the partial is the whole of attention
            } else {
                sum(2 * layer, rows);
            }
            half = timeline.begin();
            shard.feedForward(layer); // partial [rows][width]
            timeline.end(Phase.HALF_LAYER, "feed-forward half", layer, half);
            sum(2 * layer + 1, rows);
        }
        timeline.end(Phase.FORWARD, rows == 1 ? "token" : "chunk", position, begun);
        computeNanos += System.nanoTime() - start - (counters.nanos() - exchangedBefore);
        if (wanted.extent() != LogitsRequest.Extent.NONE) {
            head(rows - 1, 1);
            gather(wanted, 1);
        }
    }

    /** Adds all ranks' partials to the hidden state. */
    private void sum(int exchange, int rows) {
        long begun = timeline.begin();
        Collective collective = collectives.of(rows, exchange);
        collective.sum(exchange, shard.port(collective.format()), rows);
        timeline.end(Phase.COLLECTIVE, "exchange", exchange, begun);
        if (schedule.saturation() == Saturation.END && saturated() > 0) {
            throw new InterconnectException("partials of layer " + exchange / 2 + " are beyond the range of "
                    + collective.format().label() + ": " + saturated()
                    + " blocks or values were cut; bf16, f32 and formats with scales of e8m0 hold them, and"
                    + " --allow-saturation goes on with what is left");
        }
    }

    /** Returns how many blocks or values of this rank's encoded partials reached the end of their format's range. */
    public long saturated() {
        return counters.saturated() - saturatedBefore;
    }

    /** Returns how partials are exchanged from now on. */
    public CommSchedule schedule() {
        return schedule;
    }

    /**
     * Goes over to formats that hold, if on any rank partials of the last forward pass were beyond the range of theirs
     * and the schedule says {@link Saturation#REPLACE}. Called on all ranks after each forward pass;
     * {@return whether that is so, and the pass has to be repeated, the same on all ranks}
     *
     * @param control of this rank
     */
    public boolean replaceSaturated(ControlChannel control) {
        if (schedule.saturation() != Saturation.REPLACE || !schedule.canSaturate()) {
            return false;
        }
        int[][] shared = control.share(new int[] {saturated() > 0 ? 1 : 0});
        if (Arrays.stream(shared).allMatch(words -> words[0] == 0)) {
            return false;
        }
        schedule = schedule.withoutSaturation();
        collectives = collectives();
        return true;
    }

    /**
     * Computes all logits of some tokens of the chunk that {@link #forward} ran last. All ranks of a group do this at
     * the same time.
     *
     * @param first of them, from 0 within the chunk
     * @param rows how many, at most the options' {@code logitRows}
     */
    public void output(int first, int rows) {
        head(first, rows);
        gather(LogitsRequest.ALL, rows);
    }

    private void head(int first, int rows) {
        long start = System.nanoTime();
        long begun = timeline.begin();
        local = shard.output(first, rows);
        timeline.end(Phase.OUTPUT, "output head", begun);
        computeNanos += System.nanoTime() - start;
    }

    /**
     * Gathers more of the token whose candidates were gathered last. All ranks of a group do this at the same time.
     *
     * @param wanted candidates or all logits
     */
    public void gather(LogitsRequest wanted) {
        gather(wanted, 1);
    }

    private void gather(LogitsRequest wanted, int rows) {
        long start = System.nanoTime();
        long exchangedBefore = counters.nanos();
        if (wanted.extent() == LogitsRequest.Extent.ALL) {
            logitsGather.gather(local, rows, logits);
        } else {
            candidates = candidateGather.gather(List.of(wanted), local);
        }
        computeNanos += System.nanoTime() - start - (counters.nanos() - exchangedBefore);
    }

    /** Returns the candidates gathered last, on rank 0. */
    public Candidates candidates() {
        return candidates.getFirst();
    }

    /** Returns all logits gathered last, f32 {@code [rows][vocabulary]}, on rank 0. */
    public MemorySegment logits() {
        return logits;
    }

    /** Returns the time spent in forward passes outside of the exchange, in nanoseconds. */
    public long computeNanos() {
        return computeNanos;
    }

    /** Returns the traffic and times of the exchange so far. */
    public ExchangeCounters.Snapshot exchanged() {
        return counters.snapshot();
    }

    @Override
    public void close() {
        shard.close();
        arena.close();
    }
}

package dev.waterspout.engine.forward;

import dev.waterspout.engine.logits.CandidateGather;
import dev.waterspout.engine.logits.Candidates;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.ShareLogits;
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
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One rank: a shard on its device, and the rank's end of the transport. The forward pass is that of a pre-norm
 * transformer with grouped-query attention, rotary positions and SwiGLU (arXiv 2302.13971), cut as in Megatron-LM
 * (arXiv 1909.08053): twice per layer the ranks exchange partials, or once per layer with replicated attention;
 * everything else is local. Prefill and decode differ in the number of rows only. Used by one thread at a time.
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
    private final LayerPipeline pipeline;
    private final LogitsGather logitsGather;
    private final CandidateGather candidateGather;
    private final MemorySegment logits;
    /** This rank's logits of the rows that the output head computed last. */
    private ShareLogits local = () -> MemorySegment.NULL;

    /** On rank 0, the candidates of the rows that the output head computed last; null if all logits were gathered. */
    private final List<@Nullable Candidates> candidates = new ArrayList<>();

    private final long shareBytes;
    private final long logitBytes;
    private long computeNanos;
    /** Whether passes can be divided, as far as this rank knows. */
    private boolean takesParts;

    private boolean partsAgreed;

    /**
     * Allocates the rank's frames.
     *
     * @param model the model to run
     * @param plan all shards
     * @param shard this rank's, on its device; closed with the rank
     * @param exchange this rank's frames
     * @param counters counters of bytes and times
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
        this.takesParts = shard.takesParts();
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
        this.shareBytes = (long) plan.vocabularyShares()[exchange.rank()] * Float.BYTES;
        this.logitBytes = (long) model.config().vocabulary() * Float.BYTES;
        this.saturatedBefore = counters.saturated();
        this.schedule = options.schedule();
        try {
            this.collectives = collectives();
            this.pipeline = new LayerPipeline(shard, exchange, counters, layers, wholeAttention, width, arena);
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
     * Runs tokens of one or several sequences through all layers. All ranks of a group do this at the same time.
     *
     * @param parts the rows of each sequence
     * @param wanted the form of the logits that rank 0 needs for the last token of each sequence
     * @param overlap whether some rows are computed while the partials of others are exchanged; the pass
     *     {@link #takesParts}
     */
    public void forward(List<SequenceRows> parts, List<LogitsRequest> wanted, boolean overlap) {
        long start = System.nanoTime();
        long exchangedBefore = counters.nanos();
        int rows = SequenceRows.count(parts);
        long begun = timeline.begin();
        shard.begin(parts);
        if (overlap) {
            pipeline.run(schedule, rows, this::requireHeld);
        } else {
            layers(rows);
        }
        timeline.end(
                Phase.FORWARD, rows == 1 ? "token" : "chunk", parts.getFirst().position(), begun);
        computeNanos += System.nanoTime() - start - (counters.nanos() - exchangedBefore);
        List<LogitsRequest> asked = wanted.stream()
                .filter(each -> each.extent() != LogitsRequest.Extent.NONE)
                .toList();
        if (!asked.isEmpty()) {
            head(asked, lastRows(parts, wanted));
            gather(asked);
        }
    }

    /**
     * Returns whether a pass can compute some rows while the partials of others are exchanged. Before
     * {@link #agreeOnParts} only this rank's own shard is considered.
     *
     * @param rows rows of the pass
     */
    public boolean takesParts(int rows) {
        return takesParts && LayerPipeline.divides(schedule, rows);
    }

    /**
     * Agrees on whether passes are divided: only if the shards of all ranks take parts. All ranks call this before the
     * first pass that is to be divided; further calls send nothing.
     *
     * @param control control messages of this rank
     * @return whether they are, the same on all ranks
     */
    public boolean agreeOnParts(ControlChannel control) {
        if (!partsAgreed) {
            int[][] shared = control.share(new int[] {takesParts ? 1 : 0});
            takesParts = Arrays.stream(shared).allMatch(words -> words[0] == 1);
            partsAgreed = true;
        }
        return takesParts;
    }

    private void layers(int rows) {
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
    }

    /** Returns the rows of the last tokens of the sequences whose logits are needed. */
    private static int[] lastRows(List<SequenceRows> parts, List<LogitsRequest> wanted) {
        IntStream.Builder rows = IntStream.builder();
        int row = -1;
        for (int i = 0; i < parts.size(); i++) {
            row += parts.get(i).rows();
            if (wanted.get(i).extent() != LogitsRequest.Extent.NONE) {
                rows.add(row);
            }
        }
        return rows.build().toArray();
    }

    /** Adds all ranks' partials to the hidden state. A single rank exchanges and encodes nothing. */
    private void sum(int number, int rows) {
        long begun = timeline.begin();
        if (exchange.size() == 1) {
            shard.addOwn(rows);
            timeline.end(Phase.COLLECTIVE, "exchange", number, begun);
            return;
        }
        Collective collective = collectives.of(rows, number);
        collective.sum(number, shard.port(collective.format()), rows);
        timeline.end(Phase.COLLECTIVE, "exchange", number, begun);
        requireHeld(number, collective.format());
    }

    /** Fails if partials of an exchange were beyond the range of its format and the schedule demands it. */
    private void requireHeld(int number, WireFormat format) {
        if (schedule.saturation() == Saturation.END && saturated() > 0) {
            throw new InterconnectException("partials of layer " + number / 2 + " are beyond the range of "
                    + format.label() + ": " + saturated()
                    + " blocks or values were clamped; bf16, f32 and formats with scales of e8m0 hold them, and"
                    + " --allow-saturation continues with clamped values");
        }
    }

    /** Returns the number of blocks or values of this rank's encoded partials that saturated. */
    public long saturated() {
        return counters.saturated() - saturatedBefore;
    }

    /** Returns the current schedule of exchanges. */
    public CommSchedule schedule() {
        return schedule;
    }

    /**
     * Switches to formats with a larger range if partials of the last forward pass saturated on any rank and the
     * schedule has {@link Saturation#REPLACE}. Called on all ranks after each forward pass; {@return whether the
     * formats were replaced, so that the pass must be repeated; the same on all ranks}
     *
     * @param control control messages of this rank
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
     * Computes all logits of some tokens of the pass that {@link #forward} ran last. All ranks of a group do this at
     * the same time.
     *
     * @param first index of the first token, from 0 within the pass
     * @param rows number of rows, at most the options' {@code logitRows}
     */
    public void output(int first, int rows) {
        List<LogitsRequest> asked = Collections.nCopies(rows, LogitsRequest.ALL);
        head(asked, IntStream.range(first, first + rows).toArray());
        gather(asked);
    }

    private void head(List<LogitsRequest> asked, int... rows) {
        long start = System.nanoTime();
        long begun = timeline.begin();
        local = shard.output(asked, rows);
        timeline.end(Phase.OUTPUT, "output head", begun);
        computeNanos += System.nanoTime() - start;
    }

    /** Gathers the requested logits of each row of the output head, in as few messages as possible. */
    private void gather(List<LogitsRequest> asked) {
        long start = System.nanoTime();
        long exchangedBefore = counters.nanos();
        candidates.clear();
        if (asked.stream().allMatch(each -> each.extent() == LogitsRequest.Extent.ALL)) {
            logitsGather.gather(local.all(), asked.size(), logits);
        } else if (asked.stream().allMatch(each -> each.extent() == LogitsRequest.Extent.BEST)) {
            candidates.addAll(candidateGather.gather(asked, local, 0));
        } else {
            for (int row = 0; row < asked.size(); row++) {
                gatherOne(row, asked.get(row));
            }
        }
        computeNanos += System.nanoTime() - start - (counters.nanos() - exchangedBefore);
    }

    /**
     * Gathers more logits of a token whose candidates were gathered last. All ranks of a group do this at the same
     * time.
     *
     * @param row row of the token among those whose logits were requested
     * @param wanted candidates or all logits
     */
    public void gather(int row, LogitsRequest wanted) {
        long start = System.nanoTime();
        long exchangedBefore = counters.nanos();
        gatherOne(row, wanted);
        computeNanos += System.nanoTime() - start - (counters.nanos() - exchangedBefore);
    }

    private void gatherOne(int row, LogitsRequest wanted) {
        if (wanted.extent() == LogitsRequest.Extent.ALL) {
            MemorySegment own = local.all().asSlice(row * shareBytes, shareBytes);
            logitsGather.gather(
                    own, 1, exchange.rank() == LogitsGather.ROOT ? logits.asSlice(row * logitBytes) : logits);
        } else {
            while (candidates.size() <= row) {
                candidates.add(null);
            }
            List<Candidates> gathered = candidateGather.gather(List.of(wanted), local, row);
            candidates.set(row, gathered.isEmpty() ? null : gathered.getFirst());
        }
    }

    /**
     * Returns the candidates of a token that were gathered last, on rank 0.
     *
     * @param row row of the token among those whose logits were requested
     */
    public Candidates candidates(int row) {
        return Objects.requireNonNull(candidates.get(row));
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

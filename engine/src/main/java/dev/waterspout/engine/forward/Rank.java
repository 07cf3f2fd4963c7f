package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.collective.AllGather;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.LogitsGather;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;

/**
 * One rank on the host device: its shard, its cache, its workers and its end of the transport. Used by one thread at a time.
 */
public final class Rank implements AutoCloseable {
    /** A rank computes the logits of a chunk's last token only. */
    private static final int LOGIT_ROWS = 1;

    private final Arena arena = Arena.ofShared();
    private final int number;
    private final ShardWeights weights;
    private final WorkerPool pool;
    private final ExchangeCounters counters = new ExchangeCounters();
    private final ForwardPass pass;
    private final MemorySegment logits;
    private long computeNanos;

    /**
     * Allocates what the rank needs besides the weights, which stay in the file's mapping.
     *
     * @param model stays open while the rank is used
     * @param plan all shards
     * @param shard this rank's
     * @param transport this rank's end
     * @param options common to all ranks
     * @param kernels what computes
     */
    public Rank(
            Model model, ShardPlan plan, Shard shard, Transport transport, RankOptions options, HostKernels kernels) {
        this.number = shard.rank();
        this.weights = ShardWeights.of(model, shard);
        this.pool = new WorkerPool(options.threads(), "rank-" + number);
        int width = model.config().width();
        FrameExchange exchange = new FrameExchange(transport);
        AllGather allGather = new AllGather(exchange, options.format(), pool, counters, options.chunk(), width, arena);
        LogitsGather logitsGather = new LogitsGather(exchange, counters, plan.vocabularyShares(), LOGIT_ROWS, arena);
        this.logits = number == LogitsGather.ROOT
                ? arena.allocate((long) model.config().vocabulary() * Float.BYTES, 64)
                : MemorySegment.NULL;
        this.pass = new ForwardPass(
                model,
                shard,
                weights,
                new Buffers(model, shard, options, arena),
                new HostCompute(kernels, pool),
                allGather,
                logitsGather);
    }

    /** Returns this rank's number, from 0. */
    public int number() {
        return number;
    }

    /** Returns the bytes of weights that a forward pass reads. */
    public long weightBytes() {
        return weights.bytes();
    }

    /**
     * Reads all weights of the shard once.
     *
     * @param loaded is told how many bytes each step has read
     */
    public void preload(LongConsumer loaded) {
        for (WeightMatrix matrix : weights.matrices()) {
            if (matrix.data().isMapped()) {
                matrix.data().load();
            }
            loaded.accept(ShardWeights.bytes(matrix));
        }
    }

    /**
     * Runs a chunk of tokens through all layers. All ranks of a group do this at the same time.
     *
     * @param tokens ids, one or more
     * @param position of the first
     * @param wantsLogits whether the logits of the last token are needed
     */
    public void forward(int[] tokens, int position, boolean wantsLogits) {
        long start = System.nanoTime();
        long exchangedBefore = counters.snapshot().nanos();
        pass.run(tokens, position, wantsLogits ? logits : null);
        computeNanos += System.nanoTime() - start - (counters.snapshot().nanos() - exchangedBefore);
    }

    /** Returns the last logits, f32 {@code [vocabulary]}, on rank 0. */
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
        pool.close();
        arena.close();
    }
}

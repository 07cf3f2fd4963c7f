package dev.waterspout.engine.generate;

import dev.waterspout.engine.forward.LoadListener;
import dev.waterspout.engine.forward.Rank;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The ranks of one process, a thread each. All of them run the same forward passes; rank 0 ends up with the logits. Used by
 * one thread at a time.
 */
public final class RankGroup implements AutoCloseable {
    private final RankOptions options;
    private final List<ExecutorService> threads = new ArrayList<>();
    private final List<Transport> transports;
    private final @Nullable Rank[] ranks;

    /**
     * Starts the ranks; each puts its shard on its device from its own thread.
     *
     * @param model stays open while the group is used
     * @param plan one shard per rank
     * @param options common to all ranks
     * @param devices what puts a shard on a rank's device, in rank order
     */
    public RankGroup(Model model, ShardPlan plan, RankOptions options, List<ShardFactory> devices) {
        this.options = options;
        this.transports = InProcessGroup.create(plan.ranks(), options.peerTimeout());
        this.ranks = new Rank[plan.ranks()];
        for (int rank = 0; rank < plan.ranks(); rank++) {
            threads.add(Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("rank-" + rank).factory()));
        }
        try {
            onEveryThread(rank -> {
                Shard shard = plan.shards().get(rank);
                ShardCompute compute = devices.get(rank).create(model, shard, plan.ranks(), options);
                ranks[rank] = new Rank(model, plan, compute, transports.get(rank), options);
            });
        } catch (Throwable failure) {
            close();
            throw failure;
        }
    }

    /** Returns how many positions there are. */
    public int capacity() {
        return options.context();
    }

    /** Returns the most tokens in one forward pass. */
    public int chunk() {
        return options.chunk();
    }

    /**
     * Reads every rank's weights once, so that the first token does not wait for the disk.
     *
     * @param listener is told how far it has come
     */
    public void preload(LoadListener listener) {
        long total = 0;
        for (int rank = 0; rank < ranks.length; rank++) {
            total += rank(rank).shard().weightBytes();
        }
        long all = total;
        AtomicLong loaded = new AtomicLong();
        onEveryThread(rank -> rank(rank).shard().preload(bytes -> listener.loaded(loaded.addAndGet(bytes), all)));
    }

    /**
     * Runs a chunk of tokens through all layers, on every rank.
     *
     * @param tokens at most {@link #chunk} ids
     * @param position of the first
     * @param wantsLogits whether the logits of the last token are needed
     * @throws InterconnectException if a rank fails while others wait for it
     */
    public void forward(int[] tokens, int position, boolean wantsLogits) {
        onEveryThread(rank -> rank(rank).forward(tokens, position, wantsLogits));
    }

    /** Returns the logits of the last token that they were asked for, f32 {@code [vocabulary]}. */
    public MemorySegment logits() {
        return rank(0).logits();
    }

    /** Returns what every rank has done so far, in rank order. */
    public List<RankWork> work() {
        return IntStream.range(0, ranks.length)
                .mapToObj(rank ->
                        new RankWork(rank(rank).computeNanos(), rank(rank).exchanged()))
                .toList();
    }

    @Override
    public void close() {
        transports.forEach(Transport::close);
        try {
            onEveryThread(rank -> {
                Rank started = ranks[rank];
                if (started != null) {
                    started.close();
                }
            });
        } finally {
            threads.forEach(ExecutorService::close);
        }
    }

    private Rank rank(int rank) {
        return Objects.requireNonNull(ranks[rank]);
    }

    private void onEveryThread(IntConsumer task) {
        List<Future<?>> pending = new ArrayList<>();
        for (int each = 0; each < ranks.length; each++) {
            int rank = each;
            pending.add(threads.get(rank).submit(() -> {
                try {
                    task.accept(rank);
                } catch (Throwable failure) {
                    transports.get(rank).abort(failure);
                    throw failure;
                }
            }));
        }
        Throwable first = null;
        for (Future<?> each : pending) {
            Throwable failure = failure(each);
            // The rank that failed first says more than those that noticed it.
            if (failure != null && (first == null || first instanceof InterconnectException)) {
                first = failure;
            }
        }
        rethrow(first);
    }

    private static @Nullable Throwable failure(Future<?> future) {
        try {
            future.get();
            return null;
        } catch (ExecutionException failure) {
            return failure.getCause();
        } catch (InterruptedException failure) {
            Thread.currentThread().interrupt();
            return failure;
        }
    }

    private static void rethrow(@Nullable Throwable failure) {
        switch (failure) {
            case null -> {}
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            default -> throw new InterconnectException("a rank was interrupted", failure);
        }
    }
}

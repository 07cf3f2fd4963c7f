package dev.waterspout.engine.generate;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The ranks of this process: all ranks of a group, or one rank of a group that spans processes. Each rank has a thread
 * and a transport of its own, because a device or a message-passing library may require that one thread makes all
 * calls. The generation loop runs on the thread of this process's first rank. A task that is submitted there runs the
 * first rank's part without a thread switch, which would take about a sixth of a millisecond per token and direction.
 */
public final class RankThreads implements AutoCloseable {
    private final Duration timeout;
    private final boolean distributed;
    private final Function<String, ThreadFactory> factories;
    private final List<ScheduledExecutorService> threads = new ArrayList<>();

    private final List<Member> members = new ArrayList<>();
    /** The thread of this process's first rank, once it has started. */
    private volatile @Nullable Thread firstThread;

    private volatile boolean failed;

    /**
     * A rank of the group, with its transport.
     *
     * @param rank number of the rank
     * @param transport transport of the rank
     * @param exchange frames over the transport
     * @param counters counters of the rank's exchanges
     * @param control control messages over the same frames
     */
    public record Member(
            int rank, Transport transport, FrameExchange exchange, ExchangeCounters counters, ControlChannel control) {
        private static Member of(Transport transport) {
            FrameExchange exchange = new FrameExchange(transport);
            ExchangeCounters counters = new ExchangeCounters();
            return new Member(transport.rank(), transport, exchange, counters, new ControlChannel(exchange, counters));
        }
    }

    /** The part of a task that one rank runs on its thread. */
    @FunctionalInterface
    public interface Task {
        /**
         * Runs the part of one rank.
         *
         * @param member the rank
         */
        void run(Member member);
    }

    private RankThreads(boolean distributed, Duration timeout, Function<String, ThreadFactory> factories) {
        this.distributed = distributed;
        this.factories = factories;
        this.timeout = timeout;
    }

    /**
     * Starts all ranks of a group in this process.
     *
     * @param ranks number of ranks
     * @param timeout longest time that a rank waits for another
     */
    public static RankThreads inProcess(int ranks, Duration timeout) {
        RankThreads started = new RankThreads(false, timeout, RankThreads::daemons);
        for (Transport transport : InProcessGroup.create(ranks, timeout)) {
            var _ = started.thread("rank-" + transport.rank());
            started.members.add(Member.of(transport));
        }
        return started;
    }

    /**
     * Starts this process's one rank of a group that spans processes. While its thread is idle, it sends heartbeats to
     * the other ranks.
     *
     * @param join joins the group; called on the rank's thread
     * @param timeout longest time that a rank waits for another
     */
    public static RankThreads joining(Supplier<? extends Transport> join, Duration timeout) {
        return joining(join, timeout, RankThreads::daemons);
    }

    /**
     * Starts the rank on a given kind of thread.
     *
     * @param factories make a thread of a given name
     */
    static RankThreads joining(
            Supplier<? extends Transport> join, Duration timeout, Function<String, ThreadFactory> factories) {
        RankThreads started = new RankThreads(true, timeout, factories);
        ScheduledExecutorService thread = started.thread("rank");
        try {
            Transport transport = get(thread.submit(join::get));
            started.members.add(Member.of(transport));
            long beat = Math.max(1, timeout.toMillis() / 4);
            var _ = thread.scheduleWithFixedDelay(transport::alive, beat, beat, TimeUnit.MILLISECONDS);
        } catch (Throwable failure) {
            thread.shutdownNow();
            throw failure;
        }
        return started;
    }

    private static ThreadFactory daemons(String name) {
        return Thread.ofPlatform().daemon().name(name).factory();
    }

    private ScheduledExecutorService thread(String name) {
        ThreadFactory factory = factories.apply(name);
        boolean isFirst = threads.isEmpty();
        ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = factory.newThread(task);
            if (isFirst) {
                firstThread = made;
            }
            return made;
        });
        threads.add(thread);
        return thread;
    }

    /** Returns whether the caller is the thread of this process's first rank. */
    boolean onFirstThread() {
        return Thread.currentThread() == firstThread;
    }

    /**
     * Runs a task on the thread of this process's first rank, after its earlier tasks.
     *
     * @throws RejectedExecutionException if the ranks have been closed
     */
    void later(Runnable task) {
        threads.getFirst().execute(task);
    }

    /** Returns the number of ranks in the group. */
    public int size() {
        return members.getFirst().transport().size();
    }

    /** Returns the ranks of this process, in rank order. */
    public List<Member> members() {
        return List.copyOf(members);
    }

    /** Returns whether there are ranks in other processes. */
    public boolean distributed() {
        return distributed;
    }

    /** Returns whether rank 0, which has the logits and sends commands, is in this process. */
    public boolean hasRoot() {
        return members.getFirst().rank() == ControlChannel.ROOT;
    }

    /**
     * Runs a task on every rank of this process and waits for all. A rank that fails ends the group.
     *
     * @param task the task of each thread
     */
    public void run(Task task) {
        List<FutureTask<@Nullable Void>> pending = new ArrayList<>();
        for (Member member : members) {
            pending.add(new FutureTask<>(() -> runOne(task, member), null));
        }
        // The first rank runs last: its thread may be the caller's, and the other ranks have started by then.
        for (int i = members.size() - 1; i > 0; i--) {
            threads.get(i).execute(pending.get(i));
        }
        if (onFirstThread()) {
            pending.getFirst().run();
        } else {
            later(pending.getFirst());
        }
        Throwable first = null;
        for (Future<?> each : pending) {
            Throwable failure = failure(each);
            // The rank that failed has the cause; the other ranks only report that the group ended.
            if (failure != null && (first == null || first instanceof InterconnectException)) {
                first = failure;
            }
        }
        rethrow(first);
    }

    private void runOne(Task task, Member member) {
        try {
            task.run(member);
        } catch (Throwable failure) {
            failed = true;
            member.transport().abort(failure);
            throw failure;
        }
    }

    /**
     * Aborts the group because of a failure outside its ranks.
     *
     * @param cause why
     */
    public void abort(Throwable cause) {
        if (!failed) {
            failed = true;
            members.forEach(member -> member.transport().abort(cause));
        }
    }

    /** Returns whether a rank of this process has failed. */
    boolean failed() {
        return failed;
    }

    @Override
    public void close() {
        if (distributed) {
            leave();
        } else {
            members.forEach(member -> member.transport().close());
        }
        threads.forEach(ScheduledExecutorService::shutdownNow);
    }

    /** Only the rank's own thread may call a native library. A thread that hangs in such a call is abandoned. */
    private void leave() {
        Future<?> left = threads.getFirst()
                .submit(() -> members.forEach(member -> member.transport().close()));
        try {
            left.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException gaveUp) {
            failed = true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException failure) {
            rethrow(failure.getCause());
            throw new IllegalStateException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterconnectException("joining the group was interrupted", interrupted);
        }
    }

    private static @Nullable Throwable failure(Future<?> future) {
        try {
            future.get();
            return null;
        } catch (ExecutionException failure) {
            return Objects.requireNonNull(failure.getCause());
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

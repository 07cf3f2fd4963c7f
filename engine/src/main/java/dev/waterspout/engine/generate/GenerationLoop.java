package dev.waterspout.engine.generate;

import dev.waterspout.engine.batch.Scheduler;
import dev.waterspout.engine.batch.Step;
import dev.waterspout.engine.batch.Step.Chunk;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.LogitsRequest.Extent;
import dev.waterspout.interconnect.InterconnectException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The generation loop: gets a step from the scheduler, runs it on all ranks, chooses the next tokens, and repeats this
 * while there are requests. It runs on the thread of rank 0, one step at a time, so that other calls for that thread
 * can run in between. Any thread may submit requests.
 */
final class GenerationLoop {
    private final RankGroup group;
    private final RankThreads threads;
    private final Scheduler scheduler;
    /** Messages of other threads. */
    private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
    /** Whether a turn is running or scheduled. */
    private final AtomicBoolean awake = new AtomicBoolean();

    /** Requests of the scheduler, by number. */
    private final Map<Long, Request> open = new LinkedHashMap<>();
    /** Tasks that run while no request runs. */
    private final Deque<FutureTask<@Nullable Void>> exclusive = new ArrayDeque<>();
    /** Requests submitted after such a task. */
    private final Deque<Request> deferred = new ArrayDeque<>();

    private long numbers;
    private long steps;
    private long reportedAt = -1;
    private List<RankWork> reported = List.of();
    /** The failure after which no more steps can run, or null. */
    private volatile @Nullable Throwable failure;

    GenerationLoop(RankGroup group, RankThreads threads, Scheduler scheduler) {
        this.group = group;
        this.threads = threads;
        this.scheduler = scheduler;
    }

    /** Submits a request, which starts after earlier ones as soon as there is room. */
    void submit(Request request) {
        try {
            post(() -> arrive(request));
        } catch (RejectedExecutionException gone) {
            request.fail(closed());
        }
    }

    /** Ends a request before the next step, unless it has ended. */
    void cancel(Request request) {
        try {
            post(() -> cancelNow(request));
        } catch (RejectedExecutionException gone) {
            request.fail(closed());
        }
    }

    /** Runs a task on the thread of rank 0 while no request runs, and waits for it. */
    void exclusively(Runnable task) {
        if (threads.onFirstThread()) {
            task.run();
            return;
        }
        FutureTask<@Nullable Void> waited = new FutureTask<>(task, null);
        try {
            post(() -> exclusive.addLast(waited));
            waited.get();
        } catch (RejectedExecutionException | CancellationException gone) {
            throw unchecked(Objects.requireNonNullElseGet(failure, GenerationLoop::closed));
        } catch (ExecutionException failed) {
            throw unchecked(Objects.requireNonNull(failed.getCause()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new GenerationException("waiting for the ranks was interrupted");
        }
    }

    /** Forgets the content of the cache, which is about to be overwritten. Called in an exclusive task. */
    void forget() {
        scheduler.forget();
    }

    private void post(Runnable message) {
        inbox.add(message);
        if (awake.compareAndSet(false, true)) {
            threads.later(this::turn);
        }
    }

    private void turn() {
        boolean more = false;
        try {
            for (Runnable message = inbox.poll(); message != null; message = inbox.poll()) {
                message.run();
            }
            if (failure == null) {
                more = step();
            } else {
                failAll(failure);
            }
        } catch (Throwable cause) {
            failAll(cause);
        }
        if (!more) {
            awake.set(false);
            // A message may have arrived since the inbox was read.
            more = !inbox.isEmpty() && awake.compareAndSet(false, true);
        }
        if (more) {
            again();
        }
    }

    private void again() {
        try {
            threads.later(this::turn);
        } catch (RejectedExecutionException gone) {
            failAll(closed());
        }
    }

    private void arrive(Request request) {
        if (failure != null) {
            request.fail(failure);
        } else if (exclusive.isEmpty()) {
            admit(request);
        } else {
            deferred.addLast(request);
        }
    }

    private void admit(Request request) {
        try {
            request.accept();
            var _ = request.wanted(group.vocabulary()); // refuses tokens that are not in the vocabulary
        } catch (RuntimeException refused) {
            request.fail(refused);
            return;
        }
        request.number = numbers++;
        scheduler.add(request.number, request.given(), request.extent.reuse());
        open.put(request.number, request);
    }

    private void cancelNow(Request request) {
        if (deferred.contains(request)) {
            List<RankWork> work = work();
            deferred.remove(request);
            request.end(StopReason.CANCELLED, 0, 0, work);
        } else if (open.containsKey(request.number)) {
            end(request, StopReason.CANCELLED, 0);
        }
    }

    /** {@return whether there may be more to do} */
    private boolean step() {
        if (!exclusive.isEmpty() && scheduler.isIdle()) {
            exclusive.removeFirst().run();
            while (exclusive.isEmpty() && !deferred.isEmpty()) {
                arrive(deferred.removeFirst());
            }
            return true;
        }
        Optional<Step> next = scheduler.next();
        if (next.isEmpty()) {
            return false;
        }
        Step step = next.get();
        List<LogitsRequest> wanted = new ArrayList<>();
        for (Chunk chunk : step.chunks()) {
            Request request = request(chunk);
            if (!request.hasBegun()) {
                request.begin(work());
            }
            if (chunk.wantsLogits()) {
                wanted.add(request.wanted(group.vocabulary()));
            }
        }
        group.run(step, wanted);
        steps++;
        int asked = 0;
        int row = 0; // of the logits: a request that predicts nothing has none
        for (Chunk chunk : step.chunks()) {
            if (chunk.wantsLogits()) {
                LogitsRequest request = wanted.get(asked++);
                proceed(request(chunk), chunk, row, request);
                row += request.extent() == Extent.NONE ? 0 : 1;
            }
        }
        return true;
    }

    /** Chooses the next token of a request from its logits; the request continues or ends. */
    private void proceed(Request request, Chunk chunk, int row, LogitsRequest asked) {
        int passed = chunk.position() + chunk.tokens().size();
        if (!request.isFilled()) {
            request.fill(work());
        }
        if (request.isComplete()) {
            end(request, StopReason.LENGTH, passed);
            return;
        }
        int token;
        try {
            token = request.choose(group, row, asked);
        } catch (InterconnectException lost) {
            throw lost;
        } catch (RuntimeException unusable) {
            close(request);
            request.fail(unusable);
            return;
        }
        if (request.endsWith(token)) {
            end(request, StopReason.END_OF_TEXT, passed);
        } else if (request.isComplete()) {
            end(request, StopReason.LENGTH, passed);
        } else if (request.positions() > group.capacity()) {
            end(request, StopReason.CONTEXT_FULL, passed);
        } else {
            scheduler.append(request.number, token);
        }
    }

    private void end(Request request, StopReason stop, int passed) {
        int held = scheduler.held(request.number);
        int done = passed > 0 ? passed : scheduler.computed(request.number);
        List<RankWork> work = work(); // before the request is removed, so that it receives a failure of a rank
        close(request);
        request.end(stop, held, done, work);
    }

    private void close(Request request) {
        scheduler.remove(request.number);
        open.remove(request.number);
    }

    private Request request(Chunk chunk) {
        return Objects.requireNonNull(open.get(chunk.sequence()));
    }

    /** The ranks' statistics so far, requested at most once between two steps. */
    private List<RankWork> work() {
        if (reportedAt != steps) {
            reported = group.work();
            reportedAt = steps;
        }
        return reported;
    }

    /** Ends all requests, because the ranks are about to be closed. Called on the thread of rank 0. */
    void close() {
        failAll(closed());
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the model has been closed");
    }

    private void failAll(Throwable cause) {
        failure = failure == null ? cause : failure;
        open.values().forEach(request -> request.fail(cause));
        deferred.forEach(request -> request.fail(cause));
        open.clear();
        deferred.clear();
        exclusive.forEach(task -> task.cancel(false));
        exclusive.clear();
    }

    /** {@return the number of steps so far} */
    long steps() {
        return steps;
    }

    /** {@return the number of preemptions so far} */
    long preemptions() {
        return scheduler.preemptions();
    }

    static RuntimeException unchecked(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(cause);
    }
}

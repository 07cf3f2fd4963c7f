package dev.waterspout.kernels.parallel;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of threads that divide a range of items among them. It is made for runs of a few microseconds.
 *
 * <p>The calling thread is worker 0; the others are daemon threads that live until {@link #close()}. Waiting threads
 * spin for about 50 microseconds and then park, so an idle pool uses no CPU. One run at a time: a run inside a run,
 * or from two threads at once, is refused.
 */
public final class WorkerPool implements AutoCloseable {
    private static final long SPIN_NANOS = 50_000;
    private static final int SPINS_PER_CLOCK_READ = 64;

    private final int threads;
    private final Worker[] workers;
    private final AtomicBoolean busy = new AtomicBoolean();

    /** Each run publishes a new object. So a worker that was parked during a run cannot join that run later. */
    private volatile Job job = new Job(0, 1, 0, (worker, from, to) -> {});

    private volatile boolean closed;

    /**
     * Starts the workers.
     *
     * @param threads number of workers, the calling thread included; at least 1
     * @param name prefix of the threads' names
     */
    public WorkerPool(int threads, String name) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads=" + threads + ": a pool has at least 1");
        }
        this.threads = threads;
        workers = new Worker[threads - 1];
        Job first = job;
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1, first, name + "-" + (i + 1));
        }
        for (Worker worker : workers) {
            worker.thread.start();
        }
    }

    /** Returns the number of workers, the calling thread included. */
    public int threads() {
        return threads;
    }

    /**
     * Processes items [0, items) and returns when all are done.
     *
     * <p>Every worker gets at most one contiguous band, a whole number of grains long; the band at the end may be cut
     * short by {@code items}. Bands differ by at most one grain. With one thread, or one grain, the task runs in the
     * calling thread alone.
     *
     * @param items number of items, at least 0
     * @param grain number of items that stay together, at least 1
     * @param task the work on one band
     * @throws RuntimeException or Error: the first exception of the task, with those of other bands suppressed; all
     *     bands have ended by then
     * @throws IllegalStateException if the pool is closed or another run is in progress
     */
    public void run(int items, int grain, RangeTask task) {
        if (items < 0 || grain < 1) {
            throw new IllegalArgumentException(
                    "items=" + items + " grain=" + grain + ": need items >= 0 and grain >= 1");
        }
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("another run of this pool is in progress");
        }
        try {
            if (closed) {
                throw new IllegalStateException("this pool is closed");
            }
            if (items > 0) {
                runBands(items, grain, task);
            }
        } finally {
            busy.set(false);
        }
    }

    private void runBands(int items, int grain, RangeTask task) {
        int bands = (int) Math.min(threads, ((long) items + grain - 1) / grain);
        if (bands == 1) {
            task.run(0, 0, items);
            return;
        }
        Job next = new Job(items, grain, bands, task);
        publish(next);
        next.runBand(0);
        next.await();
        next.rethrow();
    }

    private void publish(Job next) {
        job = next;
        for (Worker worker : workers) {
            if (worker.parked) {
                LockSupport.unpark(worker.thread);
            }
        }
    }

    /** Ends the workers and waits until they are gone. Closing twice does nothing. */
    @Override
    public void close() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("a run of this pool is in progress");
        }
        closed = true;
        publish(new Job(0, 1, 0, (worker, from, to) -> {}));
        busy.set(false);
        boolean interrupted = false;
        for (Worker worker : workers) {
            while (worker.thread.isAlive()) {
                try {
                    worker.thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One run. */
    private static final class Job {
        private final int items;
        private final int grain;
        private final int bands;
        private final RangeTask task;
        private final Thread caller = Thread.currentThread();
        private final AtomicInteger pending;
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private volatile boolean callerParked;

        private Job(int items, int grain, int bands, RangeTask task) {
            this.items = items;
            this.grain = grain;
            this.bands = bands;
            this.task = task;
            this.pending = new AtomicInteger(bands);
        }

        private void runBand(int band) {
            if (band >= bands) {
                return;
            }
            try {
                task.run(band, boundary(band), boundary(band + 1));
            } catch (Throwable thrown) { // the caller rethrows it
                fail(thrown);
            }
            if (pending.decrementAndGet() == 0 && callerParked) {
                LockSupport.unpark(caller);
            }
        }

        private int boundary(int band) {
            long grains = ((long) items + grain - 1) / grain;
            return (int) Math.min(items, grains * band / bands * grain);
        }

        private void fail(Throwable thrown) {
            Throwable first = failure.compareAndExchange(null, thrown);
            if (first != null && !first.equals(thrown)) {
                first.addSuppressed(thrown);
            }
        }

        private void await() {
            if (spinUntilDone()) {
                return;
            }
            boolean interrupted = false;
            callerParked = true;
            while (pending.get() > 0) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted(); // a pending interrupt would turn park into a busy loop
            }
            if (interrupted) {
                caller.interrupt();
            }
        }

        private boolean spinUntilDone() {
            long start = System.nanoTime();
            do {
                for (int i = 0; i < SPINS_PER_CLOCK_READ; i++) {
                    if (pending.get() == 0) {
                        return true;
                    }
                    Thread.onSpinWait();
                }
            } while (System.nanoTime() - start < SPIN_NANOS);
            return false;
        }

        private void rethrow() {
            switch (failure.get()) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException("a task threw a checked exception", e);
            }
        }
    }

    /** A thread that waits for the next job and processes its band. */
    private final class Worker implements Runnable {
        private final int index;
        private final Thread thread;
        private Job last;
        private volatile boolean parked;

        private Worker(int index, Job first, String name) {
            this.index = index;
            this.last = first;
            this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this);
        }

        @Override
        public void run() {
            while (true) {
                if (!spinForJob()) {
                    parkForJob();
                }
                if (closed) {
                    return;
                }
                last = job;
                last.runBand(index);
            }
        }

        private boolean spinForJob() {
            long start = System.nanoTime();
            do {
                for (int i = 0; i < SPINS_PER_CLOCK_READ; i++) {
                    if (job != last) {
                        return true;
                    }
                    Thread.onSpinWait();
                }
            } while (System.nanoTime() - start < SPIN_NANOS);
            return false;
        }

        private void parkForJob() {
            parked = true;
            while (job == last) {
                LockSupport.park(WorkerPool.this);
                Thread.interrupted(); // a pending interrupt would make park a busy loop
            }
            parked = false;
        }
    }
}

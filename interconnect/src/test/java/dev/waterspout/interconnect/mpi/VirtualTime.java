package dev.waterspout.interconnect.mpi;

import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that run one at a time, in an order that depends on a seed only. Time passes where they sleep, and only
 * there: it goes on to the moment at which the next one wakes up. A lane may consist of several threads of which one
 * waits for the other. Virtual threads change over without the operating system.
 */
final class VirtualTime {
    /** Thrown in a thread that has to end, because it is killed or because time is up. */
    static final class Stopped extends Error {
        private static final long serialVersionUID = 1;

        Stopped(String reason) {
            super(reason, null, false, false);
        }
    }

    private static final int NOBODY = -1;

    private final Random random;
    private final long limit;
    /** Per lane when it wakes up; {@link Long#MAX_VALUE} for one that has ended. */
    private final long[] wakes;

    private final @Nullable Thread[] parked;
    private volatile int running = NOBODY;
    private volatile long now;
    private volatile boolean over;

    /**
     * @param lanes how many threads take turns
     * @param random decides who of several goes first
     * @param limit nanoseconds after which all threads are stopped
     */
    VirtualTime(int lanes, Random random, long limit) {
        this.random = random;
        this.limit = limit;
        this.wakes = new long[lanes];
        this.parked = new Thread[lanes];
    }

    /** {@return nanoseconds since the start} */
    long now() {
        return now;
    }

    /** {@return whether the limit was passed, so that some thread would never have ended} */
    boolean isOver() {
        return over;
    }

    /**
     * Runs one task per lane and returns when all have ended.
     *
     * @param tasks one per lane, which throw nothing
     */
    void run(Runnable[] tasks) throws InterruptedException {
        Thread[] threads = new Thread[tasks.length];
        for (int lane = 0; lane < tasks.length; lane++) {
            int own = lane;
            threads[lane] = Thread.ofVirtual().name("lane-" + lane).unstarted(() -> {
                waitForTurn(own);
                try {
                    tasks[own].run();
                } finally {
                    wakes[own] = Long.MAX_VALUE;
                    handOver();
                }
            });
            parked[lane] = threads[lane];
        }
        for (Thread thread : threads) {
            thread.start();
        }
        handOver();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /**
     * Lets time pass for the lane whose turn it is.
     *
     * @param lane that sleeps
     * @param until when it wakes up
     */
    void sleep(int lane, long until) {
        wakes[lane] = Math.max(until, now);
        parked[lane] = Thread.currentThread();
        handOver();
        waitForTurn(lane);
        if (over) {
            throw new Stopped("the limit of " + limit + " ns has passed");
        }
    }

    /** Wakes a lane earlier than it has asked for. */
    void wake(int lane, long at) {
        if (wakes[lane] != Long.MAX_VALUE) {
            wakes[lane] = Math.min(wakes[lane], Math.max(at, now));
        }
    }

    private void handOver() {
        int next = NOBODY;
        int ties = 0;
        for (int lane = 0; lane < wakes.length; lane++) {
            if (wakes[lane] == Long.MAX_VALUE) {
                continue;
            }
            if (next == NOBODY || wakes[lane] < wakes[next]) {
                next = lane;
                ties = 1;
            } else if (wakes[lane] == wakes[next] && random.nextInt(++ties) == 0) {
                next = lane;
            }
        }
        if (next == NOBODY) {
            running = NOBODY;
            return;
        }
        now = Math.max(now, wakes[next]);
        over |= now > limit;
        Thread thread = parked[next];
        running = next;
        if (thread != Thread.currentThread()) {
            LockSupport.unpark(thread);
        }
    }

    private void waitForTurn(int lane) {
        boolean interrupted = false;
        while (running != lane) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted(); // an interrupted thread cannot park
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

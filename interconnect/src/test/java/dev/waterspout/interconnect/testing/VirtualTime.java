package dev.waterspout.interconnect.testing;

import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs threads one at a time, in an order that depends only on a seed. Time advances only while all threads sleep, to
 * the next wake-up. A lane may consist of several threads of which one waits for another. Virtual threads switch
 * without the operating system.
 */
public final class VirtualTime {
    /** Thrown in a thread that must end, because it was killed or the time limit has passed. */
    public static final class Stopped extends Error {
        private static final long serialVersionUID = 1;

        /** @param reason why the thread must end */
        public Stopped(String reason) {
            super(reason, null, false, false);
        }
    }

    private static final int NOBODY = -1;

    private final Random random;
    private final long limit;
    /** Per lane: its wake-up time; {@link Long#MAX_VALUE} after its end. */
    private final long[] wakes;

    private final @Nullable Thread[] parked;
    private volatile int running = NOBODY;
    private volatile long now;
    private volatile boolean over;

    /**
     * @param lanes number of lanes
     * @param random chooses among lanes with the same wake-up time
     * @param limit nanoseconds after which all threads are stopped
     */
    public VirtualTime(int lanes, Random random, long limit) {
        this.random = random;
        this.limit = limit;
        this.wakes = new long[lanes];
        this.parked = new Thread[lanes];
    }

    /** {@return nanoseconds since the start} */
    public long now() {
        return now;
    }

    /** {@return whether the time limit has passed} */
    public boolean isOver() {
        return over;
    }

    /**
     * Runs one task per lane and returns when all have ended.
     *
     * @param tasks one per lane, which throw nothing
     */
    public void run(Runnable[] tasks) throws InterruptedException {
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
     * Puts the running lane to sleep.
     *
     * @param lane the running lane
     * @param until wake-up time in nanoseconds
     */
    public void sleep(int lane, long until) {
        wakes[lane] = Math.max(until, now);
        parked[lane] = Thread.currentThread();
        handOver();
        waitForTurn(lane);
        if (over) {
            throw new Stopped("the limit of " + limit + " ns has passed");
        }
    }

    /** Wakes a lane before its wake-up time. */
    public void wake(int lane, long at) {
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

package dev.waterspout.emulator.kernel;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * Runs the work-items of a group, one at a time, each up to its next barrier.
 *
 * <p>Items run in sequence on the calling thread until the first one reaches a barrier. From then on it waits there,
 * and each other item has its own virtual thread. Items run round-robin: each runs until it reaches the barrier or
 * its end, then the next one runs; the last one releases the barrier. The order is reversed in each round, so that a
 * kernel that lacks a barrier does not pass by chance. It is an error if an item ends in a round in which another
 * waits, or if items wait at barriers of different kinds. In some groups of a launch it is also an error if they wait
 * at different calls of the same kind.
 */
final class WorkGroup {
    private static final int MAX_EPOCH = 1 << 30;

    private final Launch launch;
    private final int size;
    private final LocalMemory localMemory;
    private final WorkItem[] items;
    private final Object[] @Nullable [] arguments;

    private int number;
    private boolean comparesCallSites;
    private boolean threaded;
    private Thread[] threads = new Thread[0];
    private int direction;
    private int epoch;
    private int waiting;
    private int finished;
    private int someWaiting;
    private int someFinished;
    private @Nullable BarrierSite site;

    private volatile int turn;
    private volatile boolean over;
    private volatile @Nullable Throwable failure;

    WorkGroup(Launch launch) {
        this.launch = launch;
        size = launch.grid().groupSize();
        localMemory = new LocalMemory(launch.task().name(), launch.spec().localMemoryBytes());
        items = new WorkItem[size];
        arguments = new Object[size][];
    }

    LocalMemory localMemory() {
        return localMemory;
    }

    /** Runs all items of a group and returns when all have ended. Throws the exception of one of them. */
    void run(int groupNumber) {
        number = groupNumber;
        comparesCallSites = launch.comparesCallSites(groupNumber);
        threaded = false;
        direction = 1;
        epoch = 0;
        waiting = 0;
        finished = 0;
        over = false;
        localMemory.clear();
        WorkItem item = item(0);
        for (int local = 0; local < size; local++) {
            item.begin(number, local);
            try {
                runItem(item, 0);
                someFinished = item.id();
                if (threaded) {
                    finish(item);
                    awaitAll();
                    return;
                }
            } catch (Aborted e) {
                throw rethrown();
            } catch (RuntimeException | Error e) {
                fail(e);
                throw e;
            }
        }
    }

    /** Called by an item at a barrier. */
    void await(WorkItem item, boolean global) {
        if (global && epoch == MAX_EPOCH - 1) {
            throw new TornadoRuntimeException(
                    "task " + launch.task().name() + ": a group passes more than " + (MAX_EPOCH - 1) + " barriers");
        }
        if (size > 1) {
            meet(item, global);
        } else if (global) {
            epoch++;
        }
        item.enter(epoch);
    }

    private void meet(WorkItem item, boolean global) {
        BarrierSite here = BarrierSite.find(global, comparesCallSites);
        if (!threaded) {
            if (item.local() > 0) {
                throw divergence(item.id(), here, launch.grid().describe(someFinished) + " has ended");
            }
            prepareThreads();
        }
        if (waiting == 0) {
            site = here;
            someWaiting = item.id();
        } else if (!here.isAlso(site)) {
            throw divergence(item.id(), here, launch.grid().describe(someWaiting) + " waits at " + site);
        }
        waiting++;
        if (item.local() == lastOfRound()) {
            if (finished > 0) {
                throw divergence(item.id(), here, launch.grid().describe(someFinished) + " has ended");
            }
            waiting = 0;
            direction = -direction;
            epoch = global ? epoch + 1 : epoch;
        } else {
            passTurn(item);
            awaitTurn(item);
        }
    }

    private void finish(WorkItem item) {
        finished++;
        someFinished = item.id();
        if (item.local() != lastOfRound()) {
            passTurn(item);
        } else if (waiting > 0) {
            throw divergence(someWaiting, site, item.describe() + " has ended");
        } else {
            over = true;
            LockSupport.unpark(threads[0]);
        }
    }

    private int lastOfRound() {
        return direction > 0 ? size - 1 : 0;
    }

    private void prepareThreads() {
        threaded = true;
        threads = new Thread[size];
        threads[0] = Thread.currentThread();
        for (int local = 1; local < size; local++) {
            WorkItem item = item(local);
            item.begin(number, local);
            threads[local] = Thread.ofVirtual().unstarted(() -> runThread(item));
        }
    }

    private void runThread(WorkItem item) {
        try {
            runItem(item, item.local());
            finish(item);
        } catch (Aborted e) {
            // Another item has failed and reported it.
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    private void passTurn(WorkItem from) {
        int next = from.local() + direction;
        turn = next;
        if (threads[next].getState() == Thread.State.NEW) {
            threads[next].start();
        } else {
            LockSupport.unpark(threads[next]);
        }
    }

    private void awaitTurn(WorkItem item) {
        while (turn != item.local()) {
            if (failure != null) {
                throw new Aborted();
            }
            LockSupport.park(this);
        }
    }

    private void awaitAll() {
        while (!over) {
            if (failure != null) {
                throw new Aborted();
            }
            LockSupport.park(this);
        }
    }

    private void fail(Throwable cause) {
        failure = cause;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }

    private RuntimeException rethrown() {
        Throwable cause = failure;
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException exception ? exception : new TornadoRuntimeException("group aborted");
    }

    private void runItem(WorkItem item, int slot) {
        Object[] own = arguments[slot];
        if (own == null) {
            own = launch.arguments(item);
            arguments[slot] = own;
        }
        launch.runItem(item, own);
    }

    private WorkItem item(int local) {
        WorkItem item = items[local];
        if (item == null) {
            item = new WorkItem(launch.grid(), this);
            items[local] = item;
        }
        return item;
    }

    private TornadoRuntimeException divergence(int waitingItem, @Nullable BarrierSite at, String other) {
        return new TornadoRuntimeException("task " + launch.task().name() + ": barrier divergence: "
                + launch.grid().describe(waitingItem) + " waits at " + at + ", but " + other);
    }

    /** Ends an item whose group has failed. */
    private static final class Aborted extends Error {
        private static final long serialVersionUID = 1L;

        private Aborted() {
            super("another work-item of the group failed", null, false, false);
        }
    }
}

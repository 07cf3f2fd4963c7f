package dev.waterspout.emulator.kernel;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * Runs the work-items of a group, one at a time, each up to its next barrier or exchange.
 *
 * <p>Items run in sequence on the calling thread until the first one reaches a barrier or an exchange. From then on it
 * waits there, and each later item has its own virtual thread. Items run round-robin: each runs until it reaches the
 * barrier or its end, then the next one runs; the last one releases the barrier. The order is reversed in each round,
 * so that a kernel that lacks a barrier does not pass by chance. It is an error if an item ends in a round in which
 * another waits, or if items wait at barriers of different kinds. In some groups of a launch it is also an error if
 * they wait at different calls of the same kind.
 *
 * <p>An exchange of values is a barrier of one warp: the order of its items is {@link WarpOrder}. It does not order
 * accesses to memory. The same errors are reported for the items of a warp.
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
    private Thread caller = Thread.currentThread();
    private final WarpOrder order;
    private final Exchange exchange;
    private int epoch;
    private int waiting;
    private int finished;
    private int someWaiting;
    private int someFinished;
    private @Nullable BarrierSite site;
    private int someExchanging;
    private @Nullable BarrierSite exchangeSite;

    private volatile int turn;
    private volatile boolean over;
    private volatile @Nullable Throwable failure;

    WorkGroup(Launch launch) {
        this.launch = launch;
        size = launch.grid().groupSize();
        order = new WarpOrder(size);
        exchange = new Exchange(size);
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
        caller = Thread.currentThread();
        order.restart();
        exchange.restart();
        epoch = 0;
        waiting = 0;
        finished = 0;
        someFinished = -1;
        turn = 0;
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

    /**
     * Called by an item that shows a value to the other items of its warp; {@return what it receives}
     *
     * @param kind exchange
     * @param item the item
     * @param value what it shows
     * @param delta distance of the lane whose value it receives, for {@link Exchange.Kind#SHUFFLE_DOWN}
     */
    float exchange(Exchange.Kind kind, WorkItem item, float value, int delta) {
        BarrierSite here = BarrierSite.find(kind.method(), comparesCallSites);
        if (size % WarpOrder.WARP != 0) {
            throw new TornadoRuntimeException("task " + launch.task().name() + ": " + item.describe() + " calls " + here
                    + " in a group of " + size + " work-items; must be a multiple of " + WarpOrder.WARP);
        }
        if (!threaded) {
            if (item.local() % WarpOrder.WARP > 0) {
                throw divergence(item.id(), here, launch.grid().describe(someFinished) + " has ended");
            }
            prepareThreads(item.local());
        }
        // A lane that does not take part ends the group if it runs after one that does.
        if (exchange.waiting() == 0 && !order.isFirstOfWarp(item.local())) {
            int before = item.id() + order.previousInWarp(item.local()) - item.local();
            String state = before == someFinished ? " has ended" : " waits at " + site;
            throw divergence(item.id(), here, launch.grid().describe(before) + state);
        }
        exchange.arrive(item.local(), value);
        if (exchange.waiting() == 1) {
            exchangeSite = here;
            someExchanging = item.id();
        } else if (!here.isAlso(exchangeSite)) {
            throw divergence(item.id(), here, launch.grid().describe(someExchanging) + " waits at " + exchangeSite);
        }
        if (order.isLastOfWarp(item.local())) {
            exchange.complete();
            order.reverseWarp(item.local());
        } else {
            passTurn(item);
            awaitTurn(item);
        }
        return exchange.received(kind, item.local(), delta);
    }

    private void requireNoExchange(WorkItem item, String state) {
        if (exchange.waiting() > 0) {
            throw divergence(someExchanging, exchangeSite, item.describe() + state);
        }
    }

    private void meet(WorkItem item, boolean global) {
        BarrierSite here = BarrierSite.find(global ? "globalBarrier" : "localBarrier", comparesCallSites);
        requireNoExchange(item, " waits at " + here);
        if (!threaded) {
            if (item.local() > 0) {
                throw divergence(item.id(), here, launch.grid().describe(someFinished) + " has ended");
            }
            prepareThreads(0);
        }
        if (waiting == 0) {
            site = here;
            someWaiting = item.id();
        } else if (!here.isAlso(site)) {
            throw divergence(item.id(), here, launch.grid().describe(someWaiting) + " waits at " + site);
        }
        waiting++;
        if (order.isLast(item.local())) {
            if (finished > 0) {
                throw divergence(item.id(), here, launch.grid().describe(someFinished) + " has ended");
            }
            waiting = 0;
            order.reverse();
            epoch = global ? epoch + 1 : epoch;
        } else {
            passTurn(item);
            awaitTurn(item);
        }
    }

    private void finish(WorkItem item) {
        requireNoExchange(item, " has ended");
        finished++;
        someFinished = item.id();
        if (!order.isLast(item.local())) {
            passTurn(item);
        } else if (waiting > 0) {
            throw divergence(someWaiting, site, item.describe() + " has ended");
        } else {
            over = true;
            LockSupport.unpark(caller);
        }
    }

    /** Gives each item after one that waits a thread of its own; all items before it have ended. */
    private void prepareThreads(int first) {
        threaded = true;
        finished = first;
        turn = first;
        threads = new Thread[size];
        Arrays.fill(threads, 0, first + 1, caller);
        for (int local = first + 1; local < size; local++) {
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
        int next = order.next(from.local());
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

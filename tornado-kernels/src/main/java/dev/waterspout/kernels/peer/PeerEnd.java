package dev.waterspout.kernels.peer;

import dev.waterspout.kernels.device.CompileLock;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One rank's end of a {@link PeerLink}. For every exchange a rank executes the graphs that write an array, offers the
 * array, waits until all other ranks have offered theirs, gathers their arrays, and executes a graph that reads what
 * was gathered. Offers and gathers are calls between executions of graphs, which may be captured. Used by one thread,
 * which also executes the graphs.
 *
 * <p>No thread waits for a device. The order of the devices' work follows from events, at exchange {@code e} of a rank:
 *
 * <pre>
 *   rank's stream                                        event
 *   kernels write array e
 *                                                        written e, recorded
 *   wait for written e of each other rank
 *   copy array e of each other rank
 *                                                        read e, recorded
 *   wait for read e - 1 of each other rank
 *   kernels write array e + 1
 * </pre>
 *
 * Consecutive exchanges offer two arrays in turn. The stream has waited for all that read array {@code e - 1} before
 * the rank writes array {@code e + 1}, which may be the same. Two events of each kind, used in turn, are enough for the
 * same reason.
 */
public final class PeerEnd implements AutoCloseable {
    private final PeerLink link;
    private final int rank;
    private final IdentityHashMap<TornadoNativeArray, DeviceArray> places = new IdentityHashMap<>();
    /** Events that stand for the writes of an exchange, and for its reads; the exchanges use them in turn. */
    private final long[] written = new long[PeerLink.KEPT];

    private final long[] read = new long[PeerLink.KEPT];
    private long offers;
    private @Nullable TornadoNativeArray last;
    private boolean closed;

    PeerEnd(PeerLink link, int rank) {
        this.link = link;
        this.rank = rank;
    }

    /**
     * Adds tasks that note where arrays are on the device. The graph must be executed before its arrays are offered or
     * gathered to. It cannot be captured.
     *
     * @param graph graph of the arrays' plan
     * @param arrays arrays that stay on the device until the link is closed
     */
    public void locate(TaskGraph graph, List<? extends TornadoNativeArray> arrays) {
        Access[] access = {Access.READ_ONLY};
        for (int i = 0; i < arrays.size(); i++) {
            TornadoNativeArray array = arrays.get(i);
            graph.libraryTask(
                    "locate" + i,
                    located -> DeviceMemoryProvider.describe(
                            "locate", places -> place(array, places.getFirst()), access, located),
                    array);
        }
    }

    /**
     * Adds a task that takes an array and does nothing. A graph with transfers only needs such a task. The task is said
     * to write the array, because TornadoVM copies to the host only what a task of the graph writes.
     *
     * @param graph graph of the array's plan
     * @param task name
     * @param array array that is on the device when the task runs
     */
    public static void touch(TaskGraph graph, String task, TornadoNativeArray array) {
        Access[] access = {Access.READ_WRITE};
        graph.libraryTask(task, touched -> DeviceMemoryProvider.describe("touch", _ -> {}, access, touched), array);
    }

    void place(TornadoNativeArray array, DeviceArray place) {
        places.put(array, place);
    }

    private DeviceArray placed(TornadoNativeArray array) {
        DeviceArray place = places.get(array);
        if (place == null) {
            throw new PeerException("rank " + rank + " has an array of " + array.getSize()
                    + " elements whose place on the device is not known");
        }
        return place;
    }

    /**
     * Offers an array to the other ranks, with its content after all executions so far.
     *
     * @param array a located array, unchanged until the next but one offer
     */
    @SuppressWarnings("ReferenceEquality") // The runtime identifies arrays by reference.
    public void offer(TornadoNativeArray array) {
        if (last == array) {
            throw new PeerException(
                    "rank " + rank + " offers the array that it offered last; it must alternate between two");
        }
        locked(() -> publish(placed(array)));
        last = array;
    }

    /**
     * Enqueues copies of the latest offers of all other ranks. All of them must have made theirs.
     *
     * @param packets a located array that receives the offers in rank order, at equal distances
     * @param bytes number of bytes from the start of each offer; 0 to take part without a copy
     */
    public void gather(TornadoNativeArray packets, long bytes) {
        locked(() -> fetch(placed(packets), bytes));
    }

    /** CUDA forbids some calls in all threads while one captures a graph. */
    private static void locked(Runnable calls) {
        Lock lock = CompileLock.of(false);
        lock.lock();
        try {
            calls.run();
        } finally {
            lock.unlock();
        }
    }

    void publish(DeviceArray array) {
        if (offers == 0) {
            for (int i = 0; i < PeerLink.KEPT; i++) {
                written[i] = link.event(array);
                read[i] = link.event(array);
            }
        }
        long event = written[slot(offers)];
        link.copier().record(event, array);
        link.offer(rank, new PeerLink.Offer(offers, array, event));
        offers++;
    }

    void fetch(DeviceArray packets, long bytes) {
        long exchange = offers - 1;
        List<Integer> others = link.others(rank);
        long stride = packets.bytes() / others.size();
        if (bytes > stride) {
            throw new PeerException(bytes + " bytes per rank; the array has room for " + stride);
        }
        PeerCopier copier = link.copier();
        List<PeerCopy> copies = new ArrayList<>();
        for (int peer : others) {
            PeerLink.Offer offer = link.offered(peer, exchange);
            copier.await(packets, offer.written());
            copies.add(new PeerCopy(offer.array(), 0, copies.size() * stride, bytes));
        }
        copier.pull(packets, copies);
        long event = read[slot(exchange)];
        copier.record(event, packets);
        link.read(rank, new PeerLink.Read(exchange, event));
        if (exchange > 0) {
            others.forEach(peer -> copier.await(packets, link.readBy(peer, exchange - 1)));
        }
    }

    private static int slot(long exchange) {
        return (int) (exchange % PeerLink.KEPT);
    }

    /** Gives up the end. The events of all ends are released when the last one is closed. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            link.closed();
        }
    }
}

package dev.waterspout.kernels.peer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One rank's end of a {@link PeerLink}: tasks that offer its array to the other ranks, and tasks that fetch theirs.
 * For every exchange a rank executes a graph with an offer, waits until all others have done so, and executes a graph
 * with a gather. Used by one thread.
 *
 * <p>Consecutive exchanges offer two arrays in turn. Once all ranks have offered theirs, others may still be reading
 * the array of the previous exchange, and none reads that of the exchange before it.
 */
public final class PeerEnd {
    private final PeerLink link;
    private final int rank;
    private long offers;
    private @Nullable DeviceArray last;
    private long bytes;

    PeerEnd(PeerLink link, int rank) {
        this.link = link;
        this.rank = rank;
    }

    /**
     * Adds a task that offers an array with its content at that time.
     *
     * @param graph graph of the array's plan
     * @param task name
     * @param array stays on the device and unchanged until the next but one offer
     */
    public void offer(TaskGraph graph, String task, TornadoNativeArray array) {
        Access[] access = {Access.READ_ONLY};
        graph.libraryTask(
                task,
                offered ->
                        DeviceMemoryProvider.describe("offer", arrays -> publish(arrays.getFirst()), access, offered),
                array);
    }

    /**
     * Adds a task that copies the first part of an array to another array, and offers the latter.
     *
     * @param graph graph of the arrays' plan
     * @param task name
     * @param source may change after the graph has been executed
     * @param array the copy that is offered; stays on the device and unchanged until the next but one offer
     */
    public void offerCopy(TaskGraph graph, String task, TornadoNativeArray source, TornadoNativeArray array) {
        Access[] access = {Access.READ_ONLY, Access.WRITE_ONLY};
        graph.libraryTask(
                task,
                (from, to) -> DeviceMemoryProvider.describe(
                        "offerCopy", arrays -> publishCopy(arrays.get(0), arrays.get(1)), access, from, to),
                source,
                array);
    }

    /**
     * Adds a task that fetches the latest offers of all ranks, this one included. It may be in one graph with the next
     * offer, before it.
     *
     * @param graph graph of the array's plan
     * @param task name
     * @param packets receives the offer of rank r from its element {@code r x size / ranks} on; {@link #expect} sets
     *     the number of bytes
     */
    public void gather(TaskGraph graph, String task, TornadoNativeArray packets) {
        Access[] access = {Access.WRITE_ONLY};
        graph.libraryTask(
                task,
                target -> DeviceMemoryProvider.describe("gather", arrays -> fetch(arrays.getFirst()), access, target),
                packets);
    }

    /**
     * Adds a task that takes an array and does nothing. A graph with transfers only needs such a task.
     *
     * @param graph graph of the array's plan
     * @param task name
     * @param array array that is on the device when the task runs
     */
    public static void touch(TaskGraph graph, String task, TornadoNativeArray array) {
        Access[] access = {Access.READ_ONLY};
        graph.libraryTask(task, touched -> DeviceMemoryProvider.describe("touch", _ -> {}, access, touched), array);
    }

    /**
     * Sets the number of bytes that the next executions of {@link #gather} fetch from each rank.
     *
     * @param bytes number of bytes from the start of its offer; 0 if there is nothing to fetch
     */
    public void expect(long bytes) {
        this.bytes = bytes;
    }

    void publish(DeviceArray array) {
        DeviceArray before = last;
        if (before != null && before.base() == array.base()) {
            throw new PeerException(
                    "rank " + rank + " offers the array that it offered last; it must alternate between two");
        }
        last = array;
        link.offer(rank, new PeerLink.Offer(offers, array));
        offers++;
    }

    private void publishCopy(DeviceArray source, DeviceArray array) {
        link.copier().pull(array, List.of(new PeerCopy(source, 0, 0, Math.min(source.bytes(), array.bytes()))));
        publish(array);
    }

    void fetch(DeviceArray packets) {
        if (bytes == 0) {
            return;
        }
        List<PeerCopy> copies = new ArrayList<>();
        long stride = packets.bytes() / link.ranks();
        if (bytes > stride) {
            throw new PeerException(bytes + " bytes per rank; the array has room for " + stride);
        }
        for (int peer = 0; peer < link.ranks(); peer++) {
            copies.add(new PeerCopy(link.offered(peer, offers - 1), 0, peer * stride, bytes));
        }
        link.copier().pull(packets, copies);
    }
}

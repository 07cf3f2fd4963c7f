package dev.waterspout.kernels.peer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One rank's end of a {@link PeerLink}: tasks that show its array to the others, and that fetch theirs. For every exchange a rank
 * executes a graph with an offer, waits until all others have, and executes a graph with a gather. Used by one thread.
 *
 * <p>Two exchanges that follow each other offer two arrays: others may still be reading that of the exchange before, and none
 * reads that of the one before it, as soon as all ranks have offered theirs.
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
     * Adds a task that offers an array as it is then.
     *
     * @param graph of the array's plan
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
     * Adds a task that copies the beginning of an array to another, and offers that one.
     *
     * @param graph of the arrays' plan
     * @param task name
     * @param source may be changed when the graph has been executed
     * @param array of what is offered; stays on the device and unchanged until the next but one offer
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
     * Adds a task that fetches what all ranks, this one included, have offered last.
     *
     * @param graph of the array's plan
     * @param task name
     * @param shards gets what rank r offers from its element {@code r x size / ranks} on: as many bytes as {@link #expect} says
     */
    public void gather(TaskGraph graph, String task, TornadoNativeArray shards) {
        Access[] access = {Access.WRITE_ONLY};
        graph.libraryTask(
                task,
                target -> DeviceMemoryProvider.describe("gather", arrays -> fetch(arrays.getFirst()), access, target),
                shards);
    }

    /**
     * Adds a task that does nothing with an array. A graph of transfers alone needs one.
     *
     * @param graph of the array's plan
     * @param task name
     * @param array is there when the task runs
     */
    public static void touch(TaskGraph graph, String task, TornadoNativeArray array) {
        Access[] access = {Access.READ_ONLY};
        graph.libraryTask(task, touched -> DeviceMemoryProvider.describe("touch", _ -> {}, access, touched), array);
    }

    /**
     * Says how much the coming executions of {@link #gather} fetch of each rank.
     *
     * @param bytes from the beginning of what it offers
     */
    public void expect(long bytes) {
        this.bytes = bytes;
    }

    void publish(DeviceArray array) {
        DeviceArray before = last;
        if (before != null && before.base() == array.base()) {
            throw new PeerException("rank " + rank + " offers the array that it has offered last");
        }
        last = array;
        link.offer(rank, new PeerLink.Offer(offers, array));
        offers++;
    }

    private void publishCopy(DeviceArray source, DeviceArray array) {
        link.copier().pull(array, List.of(new PeerCopy(source, 0, 0, Math.min(source.bytes(), array.bytes()))));
        publish(array);
    }

    void fetch(DeviceArray shards) {
        List<PeerCopy> copies = new ArrayList<>();
        long stride = shards.bytes() / link.ranks();
        if (bytes > stride) {
            throw new PeerException(bytes + " bytes per rank, and the array has " + stride + " for each");
        }
        for (int peer = 0; peer < link.ranks(); peer++) {
            copies.add(new PeerCopy(link.offered(peer, offers - 1), 0, peer * stride, bytes));
        }
        link.copier().pull(shards, copies);
    }
}

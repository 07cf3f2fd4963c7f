package dev.waterspout.kernels.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * The ranks of one process whose devices copy from each other. Each rank uses its own {@link PeerEnd}.
 *
 * <p>The other ends may read an offer until the next but one offer of the same end.
 */
public final class PeerLink {
    /** Offers and reads kept per rank: a rank may be one exchange ahead of another. */
    static final int KEPT = 2;

    private final PeerCopier copier;
    private final int ranks;
    private final AtomicReferenceArray<@Nullable Offer> offers;
    private final AtomicReferenceArray<@Nullable Read> reads;
    /** Events of all ends. */
    private final Queue<Long> events = new ConcurrentLinkedQueue<>();

    private final AtomicInteger openEnds;

    /** An array that other ranks may read, the number of its exchange, and the event that stands for its writes. */
    record Offer(long exchange, DeviceArray array, long written) {}

    /** The event that stands for a rank's copies of the other ranks' arrays in an exchange. */
    record Read(long exchange, long event) {}

    /** The result of {@link #connect}. */
    public sealed interface Result {
        /**
         * Copies between all devices work: each has been tried.
         *
         * @param link link with as many ends as there are devices
         */
        record Connected(PeerLink link) implements Result {}

        /**
         * At least one pair of devices cannot copy.
         *
         * @param reason a sentence without a full stop, that names devices as TornadoVM does
         */
        record Refused(String reason) implements Result {}
    }

    PeerLink(PeerCopier copier, int ranks) {
        this.copier = copier;
        this.ranks = ranks;
        this.offers = new AtomicReferenceArray<>(KEPT * ranks);
        this.openEnds = new AtomicInteger(ranks);
        this.reads = new AtomicReferenceArray<>(KEPT * ranks);
    }

    /**
     * Tries a copy of a few bytes between each pair of devices. No task graph may be executing during the call.
     *
     * @param devices the devices of all ranks, in rank order; a device may occur several times
     */
    public static Result connect(List<TornadoDevice> devices) {
        TornadoDevice first = devices.getFirst();
        for (TornadoDevice device : devices) {
            if (device.getTornadoVMBackend() != first.getTornadoVMBackend()
                    || !device.getPlatformName().equals(first.getPlatformName())) {
                return refused(name(first) + " and " + name(device) + " are of different platforms");
            }
        }
        TornadoVMBackendType backend = first.getTornadoVMBackend();
        return switch (backend) {
            case OPENCL ->
                OpenCl.load()
                        .map(cl -> probed(new OpenClCopier(cl), devices))
                        .orElseGet(() -> refused("there is no " + OpenCl.LIBRARY));
            case CUDA ->
                Cuda.load()
                        .map(cuda -> probed(new CudaCopier(cuda), devices))
                        .orElseGet(() -> refused("there is no " + Cuda.LIBRARY));
            case JAVA -> refused("devices of the emulator have no memory of their own");
            default -> refused("no copies between devices are known for the backend " + backend);
        };
    }

    /**
     * Returns a rank's end. Each end can be taken once, and is to be closed.
     *
     * @param rank number of the rank, from 0
     */
    public PeerEnd end(int rank) {
        return new PeerEnd(this, rank);
    }

    /** {@return the other ranks, in order} */
    List<Integer> others(int rank) {
        return IntStream.range(0, ranks).filter(each -> each != rank).boxed().toList();
    }

    PeerCopier copier() {
        return copier;
    }

    void offer(int rank, Offer offer) {
        offers.set(slot(rank, offer.exchange()), offer);
    }

    /** Returns the offer of a rank for an exchange. */
    Offer offered(int rank, long exchange) {
        Offer offer = offers.get(slot(rank, exchange));
        if (offer == null || offer.exchange() != exchange) {
            throw new PeerException("rank " + rank + " offers "
                    + (offer == null ? "nothing" : "its partial of exchange " + offer.exchange())
                    + "; the offer of exchange " + exchange + " is needed");
        }
        return offer;
    }

    void read(int rank, Read read) {
        reads.set(slot(rank, read.exchange()), read);
    }

    /** Returns the event that stands for a rank's copies in an exchange. */
    long readBy(int rank, long exchange) {
        Read read = reads.get(slot(rank, exchange));
        if (read == null || read.exchange() != exchange) {
            throw new PeerException("rank " + rank + " has not gathered the offers of exchange " + exchange);
        }
        return read.event();
    }

    /** {@return a new event for the stream of an array's plan} It is released when all ends are closed. */
    long event(DeviceArray array) {
        long event = copier.event(array);
        events.add(event);
        return event;
    }

    /** Releases all events with the last end: other ranks' streams may wait for the events of an end. */
    void closed() {
        if (openEnds.decrementAndGet() == 0) {
            for (Long event = events.poll(); event != null; event = events.poll()) {
                copier.destroy(event);
            }
        }
    }

    private static int slot(int rank, long exchange) {
        return KEPT * rank + (int) (exchange % KEPT);
    }

    private static Result refused(String reason) {
        return new Result.Refused(reason);
    }

    private static String name(TornadoDevice device) {
        return device.getPlatformName() + " " + device.getDeviceName();
    }

    private static Result probed(PeerCopier copier, List<TornadoDevice> devices) {
        List<TornadoDevice> distinct =
                new ArrayList<>(devices.stream().distinct().toList());
        if (distinct.size() == 1) {
            distinct.add(distinct.getFirst());
        }
        return IntStream.range(0, distinct.size() * distinct.size())
                .filter(pair -> pair / distinct.size() != pair % distinct.size())
                .mapToObj(pair -> PeerProbe.failure(
                        copier, distinct.get(pair / distinct.size()), distinct.get(pair % distinct.size())))
                .flatMap(failure -> failure.stream().map(PeerLink::refused))
                .findFirst()
                .orElseGet(() -> new Result.Connected(new PeerLink(copier, devices.size())));
    }
}

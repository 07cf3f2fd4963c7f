package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.mpi.GroupState.Failed;
import dev.waterspout.interconnect.mpi.GroupState.Phase;
import dev.waterspout.interconnect.mpi.StatusMessage.Kind;
import dev.waterspout.interconnect.transport.ExchangeQueue;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.RankFailure;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A transport between processes over MPI. Messages are sent by non-blocking point-to-point calls between memory
 * segments. The tag of a message is its length. The thread that joined the group makes all MPI calls: it starts
 * exchanges and waits for them. Another thread's abort or close takes effect at the next call of that thread.
 *
 * <p>A rank that fails sends the failure to all other ranks and makes no further MPI call. Its process must end without
 * {@code MPI_Finalize}, which would wait for all ranks.
 */
public final class MpiTransport implements Transport {
    private static final long MILLISECOND = 1_000_000;
    /** Longest time that a failing rank waits until the others have received its message. */
    private static final long TELLING_NANOS = 1_000 * MILLISECOND;
    /** Time for which a rank that forwards a failure makes progress on its status messages. */
    private static final long FORWARDING_NANOS = 2 * MILLISECOND;
    /** Interval at which a waiting rank checks status messages, aborts and the time limit. */
    private static final long WATCH_NANOS = MILLISECOND;
    /**
     * Polls without a complete message before a pause. Open MPI reports a message that a poll completes in the next
     * poll only.
     */
    private static final int POLLS_BEFORE_PAUSE = 2;

    private final MpiWorld world;
    private final MpiHost host;
    private final MpiSettings settings;
    private final long timeout;
    private final boolean endsMpi;
    private final int rank;
    private final int size;
    private final LauncherStop launcherStop;
    private final LauncherSignals signals;
    private final long communicator;
    private final Requests requests;
    private final StatusChannel channel;
    private volatile Peers peers;
    private BackOff backOff;

    private final ExchangeQueue<MpiExchange> queue = new ExchangeQueue<>();
    /** Pending exchanges by slot. An exchange refers to the earlier one of its slot. */
    private final @Nullable MpiExchange[] slots = new MpiExchange[MAX_PENDING];

    private long exchanges;
    /** Per rank the number of messages that were started, and the number that are complete. */
    private final long[] sendsStarted;

    private final long[] sendsComplete;
    private final long[] receivesStarted;
    private final long[] receivesComplete;
    private long lastSign;

    private int idlePolls;
    private long pauses;
    private final GroupState state = new GroupState();

    private MpiTransport(MpiWorld world, MpiSettings settings, boolean endsMpi) {
        this.world = world;
        this.host = world.host();
        this.lastSign = host.nanoTime();
        this.settings = settings;
        this.timeout = settings.timeout().toNanos();
        this.endsMpi = endsMpi;
        this.rank = world.rank();
        this.size = world.size();
        this.sendsStarted = new long[size];
        this.sendsComplete = new long[size];
        this.receivesStarted = new long[size];
        this.receivesComplete = new long[size];
        this.peers = Peers.unknown(rank, size, host);
        this.backOff = host.backOff(false);
        this.launcherStop = new LauncherStop(rank);
        this.signals = new LauncherSignals(world.mpi().abi().signals(), this::stop);
        long start = host.nanoTime();
        BooleanSupplier inTime = () -> {
            backOff.pause(this, host.nanoTime() - start);
            long now = host.nanoTime();
            return now - start < timeout && !launcherStop.isDue(now);
        };
        long forStatus;
        try {
            this.communicator = world.duplicate(inTime);
            forStatus = world.duplicate(inTime);
        } catch (InterconnectException alone) {
            state.fail(alone, GroupState.NOBODY);
            throw state.toThrow();
        }
        this.requests = new Requests(world.mpi(), StatusChannel.places(size) + MAX_PENDING * 2 * size, host.memory());
        this.channel = new StatusChannel(world, forStatus, requests);
    }

    /**
     * Initializes MPI and joins the group of all processes that the launcher started. May be called once per process.
     * The calling thread becomes the rank's thread.
     *
     * @param library the library to call
     * @param settings settings of this rank; if another never calls {@code MPI_Init}, {@code onLost} is called
     * @param self name of this rank until MPI reports its number
     * @return this rank's transport, which ends MPI when it is closed
     * @throws InterconnectException if MPI cannot be initialized, or if not all ranks join in time
     */
    public static MpiTransport join(MpiLibrary library, MpiSettings settings, String self) {
        MpiWorld world;
        try (StartWatch _ = new StartWatch(library.abi(), settings, self)) {
            world = MpiWorld.initialize(library);
        }
        // After the watch has ended, because it restores the handlers of the launcher's signals, which the transport
        // replaces.
        return open(world, settings, true);
    }

    /**
     * Joins the group as a rank whose number is not known beforehand.
     *
     * @param library the library to call
     * @param settings settings of this rank
     */
    public static MpiTransport join(MpiLibrary library, MpiSettings settings) {
        return join(library, settings, "a rank");
    }

    /** Opens a separate group of the same processes. All ranks open the same groups in the same order. */
    static MpiTransport open(MpiWorld world, MpiSettings settings, boolean endsMpi) {
        world.requireOwner();
        MpiTransport transport = new MpiTransport(world, settings, endsMpi);
        MemorySegment[] cards = new MemorySegment[transport.size];
        Arrays.setAll(cards, peer -> peer == transport.rank ? world.card() : Peers.blank());
        transport.allGather(world.card(), cards);
        transport.peers = Peers.of(transport.rank, cards, world.host());
        transport.backOff = world.host().backOff(transport.localSize() <= settings.cores());
        return transport;
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public List<String> hosts() {
        return peers.hosts();
    }

    /** Returns the number of times that this rank has paused because a message was not there. */
    public long pauses() {
        return pauses;
    }

    @Override
    public String description() {
        return "mpi (" + world.library().version() + ")";
    }

    @Override
    public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
        world.requireOwner();
        queue.requireRoom(size, outgoing, incoming);
        MpiExchange.requireCarried(rank, outgoing);
        MpiExchange.requireCarried(rank, incoming);
        progress();
        requireAlive();
        if (!state.is(Phase.OPEN)) {
            throw new InterconnectException("rank " + rank + " has left the group and cannot send to it");
        }
        int slot = (int) (exchanges++ % MAX_PENDING);
        MpiExchange exchange = new MpiExchange(this, slot, outgoing, incoming);
        slots[slot] = exchange;
        queue.add(exchange);
        try {
            post(exchange);
        } catch (InterconnectException refused) {
            throw fail(refused);
        }
        return exchange;
    }

    private void post(MpiExchange exchange) {
        for (int step = 1; step < size; step++) {
            int peer = (rank + size - step) % size;
            MemorySegment target = exchange.incoming(peer);
            if (target.byteSize() > 0) {
                exchange.receives(peer, ++receivesStarted[peer]);
                world.mpi().receive(target, peer, communicator, requests.at(place(exchange.slot(), peer)));
            }
        }
        for (int step = 1; step < size; step++) {
            int peer = (rank + step) % size;
            MemorySegment message = exchange.outgoing(peer);
            if (message.byteSize() > 0) {
                exchange.sends(peer, ++sendsStarted[peer]);
                int tag = (int) Math.min(message.byteSize(), world.largestTag());
                world.mpi().send(message, peer, tag, communicator, requests.at(place(exchange.slot(), size + peer)));
            }
        }
    }

    /** {@return the index of a request: per slot first the receives, then the sends} */
    private int place(int slot, int request) {
        return StatusChannel.places(size) + slot * 2 * size + request;
    }

    boolean poll(MpiExchange exchange) {
        world.requireOwner();
        progress();
        boolean complete = queue.advanceTo(exchange);
        requireAlive();
        if (!complete) {
            requireMembers();
            if (launcherStop.isDue(host.nanoTime())) {
                throw fail(lost());
            }
        }
        return complete;
    }

    void await(MpiExchange exchange) {
        world.requireOwner();
        Watch watch =
                new Watch(world, timeout, channel, peers, peer -> queue.first().lacks(peer));
        long start = host.nanoTime();
        long nextWatch = start + WATCH_NANOS;
        idlePolls = 0;
        while (!advance(exchange)) {
            if (idlePolls < POLLS_BEFORE_PAUSE) {
                continue;
            }
            idlePolls = 0;
            pauses++;
            long now = host.nanoTime();
            if (!backOff.isShort(now - start) && Thread.currentThread().isInterrupted()) {
                throw fail(new InterconnectException(
                        "rank " + rank + " was interrupted while it waited for rank " + watch.missing()));
            }
            if (now >= nextWatch) {
                nextWatch = now + WATCH_NANOS;
                requireMembers();
                String reason = watch.reason(now, launcherStop.since());
                if (reason != null) {
                    throw fail(new InterconnectException(reason));
                }
            }
            backOff.pause(this, now - start);
        }
    }

    private boolean advance(MpiExchange exchange) {
        progress();
        boolean complete = queue.advanceTo(exchange);
        requireAlive();
        return complete;
    }

    /** Fails if the oldest pending exchange waits for a rank that has left the group. */
    private void requireMembers() {
        MpiExchange first = queue.first();
        for (int peer = 0; peer < size; peer++) {
            if (first.lacksForEver(peer, channel)) {
                throw fail(new InterconnectException(
                        "rank " + peer + " has left the group, and rank " + rank + " waits for it"));
            }
        }
    }

    /**
     * Makes progress on all messages, and executes requests of other threads: sends a failure, or leaves the group.
     * Throws no failure of the group.
     */
    private void progress() {
        boolean moved = state.isMember() && requests.poll(this::completed);
        idlePolls = moved ? 0 : idlePolls + 1;
        if (state.failure() != null) {
            Failed untold = state.takeUntold();
            if (untold != null) {
                tell(untold);
            }
        } else if (state.move(Phase.LEAVING, Phase.LEFT)) {
            depart();
        }
    }

    private void completed(int index, int error, int tag, MemorySegment status) {
        int places = StatusChannel.places(size);
        if (index >= places) {
            int request = (index - places) % (2 * size);
            MpiExchange exchange = slots[(index - places) / (2 * size)];
            if (exchange != null && request < size) {
                received(exchange, request, error, tag, status);
            } else if (exchange != null) {
                sent(exchange, request - size, error);
            }
        } else if (index == 0) {
            StatusMessage message = channel.take();
            if (message.kind() == Kind.FAILURE) {
                end(new InterconnectException(message.text()), message.sender());
            }
        }
    }

    private void received(MpiExchange exchange, int peer, int error, int tag, MemorySegment status) {
        long expected = exchange.incoming(peer).byteSize();
        long length = error == 0 ? world.mpi().received(status) : tag;
        if (error != 0 && tag <= expected) {
            end(new InterconnectException("rank " + rank + " could not receive from rank " + peer + ": "
                    + world.mpi().describe(error)));
        } else if (length != expected) {
            String sent = error != 0 && tag == world.largestTag() ? "at least " + length : "" + length;
            end(new InterconnectException(
                    "rank " + peer + " sent " + sent + " bytes, and rank " + rank + " expected " + expected));
        } else {
            exchange.received(peer);
            receivesComplete[peer]++;
            channel.received(peer);
        }
    }

    private void sent(MpiExchange exchange, int peer, int error) {
        if (error != 0) {
            end(new InterconnectException("rank " + rank + " could not send to rank " + peer + ": "
                    + world.mpi().describe(error)));
            return;
        }
        exchange.sent(peer);
        sendsComplete[peer]++;
    }

    private void requireAlive() {
        if (state.failure() != null) {
            throw state.toThrow();
        }
    }

    /**
     * Ends the group, unless it has ended already, notifies the other ranks, and returns the first failure, to be
     * thrown.
     */
    private InterconnectException fail(InterconnectException reason) {
        end(reason);
        progress();
        return state.toThrow();
    }

    private void end(InterconnectException reason) {
        end(reason, GroupState.NOBODY);
    }

    private void end(InterconnectException reason, int origin) {
        if (state.fail(reason, origin)) {
            host.retain(this); // MPI may still access the messages of a failed group
        }
    }

    /** Sends the failure to all ranks that may not know it. */
    private void tell(Failed failed) {
        boolean own = failed.origin() == GroupState.NOBODY;
        StatusMessage message = new StatusMessage(
                Kind.FAILURE, rank, 0, 0, String.valueOf(failed.reason().getMessage()));
        long until = host.nanoTime() + (own ? TELLING_NANOS : FORWARDING_NANOS);
        try {
            boolean[] addressed = channel.tell(message, own, peer -> peer != failed.origin() && !peers.hasEnded(peer));
            while (!channel.isTold(addressed) && host.nanoTime() < until) {
                requests.poll(this::completed);
                backOff.pause(this, BackOff.LONG);
            }
        } catch (InterconnectException lost) { // no rank is left to notify
            failed.reason().addSuppressed(lost);
        }
    }

    /** Handles the launcher's signal, on a separate thread. */
    private void stop() {
        launcherStop.take(() -> Watch.firstEnded(peers, channel, rank, size), state::isSettled);
        if (!state.isSettled() && (state.fail(lost(), GroupState.NOBODY) || state.failure() != null)) {
            settings.onLost().accept(state.toThrow());
        }
    }

    private InterconnectException lost() {
        return new InterconnectException(launcherStop.reason(peers));
    }

    @Override
    public void alive() {
        world.requireOwner();
        long now = host.nanoTime();
        if (now - lastSign >= timeout / 4) {
            lastSign = now;
            progress();
            if (state.is(Phase.OPEN)) {
                channel.sendToAll(new StatusMessage(Kind.ALIVE, rank));
            }
        }
    }

    @Override
    public void abort(Throwable cause) {
        end(RankFailure.of(rank, cause));
        if (world.isOwner()) {
            progress();
        }
    }

    @Override
    public void close() {
        boolean first = state.move(Phase.OPEN, Phase.LEAVING);
        if (!world.isOwner()) {
            return;
        }
        progress();
        if (first && endsMpi && state.is(Phase.LEFT)) {
            finish();
        }
    }

    /** Sends all other ranks the status that this rank has left the group. */
    private void depart() {
        for (int peer = 0; peer < size; peer++) {
            if (peer != rank) {
                channel.send(
                        new StatusMessage(Kind.LEFT, rank, sendsComplete[peer], receivesComplete[peer], ""),
                        peer,
                        false);
            }
        }
        await(FORWARDING_NANOS, () -> IntStream.range(0, size).noneMatch(peer -> channel.isUnderWay(Kind.LEFT, peer)));
    }

    /**
     * Ends MPI when all ranks have left. If one does not leave in time, the process ends without {@code MPI_Finalize}.
     */
    private void finish() {
        boolean incomplete = Arrays.stream(slots).anyMatch(exchange -> exchange != null && !exchange.advance());
        boolean together = !incomplete
                && await(
                        timeout,
                        () -> IntStream.range(0, size).allMatch(peer -> peer == rank || channel.hasLeft(peer)));
        if (!together) {
            return;
        }
        channel.completeReceive();
        await(TELLING_NANOS, () -> requests.isFree(0));
        if (!state.move(Phase.LEFT, Phase.FINALIZING)) {
            return;
        }
        Thread watchdog = Thread.ofPlatform().daemon().name("mpi-finalize").start(this::watchTheEnd);
        world.finish();
        state.move(Phase.FINALIZING, Phase.FINALIZED);
        watchdog.interrupt();
        signals.release();
    }

    private void watchTheEnd() {
        try {
            Thread.sleep(settings.timeout());
            settings.onLost()
                    .accept(new InterconnectException(
                            "rank " + rank + " waited " + timeout / MILLISECOND + " ms for all ranks to end"));
        } catch (InterruptedException inTime) {
            return;
        }
    }

    /**
     * Makes progress on messages until a condition holds; {@return false if it does not hold in time, or the group
     * fails}
     */
    private boolean await(long nanos, BooleanSupplier condition) {
        long start = host.nanoTime();
        while (!condition.getAsBoolean()) {
            long now = host.nanoTime();
            if (now - start >= nanos || state.failure() != null || launcherStop.isDue(now)) {
                return false;
            }
            requests.poll(this::completed);
            backOff.pause(this, now - start);
        }
        return true;
    }
}

package dev.waterspout.interconnect.transport;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ranks as threads of one process. A message is staged in off-heap memory of its sender and copied out by each
 * receiver.
 *
 * <p>Every rank has two staging buffers, used in turn. Before a rank overwrites one, all its readers must have copied
 * what it held two collectives ago; in a run of all-gathers they always have, because a rank that has published
 * collective {@code n + 1} is done with {@code n}.
 */
public final class InProcessGroup {
    private static final int STAGES = 2;
    /** Spinning longer than a thread takes to wake up, about 50 us, gains nothing. */
    private static final int SPINS = 2_000;

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final int size;
    private final long timeoutNanos;
    private final Stage[][] staged;
    /** Per rank: how many collectives it has published. */
    private final AtomicLongArray published;
    /** Per rank: how many collectives it has finished reading. */
    private final AtomicLongArray consumed;
    /** Per rank: its thread, while it is parked or about to park. */
    private final AtomicReferenceArray<@Nullable Thread> waiting;
    /** Per rank: 1 once it has left. */
    private final AtomicIntegerArray left;

    private final AtomicReference<@Nullable InterconnectException> failure = new AtomicReference<>();
    private final boolean spin;

    private InProcessGroup(int size, Duration timeout) {
        this.size = size;
        this.timeoutNanos = timeout.toNanos();
        this.staged = new Stage[size][STAGES];
        for (Stage[] stages : staged) {
            Arrays.setAll(stages, stage -> new Stage());
        }
        this.published = new AtomicLongArray(size);
        this.consumed = new AtomicLongArray(size);
        this.waiting = new AtomicReferenceArray<>(size);
        this.left = new AtomicIntegerArray(size);
        this.spin = size <= Runtime.getRuntime().availableProcessors();
    }

    /**
     * Creates a group.
     *
     * @param size number of ranks, at least 1
     * @param timeout how long a rank waits for another before it fails; more than 0, at most 2^63 - 1 ns
     * @return one transport per rank, in rank order
     */
    public static List<Transport> create(int size, Duration timeout) {
        if (size < 1) {
            throw new IllegalArgumentException("group of " + size + " ranks; it needs at least 1");
        }
        if (!timeout.isPositive() || timeout.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "timeout " + timeout + "; it must be more than 0 and at most " + LONGEST);
        }
        InProcessGroup group = new InProcessGroup(size, timeout);
        return IntStream.range(0, size)
                .mapToObj(rank -> (Transport) group.new Member(rank))
                .toList();
    }

    /** Ends the group, unless it has ended already, and returns what to throw: the first reason. */
    private InterconnectException fail(InterconnectException reason) {
        InterconnectException first = failure.compareAndExchange(null, reason);
        wakeAll();
        return first == null ? reason : asSeenHere(first);
    }

    /** The same sentence with the stack of this thread, and that of the first as its cause. */
    private static InterconnectException asSeenHere(InterconnectException first) {
        return new InterconnectException(String.valueOf(first.getMessage()), first);
    }

    private void requireAlive() {
        InterconnectException reason = failure.get();
        if (reason != null) {
            throw asSeenHere(reason);
        }
    }

    private void wakeAll() {
        for (int peer = 0; peer < size; peer++) {
            Thread thread = waiting.get(peer);
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }
    }

    /** Waits until {@code progress[peer]} has reached {@code target}, as that of all others will: spins, then parks. */
    private void await(int rank, int peer, AtomicLongArray progress, long target) {
        for (int i = 0; spin && i < SPINS && progress.get(peer) < target; i++) {
            Thread.onSpinWait();
        }
        if (progress.get(peer) < target) {
            park(rank, peer, progress, target);
        }
        requireAlive();
    }

    private void park(int rank, int peer, AtomicLongArray progress, long target) {
        long deadline = System.nanoTime() + timeoutNanos;
        waiting.set(rank, Thread.currentThread());
        try {
            while (progress.get(peer) < target && failure.get() == null) {
                int absent = whoLeftBefore(progress, target);
                if (absent >= 0) {
                    throw fail(new InterconnectException(
                            "rank " + absent + " has left the group, and rank " + rank + " waits for it"));
                }
                long remaining = deadline - System.nanoTime();
                if (remaining <= 0) {
                    throw fail(new InterconnectException("rank " + rank + " waited " + timeoutNanos / 1_000_000
                            + " ms for rank " + peer + ", which did not arrive"));
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw fail(new InterconnectException(
                            "rank " + rank + " was interrupted while it waited for rank " + peer));
                }
                LockSupport.parkNanos(this, remaining);
            }
        } finally {
            waiting.set(rank, null);
        }
    }

    /** Returns a rank that has left with less progress than the target, or -1: whoever waits for all need not go on. */
    private int whoLeftBefore(AtomicLongArray progress, long target) {
        for (int peer = 0; peer < size; peer++) {
            if (left.get(peer) == 1 && progress.get(peer) < target) {
                return peer;
            }
        }
        return -1;
    }

    /**
     * A copy of a message in memory that grows and is kept: sizes alternate between prefill chunks and single tokens.
     */
    private static final class Stage {
        private MemorySegment memory = MemorySegment.NULL;
        private MemorySegment message = MemorySegment.NULL;

        private void set(MemorySegment source) {
            if (memory.byteSize() < source.byteSize()) {
                memory = Arena.ofAuto().allocate(source.byteSize(), 64);
            }
            message = memory.asSlice(0, source.byteSize()).copyFrom(source);
        }
    }

    private final class Member implements Transport {
        private final int rank;
        private long sequence;

        private Member(int rank) {
            this.rank = rank;
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
        public void allGather(MemorySegment message, MemorySegment[] received) {
            requireOnePerRank(received);
            publish(message);
            copyOut(received);
            finish();
        }

        @Override
        public void gather(int root, MemorySegment message, MemorySegment @Nullable [] received) {
            if (root < 0 || root >= size) {
                throw new IllegalArgumentException("root " + root + " is not within 0 to " + (size - 1));
            }
            if (rank != root) {
                publish(message);
            } else if (received == null) {
                throw new IllegalArgumentException("rank " + rank + " is the root and needs segments to receive in");
            } else {
                requireOnePerRank(received);
                publish(MemorySegment.NULL);
                copyOut(received);
            }
            finish();
        }

        private void requireOnePerRank(MemorySegment[] received) {
            if (received.length != size) {
                throw new IllegalArgumentException(
                        received.length + " segments to receive in; the group has " + size + " ranks");
            }
        }

        private void publish(MemorySegment message) {
            requireAlive();
            if (left.get(rank) == 1) {
                throw new InterconnectException("rank " + rank + " has left the group and cannot send to it");
            }
            for (int peer = 0; peer < size; peer++) {
                if (peer != rank) {
                    await(rank, peer, consumed, sequence + 1 - STAGES);
                }
            }
            staged[rank][(int) (sequence % STAGES)].set(message);
            published.set(rank, sequence + 1);
            wakeAll();
        }

        private void copyOut(MemorySegment[] received) {
            int stage = (int) (sequence % STAGES);
            for (int step = 1; step < size; step++) {
                int peer = (rank + step) % size;
                await(rank, peer, published, sequence + 1);
                MemorySegment message = staged[peer][stage].message;
                if (message.byteSize() != received[peer].byteSize()) {
                    throw fail(new InterconnectException("rank " + peer + " sent " + message.byteSize()
                            + " bytes, and rank " + rank + " expected " + received[peer].byteSize()));
                }
                received[peer].copyFrom(message);
            }
        }

        private void finish() {
            sequence++;
            consumed.set(rank, sequence);
            wakeAll();
        }

        @Override
        public void abort(Throwable cause) {
            String why = cause instanceof InterconnectException ? cause.getMessage() : cause.toString();
            fail(new InterconnectException("rank " + rank + " failed: " + why, cause));
        }

        @Override
        public void close() {
            left.set(rank, 1);
            wakeAll();
        }
    }
}

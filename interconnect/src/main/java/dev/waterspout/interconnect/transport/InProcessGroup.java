package dev.waterspout.interconnect.transport;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ranks as threads of one process. A message is staged in off-heap memory of its sender and copied out by each receiver.
 *
 * <p>Every rank has two staging buffers, used in turn. Before a rank overwrites one, all its readers must have copied what
 * it held two collectives ago; in a run of all-gathers they always have, because a rank that has published collective
 * {@code n + 1} is done with {@code n}.
 */
public final class InProcessGroup {
    private static final int STAGES = 2;
    /** Spinning longer than a thread takes to wake up, about 50 us, gains nothing. */
    private static final int SPINS = 2_000;

    private final int size;
    private final long timeoutNanos;
    private final Stage[][] staged;
    /** Per rank: how many collectives it has published. */
    private final AtomicLongArray published;
    /** Per rank: how many collectives it has finished reading. */
    private final AtomicLongArray consumed;
    /** Per rank: its thread, while it is parked or about to park. */
    private final AtomicReferenceArray<@Nullable Thread> waiting;

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
        this.spin = size <= Runtime.getRuntime().availableProcessors();
    }

    /**
     * Creates a group.
     *
     * @param size number of ranks, at least 1
     * @param timeout how long a rank waits for another before it fails
     * @return one transport per rank, in rank order
     */
    public static List<Transport> create(int size, Duration timeout) {
        if (size < 1) {
            throw new IllegalArgumentException("group of " + size + " ranks; it needs at least 1");
        }
        InProcessGroup group = new InProcessGroup(size, timeout);
        return IntStream.range(0, size)
                .mapToObj(rank -> (Transport) group.new Member(rank))
                .toList();
    }

    private void fail(InterconnectException reason) {
        failure.compareAndSet(null, reason);
        for (int peer = 0; peer < size; peer++) {
            wake(peer);
        }
    }

    private void wake(int peer) {
        Thread thread = waiting.get(peer);
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /** Waits until {@code progress[peer]} has reached {@code target}: spins for a while, then parks. */
    private void await(int rank, int peer, AtomicLongArray progress, long target) {
        for (int i = 0; spin && i < SPINS && progress.get(peer) < target; i++) {
            Thread.onSpinWait();
        }
        if (progress.get(peer) < target) {
            park(rank, peer, progress, target);
        }
        InterconnectException reason = failure.get();
        if (reason != null) {
            throw new InterconnectException(String.valueOf(reason.getMessage()), reason);
        }
    }

    private void park(int rank, int peer, AtomicLongArray progress, long target) {
        long deadline = System.nanoTime() + timeoutNanos;
        waiting.set(rank, Thread.currentThread());
        try {
            while (progress.get(peer) < target && failure.get() == null) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    fail(new InterconnectException("rank " + rank + " waited " + timeoutNanos / 1_000_000
                            + " ms for rank " + peer + ", which did not arrive"));
                    return;
                }
                if (Thread.interrupted()) {
                    fail(new InterconnectException("rank " + rank + " was interrupted"));
                    return;
                }
                LockSupport.parkNanos(this, left);
            }
        } finally {
            waiting.set(rank, null);
        }
    }

    /** A copy of a message in memory that grows and is kept: sizes alternate between prefill chunks and single tokens. */
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
            publish(message);
            copyOut(received);
            finish();
        }

        @Override
        public void gather(int root, MemorySegment message, MemorySegment @Nullable [] received) {
            if (root < 0 || root >= size) {
                throw new IllegalArgumentException("root " + root + " is not within 0 to " + (size - 1));
            }
            publish(message);
            if (rank == root) {
                if (received == null) {
                    throw new IllegalArgumentException(
                            "rank " + rank + " is the root and needs segments to receive in");
                }
                copyOut(received);
            }
            finish();
        }

        private void publish(MemorySegment message) {
            int stage = (int) (sequence % STAGES);
            for (int peer = 0; peer < size; peer++) {
                if (peer != rank) {
                    await(rank, peer, consumed, sequence + 1 - STAGES);
                }
            }
            staged[rank][stage].set(message);
            published.set(rank, sequence + 1);
            for (int peer = 0; peer < size; peer++) {
                wake(peer);
            }
        }

        private void copyOut(MemorySegment[] received) {
            if (received.length != size) {
                throw new IllegalArgumentException(
                        received.length + " segments to receive in; the group has " + size + " ranks");
            }
            int stage = (int) (sequence % STAGES);
            for (int step = 1; step < size; step++) {
                int peer = (rank + step) % size;
                await(rank, peer, published, sequence + 1);
                MemorySegment message = staged[peer][stage].message;
                if (message.byteSize() != received[peer].byteSize()) {
                    throw new InterconnectException("rank " + peer + " sent " + message.byteSize() + " bytes, and rank "
                            + rank + " expected " + received[peer].byteSize());
                }
                received[peer].copyFrom(message);
            }
        }

        private void finish() {
            sequence++;
            consumed.set(rank, sequence);
            for (int peer = 0; peer < size; peer++) {
                wake(peer);
            }
        }

        @Override
        public void abort(Throwable cause) {
            fail(new InterconnectException("rank " + rank + " failed: " + cause, cause));
        }

        @Override
        public void close() {
            fail(new InterconnectException("rank " + rank + " has left the group"));
        }
    }
}

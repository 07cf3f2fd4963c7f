package dev.waterspout.interconnect.transport;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ranks as threads of one process. A message is copied once, by its receiver, straight from the sender's memory; the
 * sender's exchange is complete when all its receivers have copied.
 *
 * <p>Between each two ranks there is a channel per direction: a ring of the messages in flight, and counters of the
 * messages put in and copied out.
 */
public final class InProcessGroup {
    /** Spinning longer than a thread takes to wake up, about 50 us, gains nothing. */
    private static final int SPINS = 2_000;

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final int size;
    private final long timeoutNanos;
    /** Per channel: the last {@link Transport#MAX_PENDING} messages. */
    private final MemorySegment[][] messages;
    /** Per channel: how many messages its sender has put in. */
    private final AtomicLongArray published;
    /** Per channel: how many messages its receiver has copied. */
    private final AtomicLongArray consumed;
    /** Per rank: its thread, while it is parked or about to park. */
    private final AtomicReferenceArray<@Nullable Thread> waiting;
    /** Per rank: when it last said that it was alive. */
    private final AtomicLongArray signs;
    /** Per rank: 1 once it has left. */
    private final AtomicIntegerArray left;

    private final AtomicReference<@Nullable InterconnectException> failure = new AtomicReference<>();
    private final boolean spin;

    private InProcessGroup(int size, Duration timeout) {
        this.size = size;
        this.timeoutNanos = timeout.toNanos();
        this.messages = new MemorySegment[size * size][Transport.MAX_PENDING];
        this.published = new AtomicLongArray(size * size);
        this.consumed = new AtomicLongArray(size * size);
        this.waiting = new AtomicReferenceArray<>(size);
        this.signs = new AtomicLongArray(size);
        this.left = new AtomicIntegerArray(size);
        this.spin = size <= Runtime.getRuntime().availableProcessors();
        long now = System.nanoTime();
        IntStream.range(0, size).forEach(rank -> signs.set(rank, now));
    }

    /**
     * Creates a group.
     *
     * @param size number of ranks, at least 1
     * @param timeout longest time that a rank waits for another; above 0, at most 2^63 - 1 ns
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

    private int channel(int sender, int receiver) {
        return sender * size + receiver;
    }

    /** Ends the group, unless it has ended already. {@return the exception to throw: the first reason} */
    private InterconnectException fail(InterconnectException reason) {
        InterconnectException first = failure.compareAndExchange(null, reason);
        for (int peer = 0; peer < size; peer++) {
            wake(peer);
        }
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

    private void wake(int rank) {
        Thread thread = waiting.get(rank);
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    private final class Member implements Transport {
        private final int rank;
        private final ExchangeQueue<Exchange> queue = new ExchangeQueue<>();

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
        public List<String> hosts() {
            return Collections.nCopies(size, "localhost");
        }

        @Override
        public String description() {
            return "in-process";
        }

        @Override
        public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
            queue.requireRoom(size, outgoing, incoming);
            requireAlive();
            if (left.get(rank) == 1) {
                throw new InterconnectException("rank " + rank + " has left the group and cannot send to it");
            }
            Exchange exchange = new Exchange(this, incoming.clone());
            for (int peer = 0; peer < size; peer++) {
                if (peer != rank && outgoing[peer].byteSize() > 0) {
                    exchange.copiesWanted[peer] = publish(channel(rank, peer), outgoing[peer]);
                    wake(peer);
                }
            }
            queue.add(exchange);
            return exchange;
        }

        private long publish(int channel, MemorySegment message) {
            long number = published.get(channel);
            messages[channel][(int) (number % MAX_PENDING)] = message;
            published.set(channel, number + 1);
            return number + 1;
        }

        @Override
        public void alive() {
            signs.set(rank, System.nanoTime());
        }

        @Override
        public void abort(Throwable cause) {
            fail(RankFailure.of(rank, cause));
        }

        @Override
        public void close() {
            left.set(rank, 1);
            for (int peer = 0; peer < size; peer++) {
                wake(peer);
            }
        }
    }

    /** One rank's part of one exchange. */
    private final class Exchange implements Pending, ExchangeQueue.Entry {
        private final Member member;
        private final int rank;
        /** Per rank: target of its message; null once the message has arrived. */
        private final @Nullable MemorySegment[] incoming;
        /** Per rank: how many messages it must have copied. */
        private final long[] copiesWanted = new long[size];

        private Exchange(Member member, MemorySegment[] incoming) {
            this.member = member;
            this.rank = member.rank;
            this.incoming = incoming;
            for (int peer = 0; peer < size; peer++) {
                if (peer == rank || incoming[peer].byteSize() == 0) {
                    this.incoming[peer] = null;
                }
            }
        }

        @Override
        public boolean poll() {
            boolean complete = member.queue.advanceTo(this);
            requireAlive();
            return complete;
        }

        /** Copies the messages that have arrived. {@return whether all have arrived} */
        @Override
        public boolean advance() {
            boolean complete = true;
            for (int step = 1; step < size; step++) {
                int peer = (rank + step) % size;
                MemorySegment target = incoming[peer];
                if (target != null && hasMessage(peer)) {
                    copy(peer, target);
                    incoming[peer] = null;
                }
                complete &= !lacks(peer);
            }
            return complete;
        }

        private boolean hasMessage(int peer) {
            int channel = channel(peer, rank);
            return published.get(channel) > consumed.get(channel);
        }

        private boolean lacks(int peer) {
            return incoming[peer] != null || consumed.get(channel(rank, peer)) < copiesWanted[peer];
        }

        private void copy(int peer, MemorySegment target) {
            int channel = channel(peer, rank);
            long number = consumed.get(channel);
            MemorySegment message = messages[channel][(int) (number % Transport.MAX_PENDING)];
            if (message.byteSize() != target.byteSize()) {
                throw fail(new InterconnectException("rank " + peer + " sent " + message.byteSize()
                        + " bytes, and rank " + rank + " expected " + target.byteSize()));
            }
            try {
                target.copyFrom(message);
            } catch (RuntimeException gone) { // a rank that has failed may have freed its memory
                throw fail(new InterconnectException(
                        "rank " + rank + " could not read the message of rank " + peer + ": " + gone, gone));
            }
            consumed.set(channel, number + 1);
            wake(peer);
        }

        @Override
        public void await() {
            for (int i = 0; spin && i < SPINS; i++) {
                if (poll()) {
                    return;
                }
                Thread.onSpinWait();
            }
            park();
            requireAlive();
        }

        private void park() {
            long start = System.nanoTime();
            waiting.set(rank, Thread.currentThread());
            try {
                while (!member.queue.advanceTo(this) && failure.get() == null) {
                    long remaining = remaining(start);
                    if (Thread.currentThread().isInterrupted()) {
                        throw fail(new InterconnectException(
                                "rank " + rank + " was interrupted while it waited for rank " + missing()));
                    }
                    LockSupport.parkNanos(InProcessGroup.this, remaining);
                }
            } finally {
                waiting.set(rank, null);
            }
        }

        /** {@return how long to wait at most, more than 0, for all ranks that are missing} */
        private long remaining(long start) {
            long remaining = Long.MAX_VALUE;
            long now = System.nanoTime();
            Exchange first = member.queue.first();
            for (int peer = 0; peer < size; peer++) {
                if (!first.lacks(peer)) {
                    continue;
                }
                // In this order, since everything that the peer did before it left is then visible.
                if (left.get(peer) == 1 && first.lacks(peer) && !first.hasMessage(peer)) {
                    throw fail(new InterconnectException(
                            "rank " + peer + " has left the group, and rank " + rank + " waits for it"));
                }
                long waited = now - Math.max(start, signs.get(peer));
                if (waited >= timeoutNanos) {
                    throw fail(new InterconnectException("rank " + rank + " waited " + timeoutNanos / 1_000_000
                            + " ms for rank " + peer + ", which did not arrive"));
                }
                remaining = Math.min(remaining, timeoutNanos - waited);
            }
            return remaining;
        }

        private int missing() {
            Exchange first = member.queue.first();
            return IntStream.range(0, size).filter(first::lacks).findFirst().orElse(rank);
        }
    }
}

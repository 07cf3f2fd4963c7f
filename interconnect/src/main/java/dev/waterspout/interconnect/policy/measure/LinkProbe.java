package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Measures a transport with exchanges of all ranks with all ranks, so that capacity which the ranks' links share is
 * measured as shared. After each exchange the ranks agree on the slowest rank's time and on the next exchange.
 *
 * <p>Bandwidth is the slope between the two largest exchanges. The first few exchanges are left out, because they use
 * up a token bucket's burst and open a TCP window. If noise makes the slope impossible, bandwidth is the average rate
 * of the largest exchange.
 */
public final class LinkProbe {
    /** Default time limit of a probe. */
    public static final Duration BUDGET = Duration.ofMillis(300);

    private static final int SMALL_BYTES = 64;
    private static final int LATENCY_EXCHANGES = 20;
    private static final int FEWEST_EXCHANGES = 4;
    /** The fraction of the time limit for latency. */
    private static final double LATENCY_SHARE = 0.25;

    /** Bytes of one message, and number of messages in flight. */
    private static final long PIECE_BYTES = 64 << 10;

    private static final int PIECES = 3;

    private static final long FIRST_BYTES = 64 << 10;
    private static final long LAST_BYTES = 4 << 20;
    /** Bytes of one rank's receive buffers. */
    private static final long MEMORY_BYTES = 32 << 20;
    /** Bytes after which a token bucket's burst is used up; bursts of 70 to 140 KB were seen. */
    private static final long BURST_BYTES = 256 << 10;
    /** Seconds beyond a small exchange after which an exchange is large enough. */
    private static final double LONG_SECONDS = 0.025;
    /**
     * Repetitions of each size, if time allows; the shortest time is used. Stalls of 20 ms were seen with ranks that
     * share cores.
     */
    private static final int REPETITIONS = 3;
    /** A burst or a small window shift the average of the largest exchange by less than this. */
    private static final double FLATTEST = 0.8;

    private final Transport transport;
    private final Agreement agreement;
    private final LongSupplier nanoClock;
    private final double budget;
    private final int peers;

    /**
     * @param transport transport to measure; idle
     * @param control control messages of the same transport
     * @param nanoClock the time, as {@link System#nanoTime}
     * @param budget time limit of the probe
     */
    public LinkProbe(Transport transport, ControlChannel control, LongSupplier nanoClock, Duration budget) {
        this.transport = transport;
        this.agreement = new Agreement(control);
        this.nanoClock = nanoClock;
        this.budget = Seconds.of(budget);
        this.peers = transport.size() - 1;
    }

    /** Measures. Called on all ranks; {@return the same on each} */
    public LinkCost measure() {
        if (peers == 0) {
            return LinkCost.NONE;
        }
        long largest = Math.clamp(Long.highestOneBit(MEMORY_BYTES / peers), FIRST_BYTES, LAST_BYTES);
        // Shared: ranks in one process read each other's messages.
        try (Arena arena = Arena.ofShared()) {
            long start = nanoClock.getAsLong();
            MemorySegment outgoing = arena.allocate(largest, 64);
            MemorySegment[] incoming = new MemorySegment[transport.size()];
            Arrays.setAll(
                    incoming, peer -> peer == transport.rank() ? MemorySegment.NULL : arena.allocate(largest, 64));
            Buffers buffers = new Buffers(outgoing, List.of(incoming), largest);
            double small = smallExchange(buffers);
            double bytesPerSecond = bandwidth(buffers, small, start);
            // Measured again if there is time: the JITs of all ranks are busy at the same time, and disturb the first
            // measurement.
            if (2 * spent(start) <= budget) {
                bytesPerSecond = Math.max(bytesPerSecond, bandwidth(buffers, small, start));
            }
            double fitting = (budget - spent(start)) / small;
            if (fitting >= 1) {
                small = Math.min(small, shortest(buffers, SMALL_BYTES, (int) Math.min(fitting, LATENCY_EXCHANGES)));
            }
            return new LinkCost(Math.max(0, small - peers * SMALL_BYTES / bytesPerSecond), bytesPerSecond);
        }
    }

    private record Buffers(MemorySegment outgoing, List<MemorySegment> incoming, long largest) {}

    /** The slowest rank's times, of one exchange and of the probe so far. */
    private record Sample(long bytes, double seconds, double spent) {}

    private double smallExchange(Buffers buffers) {
        exchange(buffers, SMALL_BYTES); // may open connections
        double first = agreement.max(exchange(buffers, SMALL_BYTES));
        double fitting = LATENCY_SHARE * budget / Math.max(first, 1e-9);
        return shortest(buffers, SMALL_BYTES, (int) Math.clamp(fitting, FEWEST_EXCHANGES, LATENCY_EXCHANGES));
    }

    private double bandwidth(Buffers buffers, double small, long start) {
        Sample before = new Sample(0, 0, 0);
        Sample last = step(buffers, FIRST_BYTES, REPETITIONS, start);
        double sent = REPETITIONS * peers * (double) FIRST_BYTES;
        boolean settled = false;
        while (2 * last.bytes() <= buffers.largest()
                && (before.bytes() == 0 || last.seconds() - small < LONG_SECONDS)) {
            double left = budget - last.spent();
            int repetitions = (int) Math.clamp(left / (2 * last.seconds()), 0, REPETITIONS);
            if (repetitions == 0) {
                break;
            }
            if (settled) {
                before = last;
            }
            settled = sent >= BURST_BYTES;
            last = step(buffers, 2 * last.bytes(), repetitions, start);
            sent += repetitions * peers * (double) last.bytes();
        }
        return bytesPerSecond(before, last, small);
    }

    /** {@return the slope between two exchanges, or if there is only one, between it and a small exchange} */
    private double bytesPerSecond(Sample before, Sample last, double small) {
        double net = last.seconds() > small ? last.seconds() - small : last.seconds();
        double average = peers * last.bytes() / Math.max(net, 1e-9);
        double seconds = last.seconds() - before.seconds();
        double slope = peers * (last.bytes() - before.bytes()) / Math.max(seconds, 1e-9);
        return before.bytes() > 0 && seconds > 0 ? Math.clamp(slope, FLATTEST * average, average) : average;
    }

    private Sample step(Buffers buffers, long bytes, int repetitions, long start) {
        double seconds = shortest(buffers, bytes, repetitions);
        return new Sample(bytes, seconds, spent(start));
    }

    private double spent(long start) {
        return agreement.max(Seconds.since(nanoClock, start));
    }

    /** {@return the slowest rank's seconds in the shortest repetition} */
    private double shortest(Buffers buffers, long bytes, int repetitions) {
        double[] seconds = new double[repetitions];
        Arrays.setAll(seconds, i -> exchange(buffers, bytes));
        return Arrays.stream(agreement.max(seconds)).min().orElseThrow();
    }

    /** Large messages are sent in chunks, like those of a collective. */
    private double exchange(Buffers buffers, long bytes) {
        return Seconds.time(nanoClock, () -> {
            Deque<Pending> pending = new ArrayDeque<>();
            for (long from = 0; from < bytes; from += PIECE_BYTES) {
                if (pending.size() == PIECES) {
                    pending.removeFirst().await();
                }
                pending.addLast(start(buffers, from, Math.min(PIECE_BYTES, bytes - from)));
            }
            pending.forEach(Pending::await);
        });
    }

    private Pending start(Buffers buffers, long from, long bytes) {
        MemorySegment[] outgoing = new MemorySegment[transport.size()];
        Arrays.fill(outgoing, buffers.outgoing().asSlice(from, bytes));
        MemorySegment[] received = new MemorySegment[transport.size()];
        Arrays.setAll(received, peer -> {
            MemorySegment whole = buffers.incoming().get(peer);
            return peer == transport.rank() ? whole : whole.asSlice(from, bytes);
        });
        return transport.start(outgoing, received);
    }
}

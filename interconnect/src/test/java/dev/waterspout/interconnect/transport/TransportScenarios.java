package dev.waterspout.interconnect.transport;

import static dev.waterspout.interconnect.testing.RankThreads.assertRefused;
import static dev.waterspout.interconnect.transport.Messages.allGather;
import static dev.waterspout.interconnect.transport.Messages.gather;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/**
 * The contract of transports: each scenario is the work and the checks of one rank, which is a thread or a process. A
 * scenario in which a wait ends by its deadline is timed, with a deadline of {@link #SOON}; any other has one
 * that no run reaches.
 */
public final class TransportScenarios {
    /** Long enough for a thread that is ready to get a core, even if the machine pauses for 2 seconds. */
    public static final Duration SOON = Duration.ofSeconds(3);

    private static final int[] BYTES = {1, 48, 4096, 1 << 20};

    private TransportScenarios() {}

    /** The work of one rank. */
    @FunctionalInterface
    public interface Body {
        /**
         * Runs on the rank's thread.
         *
         * @param transport the rank's, of a new group
         * @param round how many groups did the same before
         */
        void run(Transport transport, int round) throws Exception;
    }

    /**
     * A part of the contract.
     *
     * @param name behaviour of the transport
     * @param leastRanks smallest group that can do it
     * @param rounds number of groups that run it, for behaviour that depends on timing
     * @param timed whether the scenario waits for a deadline
     * @param body work of each rank
     */
    public record Scenario(String name, int leastRanks, int rounds, boolean timed, Body body) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Returns the whole contract. */
    public static List<Scenario> all() {
        Stream<Scenario> others = Stream.of(
                timed("waits for a rank that says it is alive", TransportScenarios::waitsForTheBusy),
                lasting("ends the wait of a thread that another interrupts", 2, TransportScenarios::endsOnInterrupt));
        return Stream.concat(inVirtualTime().stream(), others).toList();
    }

    /**
     * Returns the scenarios that can run in virtual time: they need no thread in addition to those of the ranks, for
     * which virtual time would not wait, and read no clock.
     */
    public static List<Scenario> inVirtualTime() {
        return Stream.concat(moving(), ending()).toList();
    }

    private static Stream<Scenario> moving() {
        return Stream.of(
                lasting("gives every message to every rank", 1, TransportScenarios::givesToEveryRank),
                lasting("gives every message to the root", 1, TransportScenarios::givesToTheRoot),
                lasting("moves unequal messages", 1, TransportScenarios::movesUnequalMessages),
                lasting("moves thousands of mixed messages", 1, TransportScenarios::movesThousands),
                lasting("moves a run of gathers to one root", 1, TransportScenarios::movesARunOfGathers),
                lasting("keeps several exchanges under way", 1, TransportScenarios::overlaps),
                lasting("completes exchanges that are polled", 1, TransportScenarios::completesByPolling),
                lasting("refuses more exchanges than it can keep", 1, TransportScenarios::refusesTooMany),
                lasting("refuses wrong arguments before it sends", 2, TransportScenarios::refusesWrongArguments));
    }

    private static Stream<Scenario> ending() {
        return Stream.of(
                new Scenario("lets a rank leave when its part is done", 1, 200, false, TransportScenarios::letsLeave),
                timed("names a rank that never arrives", TransportScenarios::namesAMissingRank),
                timed("names a sender that never arrives at the root", TransportScenarios::namesAMissingSender),
                new Scenario("ends all waits when a rank aborts", 2, 100, false, TransportScenarios::endsOnAbort),
                new Scenario("ends all waits when a rank leaves", 2, 100, false, TransportScenarios::endsOnLeaving),
                lasting("refuses to send for a rank that has left", 1, TransportScenarios::refusesAfterLeaving),
                lasting("stays failed with the first reason", 2, TransportScenarios::staysFailed),
                lasting("tells a failed exchange in one sentence", 2, TransportScenarios::tellsInOneSentence),
                lasting("names both sides of a longer message", 2, (ranks, _) -> mismatch(ranks, 48, 49)),
                lasting("names both sides of a shorter message", 2, (ranks, _) -> mismatch(ranks, 48, 47)),
                lasting(
                        "names both sides of a longer large message",
                        2,
                        (ranks, _) -> mismatch(ranks, 1 << 20, 1 << 21)),
                lasting("names both sides of a shorter large message", 2, (ranks, _) -> mismatch(ranks, 1 << 20, 4096)),
                lasting("ends the wait of an interrupted thread", 2, TransportScenarios::endsWhereInterrupted));
    }

    private static Scenario lasting(String name, int leastRanks, Body body) {
        return new Scenario(name, leastRanks, 1, false, body);
    }

    private static Scenario timed(String name, Body body) {
        return new Scenario(name, 2, 1, true, body);
    }

    private static void givesToEveryRank(Transport transport, int round) {
        assertThat(transport.rank()).isBetween(0, transport.size() - 1);
        for (int bytes : BYTES) {
            for (int call = 0; call < 5; call++) {
                allGather(transport, call, bytes, 0);
            }
        }
    }

    private static void givesToTheRoot(Transport transport, int round) {
        for (int bytes : BYTES) {
            for (int call = 0; call < 5; call++) {
                gather(transport, call % transport.size(), call, bytes, 0);
            }
        }
    }

    private static void movesUnequalMessages(Transport transport, int round) {
        allGather(transport, 0, 48, 977);
        gather(transport, transport.size() - 1, 1, 1, 4096);
        allGather(transport, 2, 0, 33); // rank 0 has nothing to say
        gather(transport, 0, 3, 0, 1);
    }

    private static void movesThousands(Transport transport, int round) {
        Random same = new Random(transport.size()); // every rank draws the same calls
        for (int call = 0; call < 3_000; call++) {
            int bytes = same.nextInt(50) == 0 ? 1 << 16 : same.nextInt(200);
            int step = same.nextInt(3) * 16;
            int root = same.nextInt(transport.size());
            switch (same.nextInt(3)) {
                case 0 -> gather(transport, root, call, bytes, step);
                default -> allGather(transport, call, bytes, step);
            }
        }
    }

    private static void movesARunOfGathers(Transport transport, int round) {
        for (int call = 0; call < 2_000; call++) {
            gather(transport, 0, call, 64, 8); // only the root holds senders back
        }
    }

    private static Pending start(Transport transport, Messages messages, int call) {
        messages.write(call);
        MemorySegment[] outgoing = new MemorySegment[transport.size()];
        Arrays.fill(outgoing, messages.own());
        return transport.start(outgoing, messages.received());
    }

    private static void overlaps(Transport transport, int round) {
        Deque<Pending> pending = new ArrayDeque<>();
        Deque<Messages> messages = new ArrayDeque<>();
        int calls = 200;
        for (int call = 0; call < calls + Transport.MAX_PENDING; call++) {
            if (call >= Transport.MAX_PENDING) {
                pending.removeFirst().await();
                messages.getFirst().spoil();
                messages.removeFirst().check(call - Transport.MAX_PENDING);
            }
            if (call < calls) {
                messages.add(new Messages(transport, call % 5 == 0 ? 1 << 17 : 48, 16));
                pending.add(start(transport, messages.getLast(), call));
            }
        }
    }

    private static void completesByPolling(Transport transport, int round) {
        for (int call = 0; call < 60; call++) {
            Messages first = new Messages(transport, call % 7 == 0 ? 1 << 17 : 48, 16);
            Messages second = new Messages(transport, 33, 1);
            Pending before = start(transport, first, call);
            Pending after = start(transport, second, call + 1);
            while (!after.poll()) {
                LockSupport.parkNanos(1); // there may be more ranks than cores
            }
            assertThat(before.poll()).as("the one started first").isTrue();
            first.check(call);
            second.check(call + 1);
        }
    }

    private static void refusesTooMany(Transport transport, int round) {
        if (transport.size() == 1) {
            return; // its exchanges are complete at once, but stay until they are looked at
        }
        Deque<Pending> pending = new ArrayDeque<>();
        for (int call = 0; call < Transport.MAX_PENDING; call++) {
            pending.add(start(transport, new Messages(transport, 48, 0), call));
        }
        assertThat(catchThrowable(() -> start(transport, new Messages(transport, 48, 0), 9)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Transport.MAX_PENDING + " exchanges are under way");
        pending.forEach(Pending::await);
        allGather(transport, 5, 48, 0);
    }

    private static void refusesWrongArguments(Transport transport, int round) {
        Messages messages = new Messages(transport, 48, 0);
        MemorySegment[] more = new MemorySegment[transport.size() + 1];
        Arrays.fill(more, messages.own());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> transport.allGather(messages.own(), more))
                .withMessageContaining(more.length + " segments");
        for (int root : new int[] {-1, transport.size()}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> transport.gather(root, messages.own(), messages.received()))
                    .withMessageContaining("root " + root);
        }
        int self = transport.rank();
        assertThatIllegalArgumentException().isThrownBy(() -> transport.gather(self, messages.own(), null));
        assertThatIllegalArgumentException().isThrownBy(() -> transport.gather(self, messages.own(), more));
        allGather(transport, 0, 48, 0);
    }

    private static void letsLeave(Transport transport, int round) {
        allGather(transport, 0, 48, 16);
        gather(transport, round % transport.size(), 1, 48, 16);
        transport.close();
    }

    private static void namesAMissingRank(Transport transport, int round) {
        int missing = transport.size() - 1;
        allGather(transport, 0, 48, 0);
        if (transport.rank() != missing) {
            // The simulated MPI has a deadline of 1 s.
            assertThat(refused(() -> allGather(transport, 1, 48, 0), "for rank " + missing))
                    .containsPattern("waited (1000|" + SOON.toMillis() + ") ms for");
        }
    }

    private static void namesAMissingSender(Transport transport, int round) {
        int root = transport.size() - 1;
        allGather(transport, 0, 48, 0);
        if (transport.rank() == root) {
            refused(() -> gather(transport, root, 1, 48, 0), "rank " + root + " waited", "for rank 0");
        } else if (transport.rank() > 0) {
            gather(transport, root, 1, 48, 0);
        }
    }

    private static void waitsForTheBusy(Transport transport, int round) {
        if (transport.rank() == 0) {
            long end = System.nanoTime() + SOON.toNanos() * 6 / 5;
            while (System.nanoTime() < end) {
                transport.alive();
                LockSupport.parkNanos(1_000_000);
            }
        }
        allGather(transport, 0, 48, 0);
    }

    private static void endsOnAbort(Transport transport, int round) {
        int failing = round % transport.size();
        if (transport.rank() == failing) {
            transport.abort(new IllegalStateException("out of paper"));
        }
        refused(() -> allGather(transport, 0, 48, 0), "rank " + failing + " failed", "out of paper");
    }

    private static void endsOnLeaving(Transport transport, int round) {
        int leaving = round % transport.size();
        if (transport.rank() == leaving) {
            transport.close();
        } else {
            refused(() -> allGather(transport, 0, 48, 0), "rank " + leaving + " has left the group");
        }
    }

    private static void refusesAfterLeaving(Transport transport, int round) {
        transport.close();
        transport.close();
        refused(() -> allGather(transport, 0, 48, 0), "rank " + transport.rank() + " has left the group");
    }

    private static void staysFailed(Transport transport, int round) {
        if (transport.rank() == 0) {
            transport.abort(new IllegalStateException("first"));
        }
        for (int call = 0; call < 2; call++) {
            String reason = refused(() -> allGather(transport, 0, 48, 0), "rank 0 failed", "first");
            assertThat(reason).doesNotContain("second");
            transport.abort(new IllegalStateException("second"));
        }
    }

    private static void tellsInOneSentence(Transport transport, int round) {
        if (transport.rank() == 0) {
            transport.abort(new InterconnectException("the frame from rank 1 to rank 0 has no sense"));
        }
        assertThat(refused(() -> allGather(transport, 0, 48, 0), "rank 0"))
                .isEqualTo("rank 0 failed: the frame from rank 1 to rank 0 has no sense");
    }

    private static void mismatch(Transport transport, int expected, int sent) {
        int odd = transport.size() - 1;
        Messages messages = new Messages(transport, expected, 0);
        MemorySegment message = transport.rank() == odd ? Arena.ofAuto().allocate(sent) : messages.own();
        refused(
                () -> {
                    transport.allGather(message, messages.received());
                    allGather(transport, 1, 48, 0); // where the odd rank notices, if not before
                },
                "rank " + odd + " sent " + sent + " bytes",
                "expected " + expected);
    }

    private static void endsWhereInterrupted(Transport transport, int round) {
        if (isAwaited(transport)) {
            return;
        }
        if (transport.rank() == 0) {
            Thread.currentThread().interrupt();
        }
        assertInterrupted(transport);
    }

    private static void endsOnInterrupt(Transport transport, int round) throws InterruptedException {
        if (isAwaited(transport)) {
            return;
        }
        Thread waiting = Thread.currentThread();
        Thread interrupter = Thread.ofPlatform().unstarted(waiting::interrupt);
        if (transport.rank() == 0) {
            interrupter.start();
        }
        assertInterrupted(transport);
        interrupter.join();
    }

    /** Whether this is the rank that never arrives, so that the others wait. */
    private static boolean isAwaited(Transport transport) {
        return transport.rank() == transport.size() - 1;
    }

    private static void assertInterrupted(Transport transport) {
        refused(() -> allGather(transport, 0, 48, 0), "rank 0 was interrupted");
        assertThat(Thread.interrupted()).isEqualTo(transport.rank() == 0);
    }

    private static String refused(ThrowingCallable call, String... words) {
        return assertRefused(catchThrowable(call), words);
    }
}

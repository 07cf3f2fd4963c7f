package dev.waterspout.interconnect.transport;

import static dev.waterspout.interconnect.testing.RankThreads.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.testing.RankThreads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every transport must do. */
@Timeout(120)
abstract class TransportContractTest {
    /** For tests that must not end by the deadline. */
    static final Duration NEVER = Duration.ofDays(1);

    /** Long enough for a thread that is ready to get a core. */
    static final Duration SOON = Duration.ofSeconds(1);

    private static final byte CANARY = 0x5a;

    /** Creates a group and returns its transports in rank order. */
    abstract List<Transport> group(int size, Duration timeout);

    static Stream<Integer> sizes() {
        return Stream.of(1, 2, 3, 4, 7);
    }

    static Stream<Integer> sizesWithPeers() {
        return sizes().filter(size -> size > 1);
    }

    static Stream<Arguments> sizesAndBytes() {
        return sizes().flatMap(size -> Stream.of(1, 48, 4096, 1 << 20).map(bytes -> Arguments.of(size, bytes)));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void numbersItsRanks(int size) {
        List<Transport> ranks = group(size, NEVER);
        assertThat(ranks)
                .extracting(Transport::rank)
                .containsExactlyElementsOf(
                        Stream.iterate(0, i -> i + 1).limit(size).toList());
        assertThat(ranks).extracting(Transport::size).containsOnly(size);
    }

    @ParameterizedTest
    @MethodSource("sizesAndBytes")
    void givesEveryMessageToEveryRank(int size, int bytes) throws InterruptedException {
        RankThreads.run(group(size, NEVER), transport -> {
            for (int call = 0; call < 5; call++) {
                allGather(transport, call, bytes, 0);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("sizesAndBytes")
    void givesEveryMessageToTheRoot(int size, int bytes) throws InterruptedException {
        RankThreads.run(group(size, NEVER), transport -> {
            for (int call = 0; call < 5; call++) {
                gather(transport, call % size, call, bytes, 0);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void movesUnequalMessages(int size) throws InterruptedException {
        RankThreads.run(group(size, NEVER), transport -> {
            allGather(transport, 0, 48, 977);
            gather(transport, size - 1, 1, 1, 4096);
            allGather(transport, 2, 0, 33); // rank 0 has nothing to say
            gather(transport, 0, 3, 0, 1);
        });
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void movesThousandsOfMixedMessages(int size) throws InterruptedException {
        RankThreads.run(group(size, NEVER), transport -> {
            Random same = new Random(size); // every rank draws the same calls
            for (int call = 0; call < 3_000; call++) {
                int bytes = same.nextInt(50) == 0 ? 1 << 16 : same.nextInt(200);
                int step = same.nextInt(3) * 16;
                int root = same.nextInt(size);
                switch (same.nextInt(3)) {
                    case 0 -> gather(transport, root, call, bytes, step);
                    default -> allGather(transport, call, bytes, step);
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void movesARunOfGathersToOneRoot(int size) throws InterruptedException {
        RankThreads.run(group(size, NEVER), transport -> {
            for (int call = 0; call < 2_000; call++) {
                gather(transport, 0, call, 64, 8); // only the root holds senders back
            }
        });
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void letsARankLeaveWhenItsOwnPartIsDone(int size) throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            int root = round % size;
            RankThreads.run(group(size, NEVER), transport -> {
                allGather(transport, 0, 48, 16);
                gather(transport, root, 1, 48, 16);
                transport.close();
            });
        }
    }

    @ParameterizedTest
    @MethodSource("sizesWithPeers")
    void namesARankThatNeverArrives(int size) throws InterruptedException {
        List<Transport> ranks = group(size, SOON);
        int missing = size - 1;
        RankThreads.run(ranks, transport -> allGather(transport, 0, 48, 0));
        List<@Nullable Throwable> failures = RankThreads.start(
                        ranks.subList(0, missing), transport -> allGather(transport, 1, 48, 0))
                .failures();
        for (Throwable failure : failures) {
            assertRefused(failure, "for rank " + missing, "1000 ms");
        }
    }

    @ParameterizedTest
    @MethodSource("sizesWithPeers")
    void namesASenderThatNeverArrivesAtTheRoot(int size) throws InterruptedException {
        List<Transport> ranks = group(size, SOON);
        int root = size - 1;
        RankThreads.run(ranks, transport -> allGather(transport, 0, 48, 0));
        List<@Nullable Throwable> failures = RankThreads.start(
                        ranks.subList(1, size), transport -> gather(transport, root, 1, 48, 0))
                .failures();
        assertRefused(failures.getLast(), "rank " + root + " waited", "for rank 0");
    }

    @ParameterizedTest
    @MethodSource("sizesWithPeers")
    void endsAllWaitsWhenARankAborts(int size) throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            int failing = round % size;
            List<@Nullable Throwable> failures = RankThreads.start(group(size, NEVER), transport -> {
                        if (transport.rank() == failing) {
                            transport.abort(new IllegalStateException("out of paper"));
                        }
                        allGather(transport, 0, 48, 0);
                    })
                    .failures();
            for (Throwable failure : failures) {
                assertRefused(failure, "rank " + failing + " failed", "out of paper");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sizesWithPeers")
    void endsAllWaitsWhenARankLeaves(int size) throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            int leaving = round % size;
            List<@Nullable Throwable> failures = RankThreads.start(group(size, NEVER), transport -> {
                        if (transport.rank() == leaving) {
                            transport.close();
                        } else {
                            allGather(transport, 0, 48, 0);
                        }
                    })
                    .failures();
            for (int rank = 0; rank < size; rank++) {
                if (rank != leaving) {
                    assertRefused(failures.get(rank), "rank " + leaving + " has left the group");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void refusesToSendForARankThatHasLeft(int size) {
        Transport transport = group(size, NEVER).getFirst();
        transport.close();
        transport.close();
        assertThatExceptionOfType(InterconnectException.class)
                .isThrownBy(() -> allGather(transport, 0, 48, 0))
                .withMessageContaining("rank 0 has left the group");
    }

    @ParameterizedTest
    @MethodSource("sizesWithPeers")
    void staysFailedWithTheFirstReason(int size) throws InterruptedException {
        List<Transport> ranks = group(size, NEVER);
        ranks.getFirst().abort(new IllegalStateException("first"));
        ranks.getLast().abort(new IllegalStateException("second"));
        for (int call = 0; call < 2; call++) {
            List<@Nullable Throwable> failures = RankThreads.start(ranks, transport -> gather(transport, 0, 0, 48, 0))
                    .failures();
            for (Throwable failure : failures) {
                assertThat(assertRefused(failure, "rank 0 failed", "first")).doesNotContain("second");
            }
        }
    }

    @Test
    void tellsAnAbortForAFailedExchangeInOneSentence() {
        List<Transport> ranks = group(2, NEVER);
        ranks.getFirst().abort(new InterconnectException("the frame from rank 1 to rank 0 has no sense"));
        assertThatExceptionOfType(InterconnectException.class)
                .isThrownBy(() -> allGather(ranks.getLast(), 0, 48, 0))
                .withMessage("rank 0 failed: the frame from rank 1 to rank 0 has no sense");
    }

    @ParameterizedTest
    @MethodSource("sizesWithPeers")
    void namesBothSidesOfALengthMismatchAndEndsTheGroup(int size) throws InterruptedException {
        List<Transport> ranks = group(size, NEVER);
        int odd = size - 1;
        RankThreads.Task unequal = transport -> {
            Buffers buffers = new Buffers(transport, 48, 0);
            MemorySegment message = transport.rank() == odd ? Arena.ofAuto().allocate(49) : buffers.message;
            transport.allGather(message, buffers.received);
            allGather(transport, 1, 48, 0); // where the odd rank notices, if not before
        };
        List<@Nullable Throwable> failures = RankThreads.start(ranks, unequal).failures();
        for (Throwable failure : failures) {
            assertRefused(failure, "rank " + odd + " sent 49 bytes", "expected 48");
        }
    }

    @ParameterizedTest
    @MethodSource("sizesWithPeers")
    void endsTheWaitOfAnInterruptedThread(int size) throws InterruptedException {
        List<Transport> ranks = group(size, NEVER);
        boolean[] stillInterrupted = new boolean[1];
        RankThreads threads = RankThreads.start(ranks.subList(0, size - 1), transport -> {
            try {
                allGather(transport, 0, 48, 0);
            } finally {
                if (transport.rank() == 0) {
                    stillInterrupted[0] = Thread.currentThread().isInterrupted();
                }
            }
        });
        threads.thread(0).interrupt();
        for (Throwable failure : threads.failures()) {
            assertRefused(failure, "rank 0 was interrupted");
        }
        assertThat(stillInterrupted[0]).isTrue();
    }

    @Test
    void refusesWrongArgumentsBeforeItSends() throws InterruptedException {
        List<Transport> ranks = group(2, NEVER);
        RankThreads.run(ranks, transport -> {
            Buffers buffers = new Buffers(transport, 48, 0);
            MemorySegment[] three = {buffers.message, buffers.message, buffers.message};
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> transport.allGather(buffers.message, three))
                    .withMessageContaining("3 segments");
            for (int root : new int[] {-1, 2}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> transport.gather(root, buffers.message, buffers.received))
                        .withMessageContaining("root " + root);
            }
            int self = transport.rank();
            assertThatIllegalArgumentException().isThrownBy(() -> transport.gather(self, buffers.message, null));
            assertThatIllegalArgumentException().isThrownBy(() -> transport.gather(self, buffers.message, three));
            allGather(transport, 0, 48, 0);
        });
    }

    /** All-gathers messages of {@code bytes + rank x step} bytes and checks what arrived. */
    private static void allGather(Transport transport, int call, int bytes, int step) {
        Buffers buffers = new Buffers(transport, bytes, step);
        fill(buffers.message, transport.rank(), call);
        transport.allGather(buffers.message, buffers.received);
        buffers.message.fill((byte) 0xff);
        buffers.check(call);
    }

    private static void gather(Transport transport, int root, int call, int bytes, int step) {
        Buffers buffers = new Buffers(transport, bytes, step);
        fill(buffers.message, transport.rank(), call);
        boolean receives = transport.rank() == root;
        transport.gather(root, buffers.message, receives ? buffers.received : null);
        buffers.message.fill((byte) 0xff);
        if (receives) {
            buffers.check(call);
        }
    }

    /** Bytes that no other sender or call has at the same place. */
    private static void fill(MemorySegment message, int sender, int call) {
        long seed = (call * 31L + sender + 1) * 0x9e3779b97f4a7c15L;
        for (long at = 0; at < message.byteSize(); at++) {
            message.set(ValueLayout.JAVA_BYTE, at, (byte) ((seed ^ at * 0x2545f4914f6cdd1dL) >>> 56));
        }
    }

    /** One rank's message and a segment for each of the others', each between canaries. */
    private static final class Buffers {
        private static final int MARGIN = 3;

        private final int rank;
        private final MemorySegment message;
        private final MemorySegment[] whole;
        private final MemorySegment[] received;

        Buffers(Transport transport, int bytes, int step) {
            rank = transport.rank();
            Arena arena = Arena.ofAuto();
            message = arena.allocate(bytes + (long) rank * step);
            whole = new MemorySegment[transport.size()];
            received = new MemorySegment[transport.size()];
            for (int peer = 0; peer < received.length; peer++) {
                long length = bytes + (long) peer * step;
                whole[peer] = arena.allocate(length + 2 * MARGIN).fill(CANARY);
                received[peer] = whole[peer].asSlice(MARGIN, length);
            }
        }

        void check(int call) {
            for (int peer = 0; peer < received.length; peer++) {
                MemorySegment expected =
                        Arena.ofAuto().allocate(whole[peer].byteSize()).fill(CANARY);
                if (peer != rank) {
                    fill(expected.asSlice(MARGIN, received[peer].byteSize()), peer, call);
                }
                assertThat(whole[peer].mismatch(expected))
                        .as("rank %s, what rank %s sent in call %s", rank, peer, call)
                        .isEqualTo(-1);
            }
        }
    }
}

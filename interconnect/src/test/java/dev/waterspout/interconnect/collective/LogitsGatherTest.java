package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(120)
class LogitsGatherTest {
    private static final Duration NEVER = Duration.ofDays(1);
    private static final int MAX_ROWS = 3;
    private static final float CANARY = -77.25f;

    static Stream<int[]> shares() {
        return Stream.of(
                new int[] {13},
                new int[] {256, 256},
                new int[] {1, 999},
                new int[] {999, 1},
                new int[] {7, 1, 12},
                new int[] {5, 0, 3, 8},
                new int[] {0, 4},
                new int[] {65, 64, 63, 62, 61, 60, 59, 58});
    }

    @ParameterizedTest
    @MethodSource("shares")
    void placesEveryShareInRankOrderOnlyOnTheRoot(int[] shares) throws InterruptedException {
        int vocabulary = Arrays.stream(shares).sum();
        Member.run(InProcessGroup.create(shares.length, NEVER), member -> {
            int rank = member.rank();
            LogitsGather gather = gather(member, shares);
            int call = 0;
            for (int rows : new int[] {1, MAX_ROWS, 2, 1}) {
                // One row more than needed, which must be unchanged.
                float[] expected = new float[(rows + 1) * vocabulary];
                Arrays.fill(expected, CANARY);
                MemorySegment logits = Floats.segment(expected);
                gather.gather(Floats.segment(local(call, rank, rows, shares)), rows, logits);
                if (rank == LogitsGather.ROOT) {
                    place(call, rows, shares, expected);
                }
                Floats.assertSame(logits, expected, "rank " + rank + ", " + rows + " rows");
                call++;
            }
        });
    }

    private static void place(int call, int rows, int[] shares, float[] logits) {
        int at = 0;
        for (int row = 0; row < rows; row++) {
            for (int rank = 0; rank < shares.length; rank++) {
                float[] local = local(call, rank, rows, shares);
                for (int i = 0; i < shares[rank]; i++) {
                    logits[at++] = local[row * shares[rank] + i];
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shares")
    void countsTheGatheredBytes(int[] shares) throws InterruptedException {
        Member.run(InProcessGroup.create(shares.length, NEVER), member -> {
            int rank = member.rank();
            LogitsGather gather = gather(member, shares);
            MemorySegment logits =
                    Floats.segment(new float[MAX_ROWS * Arrays.stream(shares).sum()]);
            for (int rows = 1; rows <= MAX_ROWS; rows++) {
                ExchangeCounters.Snapshot before = member.counters().snapshot();
                gather.gather(Floats.segment(local(0, rank, rows, shares)), rows, logits);
                ExchangeCounters.Snapshot spent = member.counters().snapshot().minus(before);
                long received = 0;
                for (int peer = 1; peer < shares.length; peer++) {
                    received += 48 + 4L * rows * shares[peer];
                }
                Traffic expected =
                        rank == 0 ? new Traffic(0, received, 0) : new Traffic(48 + 4L * rows * shares[rank], 0, 1);
                assertThat(spent.traffic(CollectiveKind.LOGITS)).isEqualTo(expected);
                assertThat(spent.total()).isEqualTo(expected);
            }
        });
    }

    @Test
    void keepsEveryBitPattern() throws InterruptedException {
        float[] odd = {-0f, Float.NaN, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, Float.MAX_VALUE};
        MemorySegment logits = Floats.segment(new float[2 * odd.length]);
        Member.run(
                InProcessGroup.create(2, NEVER),
                member -> gather(member, new int[] {5, 5}).gather(Floats.segment(odd), 1, logits));
        float[] both = Arrays.copyOf(odd, 2 * odd.length);
        System.arraycopy(odd, 0, both, odd.length, odd.length);
        Floats.assertSame(logits, both, "logits");
    }

    @Test
    void sharesItsSequenceNumbersWithACollective() throws InterruptedException {
        List<RecordingTransport> group = InProcessGroup.create(2, NEVER).stream()
                .map(RecordingTransport::new)
                .toList();
        Member.run(List.<Transport>copyOf(group), member -> {
            LogitsGather gather = gather(member, new int[] {2, 2});
            AllGather allGather = new AllGather(
                    member.exchange(),
                    Wire.F32.format(),
                    member.counters(),
                    new ExchangeShape(1, 4, 1),
                    member.arena());
            for (int token = 0; token < 3; token++) {
                allGather.sum(
                        0,
                        member.port(Wire.F32.format(), 4, Floats.segment(1, 2, 3, 4), Floats.segment(0, 0, 0, 0)),
                        1);
                gather.gather(Floats.segment(1, 2), 1, Floats.segment(0, 0, 0, 0));
            }
        });
        assertThat(group.getFirst().sequences()).containsExactly(0L, 2L, 4L); // the root sends no logits
        assertThat(group.getLast().sequences()).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
    }

    @Test
    void refusesWrongArgumentsBeforeSending() throws InterruptedException {
        Member.run(InProcessGroup.create(2, NEVER), member -> {
            LogitsGather gather = gather(member, new int[] {4, 4});
            MemorySegment local = Floats.segment(1, 2, 3, 4);
            MemorySegment logits = Floats.segment(new float[8]);
            for (int rows : new int[] {0, -1, MAX_ROWS + 1}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> gather.gather(local, rows, logits))
                        .withMessage(rows + " rows of logits; allowed are 1 to 3");
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> gather.gather(local.asSlice(0, 15), 1, logits))
                    .withMessageContaining("local logits of 15 bytes");
            if (member.rank() == LogitsGather.ROOT) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> gather.gather(local, 1, logits.asSlice(0, 31)))
                        .withMessageContaining("logits of 31 bytes");
            }
            for (int[] shares : new int[][] {{4}, {4, 4, 4}, {4, -1}, {}}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> gather(member, shares))
                        .withMessageContaining(Arrays.toString(shares));
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new LogitsGather(
                            new RootGather(member.exchange(), member.counters(), member.arena()), new int[] {4, 4}, 0))
                    .withMessageContaining("0 rows");
            gather.gather(local, 1, member.rank() == LogitsGather.ROOT ? logits : MemorySegment.NULL);
        });
    }

    private static LogitsGather gather(Member member, int[] shares) {
        return new LogitsGather(new RootGather(member.exchange(), member.counters(), member.arena()), shares, MAX_ROWS);
    }

    private static float[] local(int call, int rank, int rows, int[] shares) {
        return Floats.random(call * 100L + rank, rows * shares[rank]);
    }
}

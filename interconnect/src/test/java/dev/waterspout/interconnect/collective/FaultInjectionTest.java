package dev.waterspout.interconnect.collective;

import static dev.waterspout.interconnect.collective.FaultyTransport.SENDER;
import static dev.waterspout.interconnect.testing.RankThreads.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every fault ends in an exception on the rank that receives it, and the residual or the logits stay as they were. */
@Timeout(120)
class FaultInjectionTest {
    private static final int COLUMNS = 65;
    private static final int ROWS = 2;
    private static final int FAULTY_CALL = 2;
    private static final int[] SHARES = {5, 9, 9, 9};

    static Stream<Arguments> faults() {
        return Stream.of(2, 3, 4)
                .flatMap(ranks -> Arrays.stream(Fault.values())
                        .filter(fault -> fault != Fault.MISROUTED || ranks > 2)
                        .map(fault -> Arguments.of(ranks, fault)));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void refusesAPartialAndLeavesTheResidual(int ranks, Fault fault) throws InterruptedException {
        for (WireFormat format : List.of(PlainFormat.F32, WireFormat.parse("e2m1:32:e8m0"))) {
            float[][] untouched = new float[ranks][];
            MemorySegment[] residuals = new MemorySegment[ranks];
            List<@Nullable Throwable> failures = Member.failures(group(ranks, fault), member -> {
                int rank = member.rank();
                AllGather allGather = new AllGather(
                        member.exchange(),
                        format,
                        member.counters(),
                        new ExchangeShape(ROWS, COLUMNS, ROWS),
                        member.arena());
                residuals[rank] = Floats.segment(new float[ROWS * COLUMNS]);
                for (int call = 0; call <= FAULTY_CALL; call++) {
                    untouched[rank] = Floats.array(residuals[rank]);
                    // The same partial in every call: an old frame differs in nothing but its number. One that is torn
                    // between equal payloads would be whole.
                    long seed = fault == Fault.TORN ? call * 10L + rank : rank;
                    MemorySegment partial = Floats.segment(Floats.random(seed, ROWS * COLUMNS));
                    allGather.sum(0, member.port(format, COLUMNS, partial, residuals[rank]), ROWS);
                }
            });
            for (int rank = 0; rank < ranks; rank++) {
                if (rank != SENDER) {
                    assertRefused(failures.get(rank), "rank " + SENDER);
                    Floats.assertSame(residuals[rank], untouched[rank], fault + ", rank " + rank);
                    assertThat(untouched[rank]).isNotEqualTo(new float[ROWS * COLUMNS]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("faults")
    void refusesLogitsAndLeavesTheLast(int ranks, Fault fault) throws InterruptedException {
        int[] shares = Arrays.copyOf(SHARES, ranks);
        int vocabulary = Arrays.stream(shares).sum();
        MemorySegment logits = Floats.segment(new float[ROWS * vocabulary]);
        float[][] untouched = new float[1][];
        List<@Nullable Throwable> failures = Member.failures(group(ranks, fault), member -> {
            int rank = member.rank();
            LogitsGather gather = new LogitsGather(member.exchange(), member.counters(), shares, ROWS, member.arena());
            for (int call = 0; call <= FAULTY_CALL; call++) {
                if (rank == LogitsGather.ROOT) {
                    untouched[0] = Floats.array(logits);
                }
                MemorySegment local = Floats.segment(Floats.random(call * 10L + rank, ROWS * shares[rank]));
                gather.gather(local, ROWS, logits);
            }
        });
        assertRefused(failures.getFirst(), "rank " + SENDER);
        Floats.assertSame(logits, untouched[0], fault.name());
        assertThat(untouched[0]).isNotEqualTo(new float[ROWS * vocabulary]);
    }

    static Stream<Arguments> disagreements() {
        WireFormat f32 = PlainFormat.F32;
        WireFormat e4m3 = WireFormat.parse("e4m3:32:e8m0");
        WireFormat e5m2 = WireFormat.parse("e5m2:32:e8m0");
        WireFormat e2m1 = WireFormat.parse("e2m1:32:e8m0");
        return Stream.of(
                Arguments.of("layer", new Exchange(4, f32, 1, 64), new Exchange(5, f32, 1, 64)),
                Arguments.of("format id", new Exchange(4, e4m3, 1, 64), new Exchange(4, e5m2, 1, 64)),
                Arguments.of("rows", new Exchange(4, f32, 2, 32), new Exchange(4, f32, 1, 64)),
                Arguments.of("columns", new Exchange(4, e2m1, 3, 31), new Exchange(4, e2m1, 3, 32)),
                Arguments.of("bytes", new Exchange(4, f32, 1, 64), new Exchange(4, f32, 1, 65)));
    }

    record Exchange(int number, WireFormat format, int rows, int columns) {}

    /** Frames of equal length that two ranks mean differently. */
    @ParameterizedTest
    @MethodSource("disagreements")
    void refusesWhatAnotherRankMeans(String field, Exchange first, Exchange second) throws InterruptedException {
        List<Exchange> meant = List.of(first, second);
        MemorySegment[] residuals = new MemorySegment[2];
        List<@Nullable Throwable> failures = Member.failures(InProcessGroup.create(2, Duration.ofDays(1)), member -> {
            Exchange own = meant.get(member.rank());
            float[] zeros = new float[own.rows * own.columns];
            residuals[member.rank()] = Floats.segment(zeros);
            new AllGather(
                            member.exchange(),
                            own.format,
                            member.counters(),
                            new ExchangeShape(own.rows, own.columns, own.rows),
                            member.arena())
                    .sum(
                            own.number,
                            member.port(
                                    own.format,
                                    own.columns,
                                    Floats.segment(Floats.random(3, zeros.length)),
                                    residuals[member.rank()]),
                            own.rows);
        });
        for (int rank = 0; rank < 2; rank++) {
            assertRefused(failures.get(rank), field, "rank 0", "rank 1");
            Floats.assertSame(residuals[rank], new float[meant.get(rank).rows * meant.get(rank).columns], field);
        }
    }

    private static List<Transport> group(int ranks, Fault fault) {
        // Only a rank that stays away is noticed by time.
        Duration timeout = fault == Fault.NEVER_ARRIVES ? Duration.ofSeconds(1) : Duration.ofDays(1);
        return InProcessGroup.create(ranks, timeout).stream()
                .map(transport -> (Transport) new FaultyTransport(transport, fault, FAULTY_CALL))
                .toList();
    }
}

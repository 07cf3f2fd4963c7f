package dev.waterspout.interconnect.collective;

import static dev.waterspout.interconnect.testing.RankThreads.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.testing.ForwardingTransport;
import dev.waterspout.interconnect.testing.RankThreads;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.interconnect.transport.TransportScenarios;
import dev.waterspout.interconnect.transport.TransportScenarios.Scenario;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every fault causes an exception on the receiving rank, and the residual or the logits are unchanged. */
@Timeout(120)
class FaultInjectionTest {
    static Stream<Arguments> faults() {
        return Stream.of(2, 3, 4)
                .flatMap(ranks -> FaultScenarios.all().stream()
                        .filter(scenario -> ranks >= scenario.leastRanks())
                        .map(scenario -> Arguments.of(scenario, ranks)));
    }

    /** Groups of the scenarios that wait for a deadline, by the scenario's name and the number of ranks. */
    private static final Map<String, RankThreads> TIMED = new HashMap<>();

    /**
     * Starts the scenarios that wait for a deadline all at the same time, because they need no core while they wait.
     */
    @BeforeAll
    static void startTimed() {
        faults().map(Arguments::get).forEach(arguments -> {
            Scenario scenario = (Scenario) arguments[0];
            int ranks = (int) arguments[1];
            if (scenario.timed()) {
                TIMED.put(scenario.name() + ranks, start(scenario, ranks, TransportScenarios.SOON));
            }
        });
    }

    private static RankThreads start(Scenario scenario, int ranks, Duration timeout) {
        return RankThreads.start(
                InProcessGroup.create(ranks, timeout),
                transport -> scenario.body().run(transport, 0));
    }

    @ParameterizedTest(name = "{0}, {1} ranks")
    @MethodSource("faults")
    void refusesDamagedFrames(Scenario scenario, int ranks) throws InterruptedException {
        RankThreads threads = scenario.timed()
                ? Objects.requireNonNull(TIMED.get(scenario.name() + ranks))
                : start(scenario, ranks, Duration.ofDays(1));
        assertThat(threads.failures()).containsOnlyNulls();
    }

    /** Delays a rank's messages until all others wait for them. */
    private static final class Delaying extends ForwardingTransport {
        private final CountDownLatch othersWait;

        Delaying(Transport delegate, CountDownLatch othersWait) {
            super(delegate);
            this.othersWait = othersWait;
        }

        @Override
        public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
            if (rank() != FaultyTransport.SENDER) {
                Pending pending = super.start(outgoing, incoming);
                othersWait.countDown();
                return pending;
            }
            try {
                othersWait.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
            return super.start(outgoing, incoming);
        }
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void aLateFrameIsAccepted(Algorithm algorithm) throws InterruptedException {
        int ranks = 3;
        float[][] partials = new float[ranks][];
        Arrays.setAll(partials, rank -> Floats.random(rank, 3 * 64));
        MemorySegment[][] residuals = new MemorySegment[2][ranks];
        for (int delayed = 0; delayed < 2; delayed++) {
            MemorySegment[] own = residuals[delayed];
            Arrays.setAll(own, rank -> Floats.segment(new float[3 * 64]));
            CountDownLatch othersWait = new CountDownLatch(ranks - 1);
            List<Transport> group = InProcessGroup.create(ranks, Duration.ofDays(1));
            List<Transport> used = delayed == 0
                    ? group
                    : group.stream()
                            .<Transport>map(transport -> new Delaying(transport, othersWait))
                            .toList();
            Member.run(used, member -> {
                ExchangeShape shape = new ExchangeShape(3, 64, 3);
                Collective collective =
                        algorithm.create(member.exchange(), PlainFormat.F32, member.counters(), shape, member.arena());
                MemorySegment partial = Floats.segment(partials[member.rank()]);
                collective.sum(0, member.port(PlainFormat.F32, 64, partial, own[member.rank()]), 3);
            });
        }
        for (int rank = 0; rank < ranks; rank++) {
            Floats.assertSame(residuals[1][rank], Floats.array(residuals[0][0]), "rank " + rank);
        }
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

    /** Frames of equal length to which two ranks assign different exchanges. */
    @ParameterizedTest
    @MethodSource("disagreements")
    void refusesFramesOfAnotherExchange(String field, Exchange first, Exchange second) throws InterruptedException {
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
}

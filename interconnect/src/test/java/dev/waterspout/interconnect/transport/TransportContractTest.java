package dev.waterspout.interconnect.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.testing.RankThreads;
import dev.waterspout.interconnect.transport.TransportScenarios.Scenario;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of transports, for those whose ranks are threads of one process. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TransportContractTest {
    /** For tests that must not end by the deadline. */
    static final Duration NEVER = Duration.ofDays(1);

    /** Groups of the scenarios that wait for a deadline, by the scenario's name and the number of ranks. */
    private final Map<String, RankThreads> timed = new HashMap<>();

    /** Creates a group and returns its transports in rank order. */
    abstract List<Transport> group(int size, Duration timeout);

    static Stream<Integer> sizes() {
        return Stream.of(1, 2, 3, 4, 7);
    }

    static Stream<Arguments> scenarios() {
        return TransportScenarios.all().stream()
                .flatMap(scenario -> sizes().filter(size -> size >= scenario.leastRanks())
                        .map(size -> Arguments.of(scenario, size)));
    }

    /**
     * Starts the scenarios that wait for a deadline all at the same time, because they need no core while they wait.
     */
    @BeforeAll
    void startTimed() {
        scenarios().map(Arguments::get).forEach(arguments -> {
            Scenario scenario = (Scenario) arguments[0];
            int size = (int) arguments[1];
            if (scenario.timed()) {
                RankThreads.Task body = transport -> scenario.body().run(transport, 0);
                timed.put(
                        scenario.name() + size, RankThreads.startAborting(group(size, TransportScenarios.SOON), body));
            }
        });
    }

    @ParameterizedTest(name = "{0}, {1} ranks")
    @MethodSource("scenarios")
    void keepsTheContract(Scenario scenario, int size) throws InterruptedException {
        if (scenario.timed()) {
            Objects.requireNonNull(timed.get(scenario.name() + size)).join();
            return;
        }
        // The more ranks, the more orders in which they end in one round.
        int rounds = size <= 3 ? scenario.rounds() : Math.ceilDiv(scenario.rounds(), 5);
        for (int round = 0; round < rounds; round++) {
            int number = round;
            RankThreads.run(group(size, NEVER), transport -> scenario.body().run(transport, number));
        }
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
}

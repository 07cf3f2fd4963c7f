package dev.waterspout.interconnect.mpi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.mpi.Simulation.End;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.interconnect.transport.TransportScenarios;
import dev.waterspout.interconnect.transport.TransportScenarios.Scenario;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The contract of transports over the simulated MPI, so that failures of simulated runs are not caused by the
 * simulation.
 */
@Timeout(120)
class SimulationContractTest {
    private static final int RANKS = 3;
    private static final int ROUNDS = 20;
    private static final long PAUSE = 10_000_000;
    private static final SimulatedFault DELAYS =
            new SimulatedFault(SimulatedFault.Kind.DELAY, 0, 1, 0, 10_000, 256, false);

    static Stream<Scenario> scenarios() {
        return TransportScenarios.inVirtualTime().stream().filter(scenario -> scenario.leastRanks() <= RANKS);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void keepsTheContract(Scenario scenario) throws InterruptedException {
        for (int round = 0; round < Math.min(ROUNDS, scenario.rounds()); round++) {
            int number = round;
            Simulation simulation = new Simulation(RANKS, DELAYS, round);
            boolean[] joined = new boolean[RANKS];
            boolean[] done = new boolean[RANKS];
            List<End> ends = simulation.run((rank, join) -> {
                Transport transport = join.get();
                waitForAll(simulation, rank, joined);
                try {
                    run(scenario, transport, number);
                } finally {
                    waitForAll(simulation, rank, done);
                }
            });
            assertThat(ends)
                    .as(() -> String.format(Locale.ROOT, "%s, round %d", scenario, number))
                    .extracting(End::failure)
                    .containsOnlyNulls();
            assertThat(simulation.hangs()).isFalse();
        }
    }

    /** A barrier without messages: no rank ends before the others have completed their part. */
    private static void waitForAll(Simulation simulation, int rank, boolean[] done) {
        done[rank] = true;
        while (IntStream.range(0, RANKS).anyMatch(other -> !done[other])) {
            simulation.time().sleep(rank, simulation.nanos() + PAUSE);
        }
    }

    private static void run(Scenario scenario, Transport transport, int round) {
        try {
            scenario.body().run(transport, round);
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception checked) {
            throw new IllegalStateException(checked);
        }
    }
}

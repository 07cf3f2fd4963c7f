package dev.waterspout.interconnect.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Clocks;
import dev.waterspout.interconnect.policy.measure.CodecSource;
import dev.waterspout.interconnect.policy.measure.HostPorts;
import dev.waterspout.interconnect.policy.measure.PortFactory;
import dev.waterspout.interconnect.policy.trial.Trials;
import dev.waterspout.interconnect.testing.RankThreads;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The policy with ranks of this process, the host's codecs and the system clock. The test does not check which formats
 * are chosen.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HostPolicyTest {
    private static final CommSettings SETTINGS = CommSettings.of(
            CommQuality.of(List.of(SimulatedRank.BF16, SimulatedRank.E2M1)).allowed(1), 48, 288);

    private static Decision decide(Transport transport) {
        try (WorkerPool pool = new WorkerPool(1, "policy-" + transport.rank());
                Arena arena = Arena.ofShared()) {
            FrameExchange exchange = new FrameExchange(transport);
            ControlChannel control = new ControlChannel(exchange, new ExchangeCounters());
            PortFactory ports = new HostPorts(pool, SETTINGS.maxRows(), SETTINGS.columns(), arena);
            return new CommPolicy(
                            new Bench(transport, exchange, control, ports, CodecSource.PORTS, Clocks.system()),
                            SETTINGS,
                            Trials::run)
                    .measureAndDecide(Optional.empty());
        }
    }

    @Test
    void allRanksDecideTheSame() throws InterruptedException {
        for (int ranks : new int[] {1, 2, 3}) {
            List<Decision> decisions = Collections.synchronizedList(new ArrayList<>());
            RankThreads.run(
                    InProcessGroup.create(ranks, Duration.ofSeconds(50)),
                    transport -> decisions.add(decide(transport)));
            assertThat(decisions).hasSize(ranks);
            assertThat(new HashSet<>(decisions)).hasSize(1);
            assertThat(decisions.getFirst().explain()).doesNotContain("NaN");
        }
    }

    @Test
    void scratchMemoryIsBounded() {
        try (WorkerPool pool = new WorkerPool(1, "ports");
                Arena arena = Arena.ofConfined()) {
            HostPorts ports = new HostPorts(pool, 2, 100, arena);
            assertThat(ports.create(SimulatedRank.E2M1, 2, 100).format()).isEqualTo(SimulatedRank.E2M1);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ports.create(SimulatedRank.E2M1, 3, 100))
                    .withMessageContaining("3 rows of 100 columns");
        }
    }
}

package dev.waterspout.interconnect.policy;

import static dev.waterspout.interconnect.policy.SimulatedRank.E2M1;
import static dev.waterspout.interconnect.policy.SimulatedRank.F32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.policy.measure.Clocks;
import dev.waterspout.interconnect.policy.measure.PortFactory;
import dev.waterspout.interconnect.policy.measure.WarmUp;
import dev.waterspout.kernels.codec.WireFormat;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class WarmUpTest {
    private static final int COLUMNS = 1024;
    /** Number of operations after which the simulated JIT compilation ends. */
    private static final int COMPILED = 600;

    private static final double COLD = 1e-3;
    private static final double WARM = 1e-6;

    private final SimulatedClock clock = new SimulatedClock();
    private final SimulatedClock jit = new SimulatedClock();
    private final AtomicInteger operations = new AtomicInteger();

    /** Ports that are slow for a number of operations, during which the JIT compiler is busy half of the time. */
    private PortFactory compiling() {
        PortFactory steady = new SimulatedPorts(
                new SimulatedClock(), SimulatedRank.machine(1, 1, 1).codec());
        return (format, rows, columns) -> new CountingPort(steady.create(format, rows, columns), () -> {
            boolean cold = operations.incrementAndGet() < COMPILED;
            clock.pass(cold ? COLD : WARM);
            jit.pass(cold ? COLD / 2 : 0);
        });
    }

    private Set<WireFormat> run(Duration most) {
        return WarmUp.run(List.of(F32, E2M1), COLUMNS, 2, compiling(), new Clocks(clock, jit), most);
    }

    @Test
    void runsUntilTheJitIsIdle() {
        assertThat(run(Duration.ofSeconds(10))).containsExactly(F32, E2M1);
        assertThat(operations.get()).isGreaterThan(COMPILED);
        assertThat(clock.seconds()).isBetween(COMPILED * COLD, COMPILED * COLD + 0.2);
    }

    @Test
    void constantTimesWhileTheJitIsBusyAreNotSteady() {
        assertThat(run(Duration.ofMillis(300))).isEmpty();
        assertThat(clock.seconds()).isBetween(0.3, 0.36);
    }
}

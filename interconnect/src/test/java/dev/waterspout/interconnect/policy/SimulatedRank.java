package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Clocks;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.CodecSource;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.interconnect.policy.measure.PortFactory;
import dev.waterspout.interconnect.testing.RankThreads;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.WireFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A rank on a simulated machine, and its measuring bench. */
record SimulatedRank(int rank, SimulatedClock clock, ThrottledTransport transport, Bench bench) {
    static final double GIGABIT = 125e6;

    static final WireFormat F32 = WireFormat.parse("f32");
    static final WireFormat BF16 = WireFormat.parse("bf16");
    static final WireFormat E2M1 = WireFormat.parse("e2m1");
    static final WireFormat E4M3 = WireFormat.parse("e4m3");

    private static final Duration LONG = Duration.ofSeconds(50);

    /** Task of a rank with a result. */
    @FunctionalInterface
    interface Task<T> {
        T run(SimulatedRank rank) throws Exception;
    }

    /** Runs a task on all ranks of a machine; {@return the results in rank order} */
    static <T> List<T> all(int ranks, Measurements machine, Task<T> task) throws InterruptedException {
        return all(ranks, rank -> machine, 0, task);
    }

    /** Runs a task on all ranks, each on a separate machine. */
    static <T> List<T> all(int ranks, IntFunction<Measurements> machines, double burst, Task<T> task)
            throws InterruptedException {
        List<@Nullable T> found = Collections.synchronizedList(new ArrayList<>(Collections.nCopies(ranks, null)));
        RankThreads.runVirtual(InProcessGroup.create(ranks, LONG), transport -> {
            Measurements machine = machines.apply(transport.rank());
            found.set(transport.rank(), task.run(of(transport, machine, burst)));
        });
        List<T> all = new ArrayList<>();
        for (T each : found) {
            if (each != null) {
                all.add(each);
            }
        }
        return all;
    }

    private static SimulatedRank of(Transport inner, Measurements machine, double burst) {
        SimulatedClock clock = new SimulatedClock();
        ThrottledTransport transport = new ThrottledTransport(inner, clock, machine.link(), burst);
        FrameExchange exchange = new FrameExchange(transport);
        ControlChannel control = new ControlChannel(exchange, new ExchangeCounters());
        PortFactory ports = new SimulatedPorts(clock, machine.codec());
        Clocks clocks = new Clocks(clock, () -> 0);
        return new SimulatedRank(
                inner.rank(),
                clock,
                transport,
                new Bench(transport, exchange, control, ports, CodecSource.PORTS, clocks));
    }

    /** {@return the bench of a rank whose device reports the costs of its codecs} */
    Bench knowing(CodecCosts codec) {
        return new Bench(
                transport,
                bench.exchange(),
                bench.control(),
                bench.ports(),
                (formats, maxRows, columns, ranks) -> codec,
                bench.clocks());
    }

    /** {@return the bench of a rank whose JIT compilation never ends} */
    Bench neverCompiled() {
        return new Bench(
                transport,
                bench.exchange(),
                bench.control(),
                bench.ports(),
                CodecSource.PORTS,
                new Clocks(clock, clock));
    }

    /**
     * {@return a link, and codecs that all process this number of GB of f32 per second, formats without compression
     * four times as much}
     */
    static Measurements machine(double latencySeconds, double gigabits, double gigabytesPerSecond) {
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        for (WireFormat format : List.of(F32, BF16, E2M1, E4M3)) {
            double factor = Arrays.asList(F32, BF16).contains(format) ? 4 : 1;
            Line line = new Line(1e-6, Float.BYTES / (factor * gigabytesPerSecond * 1e9));
            costs.put(format, new Cost(line, line, line));
        }
        return new Measurements(new LinkCost(latencySeconds, gigabits * GIGABIT), new CodecCosts(costs));
    }
}

package dev.waterspout.interconnect.collective;

import static dev.waterspout.interconnect.collective.FaultyTransport.SENDER;
import static dev.waterspout.interconnect.testing.RankThreads.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.interconnect.transport.TransportScenarios.Scenario;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Faults of frames in transit, and their required effect for ranks as threads and as processes: an exception on the
 * receiving rank, and an unchanged residual or logits.
 */
public final class FaultScenarios {
    private static final int COLUMNS = 65;
    private static final int ROWS = 2;
    /** Divisible by 2, 3 and 4 ranks, so that the frames of all parts have the same length. */
    private static final int TWO_STEP_ROWS = 12;

    private static final int FAULTY_CALL = 2;
    private static final int[] SHARES = {5, 9, 9, 9, 3, 3, 3};

    private FaultScenarios() {}

    /** Returns one scenario per fault and kind of exchange. */
    public static List<Scenario> all() {
        List<Scenario> scenarios = new ArrayList<>();
        for (Fault fault : Fault.values()) {
            // With two ranks there is no other sender whose frame could be received.
            int leastRanks = fault == Fault.MISROUTED ? 3 : 2;
            // Only a missing rank is detected by a time-out.
            boolean timed = fault == Fault.NEVER_ARRIVES;
            for (WireFormat format : List.of(PlainFormat.F32, WireFormat.parse("e2m1:32:e8m0"))) {
                scenarios.add(new Scenario(
                        "refuses a partial of " + format + ", " + fault,
                        leastRanks,
                        1,
                        timed,
                        (transport, _) ->
                                refusesAPartial(transport, fault, new Summing(Algorithm.ALLGATHER, format, ROWS), 0)));
                for (int step = 0; step < 2; step++) {
                    int faultyStep = step;
                    scenarios.add(new Scenario(
                            "refuses " + (step == 0 ? "a part" : "a sum") + " of " + format + " in two steps, " + fault,
                            leastRanks,
                            1,
                            timed,
                            (transport, _) -> refusesAPartial(
                                    transport,
                                    fault,
                                    new Summing(Algorithm.TWOSTEP, format, TWO_STEP_ROWS),
                                    faultyStep)));
                }
            }
            for (Algorithm algorithm : Algorithm.values()) {
                scenarios.add(new Scenario(
                        "refuses a part of two under way by " + algorithm.label() + ", " + fault,
                        leastRanks,
                        1,
                        timed,
                        (transport, _) -> refusesAPartial(
                                transport, fault, new Summing(algorithm, PlainFormat.F32, TWO_STEP_ROWS, true), 0)));
            }
            scenarios.add(new Scenario(
                    "refuses logits, " + fault,
                    leastRanks,
                    1,
                    timed,
                    (transport, _) -> refusesLogits(transport, fault)));
        }
        return scenarios;
    }

    /**
     * Sums partials again and again over a transport, one of whose exchanges is damaged.
     *
     * @param transport of this rank
     * @param fault name of the fault of the third exchange; empty for none
     * @param calls number of exchanges
     * @param beforeCall receives the number of each exchange before it starts
     */
    public static void sumPartials(Transport transport, String fault, int calls, IntConsumer beforeCall) {
        Transport damaged =
                fault.isEmpty() ? transport : new FaultyTransport(transport, Fault.valueOf(fault), FAULTY_CALL);
        run(damaged, member -> {
            Collective allGather = new Summing(Algorithm.ALLGATHER, PlainFormat.F32, ROWS).collective(member);
            MemorySegment residual = Floats.segment(new float[ROWS * COLUMNS]);
            for (int call = 0; call < calls; call++) {
                beforeCall.accept(call);
                MemorySegment partial = Floats.segment(Floats.random(call * 10L + member.rank(), ROWS * COLUMNS));
                allGather.sum(0, member.port(PlainFormat.F32, COLUMNS, partial, residual), ROWS);
            }
        });
    }

    /**
     * Parameters of the summation of partials.
     *
     * @param together whether the rows are two parts whose exchanges overlap
     */
    private record Summing(Algorithm algorithm, WireFormat format, int rows, boolean together) {
        Summing(Algorithm algorithm, WireFormat format, int rows) {
            this(algorithm, format, rows, false);
        }

        /** Sums once. */
        void sum(Member member, List<Collective> collectives, MemorySegment partial, MemorySegment residual) {
            if (!together) {
                collectives.getFirst().sum(0, member.port(format, COLUMNS, partial, residual), rows);
                return;
            }
            long half = partial.byteSize() / 2;
            List<Collective.Sum> sums = new ArrayList<>();
            for (int part = 0; part < 2; part++) {
                StagedPort port = member.port(
                        format, COLUMNS, partial.asSlice(part * half, half), residual.asSlice(part * half, half));
                sums.add(collectives.get(part).start(0, port, rows / 2));
            }
            for (int step = 0; step < collectives.getFirst().steps(); step++) {
                sums.forEach(Collective.Sum::advance);
            }
        }

        Collective collective(Member member) {
            ExchangeShape shape = new ExchangeShape(rows, COLUMNS, rows);
            return algorithm.create(member.exchange(), format, member.counters(), shape, member.arena());
        }

        int exchanges() {
            return (algorithm == Algorithm.TWOSTEP ? 2 : 1) * (together ? 2 : 1);
        }
    }

    private static void run(Transport transport, Member.Task task) {
        try (WorkerPool pool = new WorkerPool(1, "test-pool-" + transport.rank())) {
            task.run(new Member(
                    transport.rank(),
                    transport.size(),
                    new FrameExchange(transport),
                    pool,
                    new ExchangeCounters(),
                    Arena.ofAuto()));
        }
    }

    private static void refusesAPartial(Transport transport, Fault fault, Summing summing, int step) {
        int elements = summing.rows * COLUMNS;
        MemorySegment residual = Floats.segment(new float[elements]);
        float[][] untouched = new float[1][];
        // The fault is in the third sum: when one rank reads its frames, every other rank has completed at least the
        // first sum.
        int faultyCall = FAULTY_CALL * summing.exchanges() + step;
        Throwable failure = catchThrowable(() -> run(new FaultyTransport(transport, fault, faultyCall), member -> {
            List<Collective> collectives = List.of(summing.collective(member), summing.collective(member));
            // One more exchange, in which the ranks that received correct frames notice the failure.
            int calls = fault == Fault.NEVER_ARRIVES ? FAULTY_CALL + 1 : FAULTY_CALL + 2;
            for (int call = 0; call < calls; call++) {
                untouched[0] = Floats.array(residual);
                // The partial is the same in every call, so an old frame differs only in its sequence number.
                // With equal payloads, a torn frame would be a valid one.
                long seed = fault == Fault.TORN ? call * 10L + member.rank() : member.rank();
                MemorySegment partial = Floats.segment(Floats.random(seed, elements));
                summing.sum(member, collectives, partial, residual);
            }
        }));
        if (transport.rank() != SENDER || fault != Fault.NEVER_ARRIVES) {
            assertRefused(failure, "rank " + SENDER);
            // Of two overlapping parts, the first may be complete on a rank that received correct frames.
            int from = summing.together ? elements / 2 : 0;
            Floats.assertSame(
                    residual.asSlice((long) from * Float.BYTES),
                    Arrays.copyOfRange(untouched[0], from, elements),
                    fault + ", rank " + transport.rank());
            assertThat(untouched[0]).isNotEqualTo(new float[elements]);
        }
    }

    private static void refusesLogits(Transport transport, Fault fault) {
        int[] shares = Arrays.copyOf(SHARES, transport.size());
        int vocabulary = Arrays.stream(shares).sum();
        MemorySegment logits = Floats.segment(new float[ROWS * vocabulary]);
        float[][] untouched = new float[1][];
        Throwable failure = catchThrowable(() -> run(new FaultyTransport(transport, fault, FAULTY_CALL), member -> {
            LogitsGather gather = new LogitsGather(
                    new RootGather(member.exchange(), member.counters(), member.arena()), shares, ROWS);
            for (int call = 0; call <= FAULTY_CALL; call++) {
                untouched[0] = Floats.array(logits);
                int rank = member.rank();
                gather.gather(Floats.segment(Floats.random(call * 10L + rank, ROWS * shares[rank])), ROWS, logits);
            }
        }));
        if (transport.rank() == LogitsGather.ROOT) {
            assertRefused(failure, "rank " + SENDER);
            Floats.assertSame(logits, untouched[0], fault.name());
            assertThat(untouched[0]).isNotEqualTo(new float[ROWS * vocabulary]);
        }
    }
}

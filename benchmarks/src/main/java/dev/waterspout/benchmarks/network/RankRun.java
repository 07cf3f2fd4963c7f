package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.DefaultSchedule;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Clocks;
import dev.waterspout.interconnect.policy.measure.CodecSource;
import dev.waterspout.interconnect.policy.measure.HostPorts;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.interconnect.policy.measure.PortFactory;
import dev.waterspout.interconnect.policy.trial.RoundOrder;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One rank's part of the benchmark, which is the same on all ranks. Contenders take turns, so that a disturbance
 * affects all of them equally.
 */
final class RankRun {
    private static final int ROOT = 0;
    private static final int ROUNDS_OF_WARM_UP = 2;
    /** Repetitions of exchanges so short that interpreted code would dominate their time. */
    private static final int ROUNDS_OF_SMALL_WARM_UP = 100;

    private static final int ROWS_OF_WARM_UP = 32;
    private static final long WARM_UP_NANOS = 500_000_000;
    private static final long LONGEST_WARM_UP_NANOS = 45_000_000_000L;
    private static final double BUSY_JIT = 0.02;
    private static final int FEWEST_REPETITIONS = 5;
    /** Unit in which ranks exchange their times; an int of them is more than three minutes. */
    private static final int TICK_NANOS = 100;

    private static final long SECOND = 1_000_000_000;
    /**
     * Bytes that a rate-limited link sends without limit after it has been idle; {@code benchmarks/network} explains
     * it.
     */
    private static final double CREDIT_SECONDS = 0.35e-3;

    private static final int MOST_CREDIT = 1 << 20;

    private final Transport transport;
    private final Settings settings;
    private final ControlChannel channel;
    private final Clocks clocks = Clocks.system();
    private final List<Contender> contenders = new ArrayList<>();
    private final int[] credit;

    /**
     * @param library file name of the MPI library, null if there is none
     * @param bitsPerSecond rate of the link, 0 for no limit
     */
    RankRun(
            Transport transport,
            Settings settings,
            @Nullable String library,
            double bitsPerSecond,
            Arena arena,
            WorkerPool pool) {
        this.transport = transport;
        this.settings = settings;
        FrameExchange exchange = new FrameExchange(transport);
        this.channel = new ControlChannel(exchange, new ExchangeCounters());
        this.credit =
                new int[(int) Math.min(MOST_CREDIT, CREDIT_SECONDS * bitsPerSecond / Byte.SIZE) / Integer.BYTES + 1];
        CollectiveContender.Data data =
                CollectiveContender.Data.random(arena, settings.maxRows(), settings.columns(), transport.rank());
        for (String choice : settings.choices()) {
            int colon = choice.indexOf(':');
            String collective = choice.substring(0, Math.max(0, colon));
            String format = choice.substring(colon + 1);
            if (AutoContender.isName(choice)) {
                PortFactory ports = new HostPorts(pool, settings.maxRows(), settings.columns(), arena);
                Bench bench = new Bench(transport, exchange, channel, ports, CodecSource.PORTS, clocks, this::align);
                contenders.add(new AutoContender(choice, bench, settings, data, pool));
            } else if (!collective.equals("mpi")) {
                for (CommChoice each : chunked(algorithm(collective), WireFormat.parse(format))) {
                    contenders.add(new CollectiveContender(choice, each, exchange, transport, data, pool));
                }
            } else if (library != null) {
                contenders.add(new LibraryContender(library, format, transport.size(), data));
            }
        }
    }

    private List<CommChoice> chunked(Algorithm algorithm, WireFormat format) {
        return settings.chunkKb().stream()
                .map(kb -> switch (kb) {
                    case Settings.USUAL ->
                        new CommChoice(
                                algorithm,
                                format,
                                DefaultSchedule.chunkRows(format, settings.columns(), LinkCost.USUAL));
                    case 0 -> new CommChoice(algorithm, format, CommChoice.UNCUT);
                    default ->
                        new CommChoice(
                                algorithm, format, (int) Math.max(1, kb * 1024L / format.rowBytes(settings.columns())));
                })
                .toList();
    }

    private Algorithm algorithm(String name) {
        return switch (name) {
            case "plain" -> transport.size() > 2 ? Algorithm.TWOSTEP : Algorithm.ALLGATHER;
            case "allgather" -> Algorithm.ALLGATHER;
            case "twostep" -> Algorithm.TWOSTEP;
            default -> throw new IllegalArgumentException("collective '" + name + "'\n" + Settings.USAGE);
        };
    }

    /**
     * {@return all measurements by size; they are equal on all ranks, except each rank's own times of encoding,
     * transfer and sum}
     */
    List<Measurement> run() {
        List<Contender> fixed = contenders.stream()
                .filter(each -> !AutoContender.isName(each.name()) && !isLibrary(each))
                .toList();
        List<Contender> library = contenders.stream().filter(RankRun::isLibrary).toList();
        // auto decides when it is prepared. The quick one is prepared first, as in a process that has just started;
        // the full one later, when the JIT has compiled more code, as in a process that has run for a while.
        List<Contender> own =
                contenders.stream().filter(each -> !isLibrary(each)).toList();
        own.stream().filter(each -> each.name().equals(AutoContender.QUICK)).forEach(Contender::prepare);
        fixed.forEach(Contender::prepare);
        warmUp(fixed);
        own.stream().filter(each -> each.name().equals(AutoContender.NAME)).forEach(Contender::prepare);
        warmUp(own);
        List<Measurement> all = new ArrayList<>();
        settings.rows().forEach(rows -> all.addAll(measure(rows, own)));
        // MPI's collectives do not yield the core while they wait. Where ranks share cores, the scheduler then delays
        // the next contender. So they run last, by themselves.
        library.forEach(Contender::prepare);
        settings.rows().forEach(rows -> all.addAll(measure(rows, library)));
        all.sort(Comparator.comparingInt(Measurement::rows));
        return all;
    }

    private static boolean isLibrary(Contender contender) {
        return contender instanceof LibraryContender;
    }

    /** {@return the contenders of a size, without those that differ only in a chunk size above it} */
    private static List<Contender> distinct(List<Contender> all, int rows) {
        Set<String> seen = new HashSet<>();
        return all.stream()
                .filter(each -> seen.add(each.name() + " " + Math.min(rows, each.chunkRows())))
                .toList();
    }

    private List<Measurement> measure(int rows, List<Contender> all) {
        List<Contender> contenders = distinct(all, rows);
        int warmUp = rows < ROWS_OF_WARM_UP ? ROUNDS_OF_SMALL_WARM_UP : ROUNDS_OF_WARM_UP;
        for (int round = 0; round < warmUp; round++) {
            contenders.forEach(contender -> contender.sum(rows));
        }
        long[] bytes = contenders.stream()
                .mapToLong(contender -> contender.bytesSent(rows))
                .toArray();
        ExchangeCounters.Snapshot[] before =
                contenders.stream().map(Contender::spent).toArray(ExchangeCounters.Snapshot[]::new);
        if (contenders.isEmpty()) {
            return List.of();
        }
        List<int[]> ticks = new ArrayList<>();
        RoundOrder turns = new RoundOrder();
        List<Contender> timed =
                contenders.stream().map(contender -> contender.at(rows)).toList();
        long start = System.nanoTime();
        do {
            int[] times = new int[contenders.size()];
            // The order changes, so that the after-effects of a contender affect all others equally.
            for (int i : turns.next(contenders.size())) {
                align();
                long from = System.nanoTime();
                timed.get(i).sum(rows);
                times[i] = (int) ((System.nanoTime() - from) / TICK_NANOS);
            }
            ticks.add(slowest(times));
        } while (agreeToGoOn(ticks.size(), System.nanoTime() - start));
        List<Measurement> measurements = new ArrayList<>();
        for (int i = 0; i < contenders.size(); i++) {
            int index = i;
            Contender contender = contenders.get(i);
            ExchangeCounters.Snapshot spent = contender.spent().minus(before[i]);
            double toMillis = 1e-6 / ticks.size();
            measurements.add(new Measurement(
                    contender.name(),
                    contender.detail(rows),
                    contender.chunkRows(),
                    rows,
                    bytes[i],
                    ticks.stream()
                            .map(times -> times[index] * (TICK_NANOS * 1e-6))
                            .toList(),
                    spent.quantizeNanos() * toMillis,
                    spent.transferNanos() * toMillis,
                    spent.sumNanos() * toMillis));
        }
        return measurements;
    }

    /**
     * A barrier, after which the links are idle and have no credit. All ranks must wait before the credit is spent: a
     * busy rank would receive the traffic at an unexpected time, and where ranks share cores the measured exchange
     * would take two to three times as long.
     */
    private void align() {
        channel.barrier();
        channel.share(credit);
        channel.barrier();
        channel.barrier();
    }

    private int[] slowest(int[] times) {
        int[] slowest = times.clone();
        for (int[] each : channel.share(times)) {
            Arrays.setAll(slowest, i -> Math.max(slowest[i], each[i]));
        }
        return slowest;
    }

    /**
     * Runs exchanges until the JIT of every rank is nearly idle. Where ranks share cores, the JIT of one takes time
     * from the others.
     */
    private void warmUp(List<Contender> warmed) {
        int rows = Math.min(settings.maxRows(), ROWS_OF_WARM_UP);
        long start = System.nanoTime();
        boolean busy = true;
        while (busy) {
            long from = System.nanoTime();
            long compiled = clocks.compiling().getAsLong();
            while (channel.share(new int[] {System.nanoTime() - from < WARM_UP_NANOS ? 1 : 0})[ROOT][0] == 1) {
                warmed.forEach(contender -> contender.sum(1));
                warmed.forEach(contender -> contender.sum(rows));
            }
            double share = (double) (clocks.compiling().getAsLong() - compiled) / (System.nanoTime() - from);
            boolean late = System.nanoTime() - start > LONGEST_WARM_UP_NANOS;
            int[][] all = channel.share(new int[] {share > BUSY_JIT ? 1 : 0, late ? 1 : 0});
            busy = all[ROOT][1] == 0 && Arrays.stream(all).anyMatch(rank -> rank[0] == 1);
        }
    }

    private boolean agreeToGoOn(int done, long nanos) {
        boolean enough = done >= settings.repetitions()
                || (done >= FEWEST_REPETITIONS && nanos > settings.budgetSeconds() * SECOND);
        return channel.share(new int[] {enough ? 0 : 1})[ROOT][0] == 1;
    }
}

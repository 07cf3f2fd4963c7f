package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.HostPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.mpi.Launcher;
import dev.waterspout.interconnect.mpi.MpiLibrary;
import dev.waterspout.interconnect.mpi.MpiSettings;
import dev.waterspout.interconnect.mpi.MpiTransport;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times the steps of an exchange of one row over MPI, and compares the whole with {@code MPI_Allreduce} of f32 with the
 * same number of bytes. All ranks are on one machine and share its clock, so the time from the last rank's send to a
 * rank's receipt can be measured. {@code benchmarks/small-exchange} starts the ranks.
 */
public final class SmallExchange {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final int WARM_UP = 1_500;
    private static final int TICK_NANOS = 10;
    private static final List<String> STEPS =
            List.of("encode", "frame", "send", "peer", "travel", "check", "decode", "all");
    private static final int TRAVEL = STEPS.indexOf("travel");
    private static final int PEER = STEPS.indexOf("peer");
    private static final int UNIT = 64;

    private final MpiTransport transport;
    private final ControlChannel channel;
    private final FrameExchange exchange;
    private final WorkerPool pool;
    private final int rounds;
    private long sequence;

    private SmallExchange(MpiTransport transport, WorkerPool pool, int rounds) {
        this.transport = transport;
        this.exchange = new FrameExchange(transport);
        this.channel = new ControlChannel(exchange, new ExchangeCounters());
        this.pool = pool;
        this.rounds = rounds;
    }

    /**
     * Runs as one rank under {@code mpirun}; rank 0 prints a table.
     *
     * @param arguments number of rounds, wire format, and payloads in bytes
     */
    public static void main(String[] arguments) {
        if (arguments.length < 3) {
            System.err.println("arguments are ROUNDS FORMAT BYTES...");
            System.exit(2);
        }
        WireFormat format = WireFormat.parse(arguments[1]);
        MpiLibrary library = MpiLibrary.load(System.getenv("WATERSPOUT_MPI_LIBRARY"), Launcher.OPEN_MPI);
        try (MpiTransport transport = MpiTransport.join(library, MpiSettings.of(TIMEOUT));
                WorkerPool pool = new WorkerPool(1, "rank-" + transport.rank())) {
            SmallExchange run = new SmallExchange(transport, pool, Integer.parseInt(arguments[0]));
            List<String> lines = new ArrayList<>();
            lines.add("%d ranks, %d cores, %s; medians of %d rounds in us"
                    .formatted(transport.size(), Runtime.getRuntime().availableProcessors(), arguments[1], run.rounds));
            lines.add("%8s %s %10s %9s %13s".formatted("bytes", header(), "all-gather", "pauses", "MPI_Allreduce"));
            for (String bytes : List.of(arguments).subList(2, arguments.length)) {
                lines.add(run.measure(format, Integer.parseInt(bytes), library.name()));
            }
            if (transport.rank() == ControlChannel.ROOT) {
                lines.forEach(System.out::println);
            }
        } catch (InterconnectException failed) { // MPI_Finalize would wait for ranks that never call it
            failed.printStackTrace();
            Runtime.getRuntime().halt(5);
        }
    }

    private static String header() {
        StringBuilder header = new StringBuilder();
        STEPS.forEach(step -> header.append("%8s".formatted(step)));
        return header.toString();
    }

    private String measure(WireFormat format, int bytes, String library) {
        Arena arena = Arena.global(); // MPI may write to a segment until the process ends
        int columns = UNIT;
        while (format.rowBytes(columns + UNIT) <= bytes) {
            columns += UNIT;
        }
        CollectiveContender.Data data = CollectiveContender.Data.random(arena, 1, columns, transport.rank());
        Steps steps = new Steps(format, data);
        CommChoice choice = new CommChoice(Algorithm.ALLGATHER, format, CommChoice.UNCUT);
        Contender whole = new CollectiveContender("all-gather", choice, exchange, transport, data, pool);
        CollectiveContender.Data floats =
                CollectiveContender.Data.random(arena, 1, bytes / Float.BYTES, transport.rank());
        Contender reduce = new LibraryContender(library, "f32", transport.size(), floats);
        double[] parts = steps.run();
        long before = transport.pauses();
        double gathered = time(whole);
        double pauses = (double) (transport.pauses() - before) / (WARM_UP + rounds);
        double reduced = time(reduce); // last, because it does not yield the core while it waits
        StringBuilder line = new StringBuilder("%8d ".formatted(format.encodedBytes(1, columns)));
        for (double part : parts) {
            line.append(String.format(Locale.ROOT, "%8.1f", part));
        }
        return line.append(String.format(Locale.ROOT, " %10.1f %9.1f %13.1f", gathered, pauses, reduced))
                .toString();
    }

    /**
     * Returns the median of the slowest rank's times in microseconds. The pauses of the barriers are included in the
     * count of pauses.
     */
    private double time(Contender contender) {
        int[] ticks = new int[rounds];
        for (int round = -WARM_UP; round < rounds; round++) {
            channel.barrier();
            long start = System.nanoTime();
            contender.sum(1);
            int own = (int) ((System.nanoTime() - start) / TICK_NANOS);
            if (round >= 0) {
                ticks[round] = own;
            }
        }
        int[] slowest = ticks.clone();
        for (int[] each : channel.share(ticks)) {
            Arrays.setAll(slowest, i -> Math.max(slowest[i], each[i]));
        }
        return median(slowest);
    }

    private static double median(int[] ticks) {
        int[] sorted = ticks.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2] * (TICK_NANOS * 1e-3);
    }

    /** An exchange with a time stamp after each step. The steps are those of {@code AllGather}, in the same order. */
    private final class Steps {
        private final WireFormat format;
        private final HostPort port;
        private final Tile tile;
        private final MemorySegment[] frames;
        private final MemorySegment[] payloads;
        private final MemorySegment[] outgoing;
        private final MemorySegment[] incoming;

        Steps(WireFormat format, CollectiveContender.Data data) {
            int size = transport.size();
            this.format = format;
            this.port = new HostPort(format, pool, data.columns(), data.partial(), data.residual());
            this.tile = new Tile(0, 1, 0, data.columns());
            this.frames = new MemorySegment[size];
            long bytes = FrameLayout.HEADER_BYTES + format.encodedBytes(1, data.columns());
            Arrays.setAll(frames, _ -> Arena.global().allocate(bytes, 64));
            this.payloads = Arrays.stream(frames).map(FrameLayout::payload).toArray(MemorySegment[]::new);
            this.outgoing = new MemorySegment[size];
            Arrays.fill(outgoing, frames[transport.rank()]);
            this.incoming = frames.clone();
            outgoing[transport.rank()] = MemorySegment.NULL;
            incoming[transport.rank()] = MemorySegment.NULL;
        }

        /**
         * {@return for each step the median over the rounds of the mean over the ranks; for the
         * whole exchange the median of the slowest rank}
         */
        double[] run() {
            int[][] rows = new int[STEPS.size()][rounds];
            for (int round = -WARM_UP; round < rounds; round++) {
                int[][] all = shared(once());
                for (int step = 0; step < STEPS.size() && round >= 0; step++) {
                    int at = step;
                    rows[step][round] = step == STEPS.size() - 1
                            ? Arrays.stream(all)
                                    .mapToInt(times -> times[at])
                                    .max()
                                    .orElseThrow()
                            : (int) Arrays.stream(all)
                                    .mapToInt(times -> times[at])
                                    .average()
                                    .orElseThrow();
                }
            }
            return Arrays.stream(rows).mapToDouble(SmallExchange::median).toArray();
        }

        /** Gathers the steps of all ranks. The part of a wait before the last rank's send is attributed to the peer. */
        private int[][] shared(long[] stamps) {
            int[] sent = new int[] {(int) (stamps[3] >>> 32), (int) stamps[3]};
            long last = Arrays.stream(channel.share(sent))
                    .mapToLong(words -> (long) words[0] << 32 | Integer.toUnsignedLong(words[1]))
                    .max()
                    .orElseThrow();
            int[] own = new int[STEPS.size()];
            own[0] = ticks(stamps[1] - stamps[0]);
            own[1] = ticks(stamps[2] - stamps[1]);
            own[2] = ticks(stamps[3] - stamps[2]);
            own[PEER] = ticks(last - stamps[3]);
            own[TRAVEL] = ticks(Math.max(0, stamps[4] - last));
            own[5] = ticks(stamps[5] - stamps[4]);
            own[6] = ticks(stamps[6] - stamps[5]);
            own[7] = ticks(stamps[6] - stamps[0]);
            return channel.share(own);
        }

        private static int ticks(long nanos) {
            return (int) (nanos / TICK_NANOS);
        }

        /** {@return the times before and after each step, in nanoseconds} */
        private long[] once() {
            int rank = transport.rank();
            channel.barrier();
            long[] stamps = new long[7];
            stamps[0] = System.nanoTime();
            port.encode(tile, payloads[rank]);
            stamps[1] = System.nanoTime();
            FrameLayout.seal(frames[rank], header(rank));
            stamps[2] = System.nanoTime();
            Pending pending = transport.start(outgoing, incoming);
            stamps[3] = System.nanoTime();
            pending.await();
            stamps[4] = System.nanoTime();
            for (int peer = 0; peer < frames.length; peer++) {
                if (peer != rank) {
                    FrameLayout.open(frames[peer], peer, rank).requireEqual(header(peer), rank);
                }
            }
            stamps[5] = System.nanoTime();
            port.decodeSum(payloads, tile);
            stamps[6] = System.nanoTime();
            sequence++;
            return stamps;
        }

        private FrameHeader header(int sender) {
            return new FrameHeader(sender, sequence, 0, format.id(), 1, tile.columns(), payloads[sender].byteSize());
        }
    }
}

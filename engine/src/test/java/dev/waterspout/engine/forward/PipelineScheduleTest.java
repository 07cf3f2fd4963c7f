package dev.waterspout.engine.forward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.HostPort;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.testing.VirtualTime;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The order of computation and messages in virtual time, so that the speed of the machine does not matter. Shards sleep
 * in place of computing, and the link takes a time in proportion to the bytes.
 */
@Timeout(60)
class PipelineScheduleTest {
    private static final int RANKS = 2;
    private static final int ROWS = 96;
    private static final int WIDTH = 32;
    private static final int LAYERS = 3;
    /** The times to compute and to transfer all rows of a half layer. */
    private static final long HALF_NANOS = 60_000_000;
    /** Virtual time from one look at the messages to the next. */
    private static final long TICK_NANOS = 1_000_000;
    /** More than the time of the system clock that the pipeline lets pass between two looks at the messages. */
    private static final long POLL_NANOS = 60_000;

    /** Virtual time of one rank. */
    private record RankClock(VirtualTime time, int rank) {
        long now() {
            return time.now();
        }

        /** Sleeps for a tick, or until a time if that is earlier. */
        void tick(long until) {
            time.sleep(rank, Math.min(until, time.now() + TICK_NANOS));
        }
    }

    /** Sleeps for the time of a half layer, and records the order of its calls. */
    private static final class SleepingShard implements ShardCompute {
        final List<String> turns = new ArrayList<>();
        private final RankClock clock;
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment partial = arena.allocate(ROWS * WIDTH * 4L, 64);
        private final MemorySegment hidden = arena.allocate(ROWS * WIDTH * 4L, 64);
        private final WorkerPool pool = new WorkerPool(1, "sleeping");
        private Runnable task = () -> {};
        private int from;
        private int to = ROWS;

        SleepingShard(RankClock clock) {
            this.clock = clock;
        }

        @Override
        public boolean takesParts() {
            return true;
        }

        @Override
        public void rows(int first, int end) {
            from = first;
            to = end;
        }

        @Override
        public void betweenTiles(Runnable moving) {
            task = moving;
        }

        private void work(String half) {
            turns.add(half + " " + from);
            long until = clock.now() + HALF_NANOS * (to - from) / ROWS;
            while (clock.now() < until) {
                clock.tick(until);
                long begun = System.nanoTime();
                while (System.nanoTime() - begun < POLL_NANOS) {
                    Thread.onSpinWait();
                }
                task.run();
            }
        }

        @Override
        public void attention(int layer) {
            work("attention " + layer);
        }

        @Override
        public void feedForward(int layer) {
            work("feed-forward " + layer);
        }

        @Override
        public PartialPort port(WireFormat format) {
            long at = (long) from * WIDTH * Float.BYTES;
            return new HostPort(format, pool, WIDTH, partial.asSlice(at), hidden.asSlice(at));
        }

        @Override
        public long weightBytes() {
            return 0;
        }

        @Override
        public void preload(LongConsumer loaded) {}

        @Override
        public void copyBlock(BlockCopy copy) {}

        @Override
        public void begin(List<SequenceRows> parts) {}

        @Override
        public MemorySegment output(int... rows) {
            return MemorySegment.NULL;
        }

        @Override
        public void close() {
            pool.close();
        }
    }

    /** A link that carries one message at a time, each for a time in proportion to its bytes. */
    private static final class SlowLink implements Transport {
        private final Transport to;
        private final RankClock clock;
        /** The time at which the link has carried all messages that were started. */
        private long free;

        SlowLink(Transport to, RankClock clock) {
            this.to = to;
            this.clock = clock;
        }

        @Override
        public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
            Pending pending = to.start(outgoing, incoming);
            long bytes = incoming[1 - rank()].byteSize();
            long arrives = Math.max(clock.now(), free) + bytes * HALF_NANOS / (ROWS * WIDTH * 4L);
            free = arrives;
            return new Pending() {
                @Override
                public boolean poll() {
                    return clock.now() >= arrives && pending.poll();
                }

                @Override
                public void await() {
                    while (!poll()) {
                        clock.tick(Long.MAX_VALUE);
                    }
                }
            };
        }

        @Override
        public int rank() {
            return to.rank();
        }

        @Override
        public int size() {
            return to.size();
        }

        @Override
        public List<String> hosts() {
            return to.hosts();
        }

        @Override
        public String description() {
            return to.description();
        }

        @Override
        public void alive() {
            to.alive();
        }

        @Override
        public void abort(Throwable cause) {
            to.abort(cause);
        }

        @Override
        public void close() {
            to.close();
        }
    }

    private static CommSchedule schedule(Algorithm algorithm) {
        CommChoice choice = new CommChoice(algorithm, PlainFormat.F32, CommChoice.UNCUT);
        return new CommSchedule(List.of(new CommSchedule.Step(ROWS, choice)));
    }

    /** Runs one rank; {@return the order of its calls} */
    private static List<String> run(Transport transport, RankClock clock, Algorithm algorithm, boolean overlap) {
        try (Arena arena = Arena.ofShared();
                SleepingShard shard = new SleepingShard(clock)) {
            FrameExchange exchange = new FrameExchange(new SlowLink(transport, clock));
            ExchangeCounters counters = new ExchangeCounters();
            CommSchedule schedule = schedule(algorithm);
            if (overlap) {
                new LayerPipeline(shard, exchange, counters, LAYERS, false, WIDTH, arena)
                        .run(schedule, ROWS, (_, _) -> {});
            } else {
                CollectiveSet collectives = new CollectiveSet(schedule, exchange, counters, ROWS, WIDTH, arena);
                for (int half = 0; half < 2 * LAYERS; half++) {
                    shard.attention(half / 2);
                    collectives.of(ROWS, half).sum(half, shard.port(PlainFormat.F32), ROWS);
                }
            }
            return shard.turns;
        }
    }

    /**
     * Runs all ranks.
     *
     * @param turns receives the order of the calls of rank 0
     * @return seconds until the last rank has ended
     */
    private static double seconds(Algorithm algorithm, boolean overlap, List<String> turns)
            throws InterruptedException {
        VirtualTime time = new VirtualTime(RANKS, new Random(1), TimeUnit.MINUTES.toNanos(1));
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        Runnable[] tasks = InProcessGroup.create(RANKS, Duration.ofDays(1)).stream()
                .<Runnable>map(transport -> () -> {
                    try {
                        List<String> own = run(transport, new RankClock(time, transport.rank()), algorithm, overlap);
                        if (transport.rank() == 0) {
                            turns.addAll(own);
                        }
                    } catch (Throwable failure) { // checked below
                        failures.add(failure);
                    }
                })
                .toArray(Runnable[]::new);
        time.run(tasks);
        assertThat(failures).isEmpty();
        return time.now() / 1e9;
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void computationHidesTheLink(Algorithm algorithm) throws InterruptedException {
        List<String> turns = new ArrayList<>();
        double apart = seconds(algorithm, false, new ArrayList<>());
        double together = seconds(algorithm, true, turns);
        // Computation and transfer each take half of the time. With overlap only the transfer of the last part remains
        // visible.
        assertThat(apart).isGreaterThanOrEqualTo(2 * 2 * LAYERS * HALF_NANOS / 1e9);
        assertThat(together / apart).isLessThan(0.75);
        int parts = algorithm.steps() + 1;
        assertThat(turns).hasSize(2 * LAYERS * parts);
        for (int turn = 0; turn < turns.size(); turn++) {
            int half = turn / parts;
            assertThat(turns.get(turn))
                    .isEqualTo((half % 2 == 0 ? "attention " : "feed-forward ") + half / 2 + " "
                            + turn % parts * ROWS / parts);
        }
    }
}

package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.testing.RankThreads;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One rank of a test, with everything that an exchange needs. */
record Member(int rank, int size, FrameExchange exchange, WorkerPool pool, ExchangeCounters counters, Arena arena) {
    private static final int THREADS = 2;

    /** This rank's partial and residual, in host memory. */
    StagedPort port(WireFormat format, int columns, MemorySegment partial, MemorySegment residual) {
        return new HostPort(format, pool, columns, partial, residual);
    }

    /** Task of one rank. */
    @FunctionalInterface
    interface Task {
        void run(Member member);
    }

    /** Runs the task on all ranks; the test fails if one fails. */
    static void run(List<Transport> ranks, Task task) throws InterruptedException {
        RankThreads.run(ranks, transport -> runOne(transport, task));
    }

    /** Runs the task on all ranks and returns the exception of each rank, null if it returned normally. */
    static List<@Nullable Throwable> failures(List<Transport> ranks, Task task) throws InterruptedException {
        return RankThreads.start(ranks, transport -> runOne(transport, task)).failures();
    }

    private static void runOne(Transport transport, Task task) {
        try (WorkerPool pool = new WorkerPool(THREADS, "test-pool-" + transport.rank())) {
            task.run(new Member(
                    transport.rank(),
                    transport.size(),
                    new FrameExchange(transport),
                    pool,
                    new ExchangeCounters(),
                    Arena.ofAuto()));
        }
    }
}

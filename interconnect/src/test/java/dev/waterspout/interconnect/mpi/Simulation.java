package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.testing.VirtualTime;
import dev.waterspout.interconnect.testing.VirtualTime.Stopped;
import dev.waterspout.interconnect.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A run of several ranks in virtual time. Each rank is a separate process with {@link MpiTransport} over a simulated
 * MPI. The seed determines the run: delays, the order of messages of different pairs, and one fault.
 */
public final class Simulation {
    /** Time limit of a run, many times the time-out of ranks. */
    private static final long LIMIT = 60 * SimulatedFault.TIMEOUT;

    /**
     * Multiplier that spreads consecutive seeds, the golden ratio in 64 bits: generators with similar seeds begin with
     * similar numbers.
     */
    private static final long SCRAMBLER = 0x9e3779b97f4a7c15L;

    private final int ranks;
    private final SimulatedFault fault;
    private final VirtualTime time;
    private final SimulatedNetwork network;
    private final boolean[] dead;
    private final boolean[] ended;

    /** The work of one rank. */
    @FunctionalInterface
    public interface Task {
        /**
         * Runs on a separate thread. The rank's transport may be used by another thread for which it waits.
         *
         * @param rank its number
         * @param join joins the group
         */
        void run(int rank, Supplier<Transport> join);
    }

    /**
     * End of a rank.
     *
     * @param killed whether its process was killed
     * @param failure exception of the task, or null
     */
    public record End(boolean killed, @Nullable Throwable failure) {}

    /**
     * @param ranks at least 2
     * @param fault fault of the run
     * @param seed seed of delays and message orders
     */
    public Simulation(int ranks, SimulatedFault fault, long seed) {
        this.ranks = ranks;
        this.fault = fault;
        Random random = new Random(seed * SCRAMBLER + 1);
        this.time = new VirtualTime(ranks, random, LIMIT);
        this.network = new SimulatedNetwork(ranks, time, fault, random);
        this.dead = new boolean[ranks];
        this.ended = new boolean[ranks];
    }

    /** Draws a fault for a group of some ranks from a seed. */
    public static SimulatedFault fault(int ranks, long seed) {
        return SimulatedFault.draw(new Random(seed * SCRAMBLER), ranks);
    }

    /**
     * Runs a task on all ranks.
     *
     * @return the end of each rank, in rank order
     */
    public List<End> run(Task task) throws InterruptedException {
        @Nullable Throwable[] failures = new Throwable[ranks];
        Runnable[] tasks = new Runnable[ranks];
        Arrays.setAll(tasks, rank -> () -> {
            try {
                task.run(rank, () -> join(rank));
            } catch (Throwable failure) { // any failure is passed to the test
                failures[rank] = failure;
            } finally {
                ended[rank] = true;
                network.end(rank);
            }
        });
        time.run(tasks);
        List<End> ends = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            ends.add(new End(dead[rank], failures[rank]));
        }
        return ends;
    }

    /** {@return whether a rank exceeded the time limit of the run} */
    public boolean hangs() {
        return time.isOver();
    }

    /** {@return the elapsed virtual time in nanoseconds} */
    public long nanos() {
        return time.now();
    }

    private Transport join(int rank) {
        SimulatedMpi mpi = new SimulatedMpi(this, rank);
        MpiSettings settings = new MpiSettings(Duration.ofNanos(SimulatedFault.TIMEOUT), ranks, lost -> {
            throw new Stopped("rank " + rank + " was lost: " + lost.getMessage());
        });
        return MpiTransport.open(MpiWorld.of(mpi.library(), mpi), settings, false);
    }

    int ranks() {
        return ranks;
    }

    SimulatedFault fault() {
        return fault;
    }

    VirtualTime time() {
        return time;
    }

    SimulatedNetwork network() {
        return network;
    }

    void die(int rank) {
        dead[rank] = true;
        ended[rank] = true;
        network.end(rank);
    }

    boolean isDead(int rank) {
        return dead[rank];
    }

    boolean hasEnded(int rank) {
        return ended[rank];
    }
}

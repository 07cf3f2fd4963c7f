package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.mpi.VirtualTime.Stopped;
import dev.waterspout.interconnect.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A run of several ranks, each a process of its own with {@link MpiTransport} over a simulated MPI, in virtual time.
 * The same seed gives the same run: delays, the order of messages of different pairs, and one fault at some step.
 */
public final class Simulation {
    /** No run may take so long: many times what ranks wait for each other. */
    private static final long LIMIT = 60 * SimulatedFault.TIMEOUT;

    /**
     * The first numbers of generators with seeds near each other are near each other: the golden ratio in 64 bits
     * scatters seeds.
     */
    private static final long SCRAMBLER = 0x9e3779b97f4a7c15L;

    private final int ranks;
    private final SimulatedFault fault;
    private final VirtualTime time;
    private final SimulatedNetwork network;
    private final boolean[] dead;
    private final boolean[] ended;

    /** What one rank does. */
    @FunctionalInterface
    public interface Task {
        /**
         * Runs on a thread of its own; the rank's transport may be used by another that it waits for.
         *
         * @param rank its number
         * @param join joins the group
         */
        void run(int rank, Supplier<Transport> join);
    }

    /**
     * How a rank ended.
     *
     * @param killed whether its process was killed
     * @param failure what it threw, null for nothing
     */
    public record End(boolean killed, @Nullable Throwable failure) {}

    /**
     * @param ranks at least 2
     * @param fault what goes wrong
     * @param seed of delays and orders
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
     * @return how each ended, in rank order
     */
    public List<End> run(Task task) throws InterruptedException {
        @Nullable Throwable[] failures = new Throwable[ranks];
        Runnable[] tasks = new Runnable[ranks];
        Arrays.setAll(tasks, rank -> () -> {
            try {
                task.run(rank, () -> join(rank));
            } catch (Throwable failure) { // whatever it is, the test sees it
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

    /** {@return whether a rank would never have ended} */
    public boolean hangs() {
        return time.isOver();
    }

    /** {@return nanoseconds that have passed} */
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

package dev.waterspout.interconnect.mpi;

import java.lang.foreign.Arena;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What a rank's process has around it. Simulations replace it: time is virtual there, and processes are threads. */
interface MpiHost {
    /** {@return nanoseconds since some moment} */
    long nanoTime();

    /**
     * Returns how a rank waits between two polls. Called by the thread that will wait.
     *
     * @param spin whether the rank has a core of its own
     */
    BackOff backOff(boolean spin);

    /** {@return memory that MPI may use until the process ends} */
    Arena memory();

    /**
     * Keeps an object, and the memory that it refers to, until the process ends.
     *
     * @param used memory that MPI may still use
     */
    void retain(Object used);

    /** {@return this process's id} */
    long processId();

    /**
     * Returns the name of this machine. Two processes with the same one see each other's process ids; hosts and
     * containers may share their names.
     *
     * @param host name of the host
     * @return the name, empty if no other process can be seen
     */
    String machine(String host);

    /**
     * Watches another process of this machine.
     *
     * @param processId its id
     * @return whether it has ended, asked at any time; null if there is no such process
     */
    @Nullable
    BooleanSupplier watch(long processId);
}

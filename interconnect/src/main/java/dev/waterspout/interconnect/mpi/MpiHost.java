package dev.waterspout.interconnect.mpi;

import java.lang.foreign.Arena;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The environment of a rank's process. Simulations replace it: their time is virtual, and their processes are threads.
 */
interface MpiHost {
    /** {@return the time in nanoseconds since an arbitrary moment} */
    long nanoTime();

    /**
     * Returns the back-off between two polls. Called by the thread that will wait.
     *
     * @param spin whether the rank has its own core
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
     * @param processId id of the process
     * @return a supplier of whether the process has ended; null if there is no such process
     */
    @Nullable
    BooleanSupplier watch(long processId);
}

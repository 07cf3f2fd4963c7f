package dev.waterspout.kernels.device;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Excludes all other device work while graphs are built or compiled. A graph is compiled at its first execution, during
 * which no other graph of the process runs. Some OpenCL drivers fail, or end the process, if one thread builds a
 * program while another builds or runs one. TornadoVM 5.2.0 itself hands the parameters' accesses of a kernel over in a
 * static field while a task is added: two threads that add tasks at the same time can exchange them.
 */
public final class CompileLock {
    private static final ReadWriteLock COMPILING = new ReentrantReadWriteLock();

    private CompileLock() {}

    /**
     * {@return the lock to hold while a graph is executed}
     *
     * @param first whether this is the graph's first execution
     */
    public static Lock of(boolean first) {
        return first ? COMPILING.writeLock() : COMPILING.readLock();
    }

    /**
     * Builds graphs and their plan while no other thread does.
     *
     * @param build adds the tasks and chooses the device
     * @return the result of {@code build}
     */
    public static <T> T building(Supplier<T> build) {
        Lock lock = COMPILING.writeLock();
        lock.lock();
        try {
            return build.get();
        } finally {
            lock.unlock();
        }
    }
}

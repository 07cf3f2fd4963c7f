package dev.waterspout.kernels.device;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Excludes all other device work during compilation. A graph is compiled at its first execution, during which no other
 * graph of the process runs. Some OpenCL drivers fail, or end the process, if one thread builds a program while
 * another builds or runs one.
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
}

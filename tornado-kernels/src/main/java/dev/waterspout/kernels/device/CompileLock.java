package dev.waterspout.kernels.device;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Keeps compilation apart from all else: a graph that is executed for the first time, and so compiled, has all devices
 * of the process to itself. OpenCL drivers were seen to fail, or to end the process, where one thread builds a program
 * while another builds or runs one.
 */
public final class CompileLock {
    private static final ReadWriteLock COMPILING = new ReentrantReadWriteLock();

    private CompileLock() {}

    /**
     * {@return what to hold while a graph is executed}
     *
     * @param first whether it is executed for the first time
     */
    public static Lock of(boolean first) {
        return first ? COMPILING.writeLock() : COMPILING.readLock();
    }
}

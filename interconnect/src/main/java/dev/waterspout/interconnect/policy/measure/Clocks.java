package dev.waterspout.interconnect.policy.measure;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/**
 * The clocks of a measurement.
 *
 * @param nanos the time, as {@link System#nanoTime}
 * @param compiling the processor time in nanoseconds that the JIT and the VM's other threads have used so far.
 *     {@link java.lang.management.CompilationMXBean} is not used: it counts a method when its compilation ends, so a
 *     long compilation appears as idle time
 */
public record Clocks(LongSupplier nanos, LongSupplier compiling) {
    /** Returns this JVM's clocks. The time of a Java thread counts as the VM's after the thread has ended. */
    public static Clocks system() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean process
                && ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads
                && threads.isThreadCpuTimeSupported()
                && threads.isThreadCpuTimeEnabled()
                && process.getProcessCpuTime() >= 0) {
            return new Clocks(System::nanoTime, () -> ofVirtualMachine(process, threads));
        }
        return new Clocks(System::nanoTime, () -> 0);
    }

    /** {@return the process's processor time without that of its Java threads; the former has a resolution of 10 ms} */
    private static long ofVirtualMachine(OperatingSystemMXBean process, ThreadMXBean threads) {
        long all = process.getProcessCpuTime();
        for (long used : threads.getThreadCpuTime(threads.getAllThreadIds())) {
            all -= Math.max(0, used); // -1 for a thread that has ended
        }
        return all;
    }
}

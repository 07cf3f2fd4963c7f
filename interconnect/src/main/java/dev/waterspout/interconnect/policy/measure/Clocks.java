package dev.waterspout.interconnect.policy.measure;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/**
 * Where time goes.
 *
 * @param nanos the time, as {@link System#nanoTime}
 * @param compiling the processor time in nanoseconds that the JIT has used so far, with whatever else the VM does on
 *     threads of its own. The time that {@link java.lang.management.CompilationMXBean} tells would not do: a method
 *     counts there when it is done, and one that takes a second leaves that second idle
 */
public record Clocks(LongSupplier nanos, LongSupplier compiling) {
    /** Returns this JVM's clocks. A Java thread that has ended counts as the VM's from then on. */
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

    /** {@return what the process has used, without what its Java threads have; the former moves in steps of 10 ms} */
    private static long ofVirtualMachine(OperatingSystemMXBean process, ThreadMXBean threads) {
        long all = process.getProcessCpuTime();
        for (long used : threads.getThreadCpuTime(threads.getAllThreadIds())) {
            all -= Math.max(0, used); // -1 for a thread that has ended
        }
        return all;
    }
}

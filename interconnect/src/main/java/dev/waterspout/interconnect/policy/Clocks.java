package dev.waterspout.interconnect.policy;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where time goes.
 *
 * @param nanos the time, as {@link System#nanoTime}
 * @param compiling the nanoseconds that the JIT has spent so far, of all methods that it is done with
 */
public record Clocks(LongSupplier nanos, LongSupplier compiling) {
    private static final long MILLISECOND = 1_000_000;

    /** Returns this JVM's clocks. */
    public static Clocks system() {
        @Nullable CompilationMXBean jit = ManagementFactory.getCompilationMXBean();
        boolean told = jit != null && jit.isCompilationTimeMonitoringSupported();
        return new Clocks(System::nanoTime, told ? () -> jit.getTotalCompilationTime() * MILLISECOND : () -> 0);
    }
}

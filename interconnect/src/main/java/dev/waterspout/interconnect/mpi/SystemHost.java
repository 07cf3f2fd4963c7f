package dev.waterspout.interconnect.mpi;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** This process, on this machine. */
final class SystemHost implements MpiHost {
    private static final Queue<Object> RETAINED = new ConcurrentLinkedQueue<>();

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public BackOff backOff(boolean spin) {
        return new BackOff(spin);
    }

    @Override
    public Arena memory() {
        return Arena.global();
    }

    @Override
    public void retain(Object used) {
        RETAINED.add(used);
    }

    @Override
    public long processId() {
        return ProcessHandle.current().pid();
    }

    @Override
    public String machine(String host) {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip() + " "
                    + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
        } catch (IOException | UnsupportedOperationException | SecurityException unknown) { // not Linux
            return host;
        }
    }

    @Override
    public @Nullable BooleanSupplier watch(long processId) {
        ProcessHandle process =
                ProcessHandle.of(processId).filter(ProcessHandle::isAlive).orElse(null);
        return process == null ? null : () -> !process.isAlive() || isZombie(processId);
    }

    /** A process that has ended is listed until its launcher has waited for it, which may take seconds. */
    private static boolean isZombie(long processId) {
        try {
            String status = Files.readString(Path.of("/proc/" + processId + "/stat"));
            return status.startsWith("Z", status.lastIndexOf(')') + 2);
        } catch (IOException | SecurityException unknown) {
            return false;
        }
    }
}

package dev.waterspout.interconnect.mpi;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Memory that a rank shares with the others of its machine, by which they wake it: it sleeps until as many messages have been
 * sent to it as it waits for. MPI itself can only be asked again and again, and where ranks share cores each of these looks
 * takes time from a rank that computes.
 *
 * <pre>
 *   byte   0   semaphore, process-shared
 *   byte  64   int: messages sent to this rank
 *   byte  68   int: 1 while it sleeps
 *   byte  72   int: how many messages end its sleep
 * </pre>
 *
 * The counts wrap around. A sleeper says so before it looks at the count, and a sender counts before it looks whether the
 * receiver sleeps, so no message is missed by both; should one be all the same, the sleep ends by itself.
 */
final class Doorbell {
    private static final String FOLDER = "/dev/shm";
    private static final int BYTES = 128;
    private static final long SENT = 64;
    private static final long SLEEPS = 68;
    private static final long WANTED = 72;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final Semaphores semaphores;
    private final MemorySegment memory;

    private Doorbell(Semaphores semaphores, MemorySegment memory) {
        this.semaphores = semaphores;
        this.memory = memory;
    }

    /** Makes this process's; {@return null if that cannot be} */
    static @Nullable Doorbell create(Semaphores semaphores) {
        Path file = file(ProcessHandle.current().pid());
        try {
            Files.deleteIfExists(file); // of a process that had this number before
            try (FileChannel channel = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                Doorbell bell = new Doorbell(semaphores, map(channel));
                semaphores.initialize(bell.memory);
                return bell;
            }
        } catch (IOException | UnsupportedOperationException refused) {
            return null;
        }
    }

    /** Opens another's, which exists until all have opened it; {@return null if that cannot be} */
    static @Nullable Doorbell of(Semaphores semaphores, long processId) {
        try (FileChannel channel =
                FileChannel.open(file(processId), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.size() == BYTES ? new Doorbell(semaphores, map(channel)) : null;
        } catch (IOException | UnsupportedOperationException refused) {
            return null;
        }
    }

    /** Removes the file; the memory stays with those who have opened it. */
    static void hide() {
        try {
            Files.deleteIfExists(file(ProcessHandle.current().pid()));
        } catch (IOException left) {
            return; // 128 bytes; the next process of this number removes them
        }
    }

    private static Path file(long processId) {
        return Path.of(FOLDER, "waterspout-" + processId);
    }

    private static MemorySegment map(FileChannel channel) throws IOException {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, Arena.global());
    }

    /** Tells the owner that a message to it has been sent, and wakes it if that was the last it waits for. */
    void ring() {
        int sent = (int) INT.getAndAdd(memory, SENT, 1) + 1;
        if ((int) INT.getVolatile(memory, SLEEPS) == 1
                && sent - (int) INT.getVolatile(memory, WANTED) >= 0
                && INT.compareAndSet(memory, SLEEPS, 1, 0)) {
            semaphores.post(memory);
        }
    }

    /**
     * Sleeps until so many messages have been sent; by the owner.
     *
     * @param wanted messages since the bell was made
     * @param nanos how long at most
     * @return false at once if they have been sent already
     */
    boolean sleep(long wanted, long nanos) {
        INT.setVolatile(memory, WANTED, (int) wanted);
        INT.setVolatile(memory, SLEEPS, 1);
        boolean sleeps = (int) INT.getVolatile(memory, SENT) - (int) wanted < 0;
        if (sleeps) {
            semaphores.await(memory, nanos);
        }
        INT.setVolatile(memory, SLEEPS, 0);
        return sleeps;
    }
}

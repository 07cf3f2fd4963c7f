package dev.waterspout.interconnect.mpi;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The C library's unnamed semaphores (sem_overview(7)), for one thread: its deadlines are written in place. */
final class Semaphores {
    private static final int CLOCK_MONOTONIC = 1;
    private static final long SECOND = 1_000_000_000;

    private final MethodHandle initialize;
    private final MethodHandle post;
    private final MethodHandle await;
    private final MethodHandle clock;
    private final MemorySegment deadline = Arena.global().allocate(ValueLayout.JAVA_LONG, 2);

    private Semaphores(MethodHandle initialize, MethodHandle post, MethodHandle await, MethodHandle clock) {
        this.initialize = initialize;
        this.post = post;
        this.await = await;
        this.clock = clock;
    }

    /** {@return null where there are none, or none with deadlines by a clock that nobody sets} */
    static @Nullable Semaphores find() {
        Optional<MethodHandle> initialize =
                function("sem_init", ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
        Optional<MethodHandle> post = function("sem_post", ValueLayout.ADDRESS);
        Optional<MethodHandle> await =
                function("sem_clockwait", ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
        Optional<MethodHandle> clock = function("clock_gettime", ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
        return initialize.isEmpty() || post.isEmpty() || await.isEmpty() || clock.isEmpty()
                ? null
                : new Semaphores(initialize.get(), post.get(), await.get(), clock.get());
    }

    @SuppressWarnings("restricted")
    private static Optional<MethodHandle> function(String name, ValueLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find(name)
                .map(address -> linker.downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments)));
    }

    /** Makes one that processes share, with a count of 0. */
    void initialize(MemorySegment semaphore) {
        try {
            int _ = (int) initialize.invokeExact(semaphore, 1, 0);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }

    void post(MemorySegment semaphore) {
        try {
            int _ = (int) post.invokeExact(semaphore);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }

    /** Waits for a post; returns early for a signal, and late, or not at all early, for nothing else. */
    void await(MemorySegment semaphore, long nanos) {
        try {
            int _ = (int) clock.invokeExact(CLOCK_MONOTONIC, deadline);
            long end = deadline.getAtIndex(ValueLayout.JAVA_LONG, 1) + nanos;
            deadline.setAtIndex(ValueLayout.JAVA_LONG, 0, deadline.getAtIndex(ValueLayout.JAVA_LONG, 0) + end / SECOND);
            deadline.setAtIndex(ValueLayout.JAVA_LONG, 1, end % SECOND);
            int _ = (int) await.invokeExact(semaphore, CLOCK_MONOTONIC, deadline);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }
}

package dev.waterspout.interconnect.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.transport.Transport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Runs one task per rank, each in a thread of its own. */
public final class RankThreads {
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReferenceArray<@Nullable Throwable> thrown;

    /** The work of one rank. */
    @FunctionalInterface
    public interface Task {
        /**
         * Runs on the rank's thread.
         *
         * @param transport the rank's
         */
        void run(Transport transport) throws Exception;
    }

    private RankThreads(List<Transport> ranks, Task task, Thread.Builder threadBuilder) {
        thrown = new AtomicReferenceArray<>(ranks.size());
        for (int i = 0; i < ranks.size(); i++) {
            int index = i;
            Transport transport = ranks.get(i);
            threads.add(threadBuilder.name("test-rank-" + transport.rank()).start(() -> {
                try {
                    task.run(transport);
                } catch (Throwable failure) { // reported by the test
                    thrown.set(index, failure);
                }
            }));
        }
    }

    /** Starts the task on some ranks of a group. */
    public static RankThreads start(List<Transport> ranks, Task task) {
        return new RankThreads(ranks, task, Thread.ofPlatform().daemon());
    }

    /** Runs the task on all ranks; a rank that fails aborts, and the test fails with its exception. */
    public static void run(List<Transport> ranks, Task task) throws InterruptedException {
        run(ranks, task, Thread.ofPlatform().daemon());
    }

    /**
     * The same on virtual threads, for ranks that mostly wait for each other: one that hands over to another needs no
     * turn of the operating system's scheduler. Their transport calls no native code.
     */
    public static void runVirtual(List<Transport> ranks, Task task) throws InterruptedException {
        run(ranks, task, Thread.ofVirtual());
    }

    private static void run(List<Transport> ranks, Task task, Thread.Builder threadBuilder)
            throws InterruptedException {
        new RankThreads(ranks, aborting(task), threadBuilder).join();
    }

    /** Starts the task on all ranks; a rank that fails aborts. */
    public static RankThreads startAborting(List<Transport> ranks, Task task) {
        return start(ranks, aborting(task));
    }

    private static Task aborting(Task task) {
        return transport -> {
            try {
                task.run(transport);
            } catch (Throwable failure) { // the others must not wait for this rank
                transport.abort(failure);
                throw failure;
            }
        };
    }

    /** Waits for all ranks; the test fails with the exception of a rank that failed. */
    public void join() throws InterruptedException {
        List<@Nullable Throwable> failures = failures();
        // The failure of the rank that failed first is more informative than those of the ranks that noticed it.
        for (Throwable failure : failures) {
            if (failure != null && !(failure instanceof InterconnectException)) {
                throw new AssertionError("a rank failed: " + failure, failure);
            }
        }
        assertThat(failures).containsOnlyNulls();
    }

    /** Waits for all ranks. {@return the exception of each rank; null for a rank that returned} */
    public List<@Nullable Throwable> failures() throws InterruptedException {
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException timedOut) {
            threads.forEach(Thread::interrupt);
            throw timedOut;
        }
        @Nullable Throwable[] failures = new @Nullable Throwable[thrown.length()];
        Arrays.setAll(failures, thrown::get);
        return Arrays.asList(failures);
    }

    /** Returns the thread of the rank at this index. */
    public Thread thread(int index) {
        return threads.get(index);
    }

    /** Asserts that a rank was refused with one sentence that has all these words, and returns that sentence. */
    public static String assertRefused(@Nullable Throwable failure, String... words) {
        assertThat(failure).isInstanceOf(InterconnectException.class);
        String message = failure == null ? "" : String.valueOf(failure.getMessage());
        assertThat(message).contains(words).doesNotContain("\n");
        return message;
    }
}

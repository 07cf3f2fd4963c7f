package dev.waterspout.engine.tornado;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A thread that waits for a device while the rank's thread moves messages. In TornadoVM 5.2.0 an execution returns
 * when the device has finished, and only the rank's thread may call MPI. TornadoVM gives each thread a queue of its own
 * on the device, so executions of one plan by two threads must not overlap.
 */
final class DeviceThread implements AutoCloseable {
    /** Longest time between two runs of the rank's task. */
    private static final long POLL_NANOS = 50_000;

    private final ExecutorService executor;

    /** @param name name of the thread */
    DeviceThread(String name) {
        this.executor = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name(name).factory());
    }

    /**
     * Runs work on the thread, and a short task on the calling thread from time to time. Returns or fails only after
     * the work has ended.
     *
     * @param work runs once
     * @param meanwhile runs until the work has ended
     * @return the result of the work
     */
    <T> T call(Supplier<T> work, Runnable meanwhile) {
        CountDownLatch done = new CountDownLatch(1);
        CompletableFuture<T> result =
                CompletableFuture.supplyAsync(work, executor).whenComplete((_, _) -> done.countDown());
        try {
            while (!isDone(done)) {
                meanwhile.run();
            }
        } catch (RuntimeException | Error failure) {
            // The device still uses the arrays.
            var _ = result.exceptionally(_ -> null).join();
            throw failure;
        }
        try {
            return result.join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            if (failure.getCause() instanceof Error error) {
                throw error;
            }
            throw failure;
        }
    }

    /** Waits for a short time; an interrupted thread does not wait and stays interrupted. */
    private static boolean isDone(CountDownLatch done) {
        try {
            return done.await(POLL_NANOS, TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return done.getCount() == 0;
        }
    }

    @Override
    public void close() {
        executor.shutdown();
    }
}

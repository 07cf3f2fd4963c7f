package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Time limit of {@code MPI_Init}, which returns when all ranks have called it and cannot be interrupted. If a rank
 * never calls it, or if the launcher ends the job, {@link MpiSettings#onLost} ends the process from another thread.
 */
final class StartWatch implements AutoCloseable {
    private final MpiSettings settings;
    private final String self;
    private final CountDownLatch started = new CountDownLatch(1);
    private final AtomicBoolean over = new AtomicBoolean();
    private final LauncherSignals signals;

    /**
     * Starts the watch.
     *
     * @param abi binary interface of the library, with the signals of its launcher
     * @param settings time limit, and the action at its end
     * @param self name of this rank
     */
    StartWatch(MpiAbi abi, MpiSettings settings, String self) {
        this.settings = settings;
        this.self = self;
        this.signals = new LauncherSignals(
                abi.signals(),
                () -> lose(self + " was stopped by its launcher while it waited for the others to start"));
        Thread.ofPlatform().daemon().name("mpi-start").start(this::watch);
    }

    private void watch() {
        try {
            if (!started.await(settings.timeout().toNanos(), TimeUnit.NANOSECONDS)) {
                lose(self + " waited " + settings.timeout().toMillis()
                        + " ms for the others to start, and MPI_Init did not return: not all ranks have called it");
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private void lose(String reason) {
        if (over.compareAndSet(false, true)) {
            settings.onLost().accept(new InterconnectException(reason));
        }
    }

    /** Ends the watch and restores the handlers of signals. */
    @Override
    public void close() {
        over.set(true);
        started.countDown();
        signals.release();
    }
}

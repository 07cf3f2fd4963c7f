package dev.waterspout.engine.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Computes the replies that many threads ask one model for, first come, first served. Replies are computed whether or
 * not they are read, so that a slow reader holds nobody up. May be used by any thread.
 */
public final class ReplyQueue implements AutoCloseable {
    private final Semaphore room;
    private final AtomicInteger running = new AtomicInteger();
    private final LinkedBlockingQueue<QueuedReply> waiting = new LinkedBlockingQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile @Nullable Throwable broken;
    private volatile boolean closed;

    /**
     * @param parallel number of replies that the model computes at a time
     * @param mostWaiting largest number of waiting requests
     */
    public ReplyQueue(int parallel, int mostWaiting) {
        if (parallel < 1 || mostWaiting < 0) {
            throw new IllegalArgumentException("replies at a time " + parallel + " and waiting " + mostWaiting
                    + "; they must be at least 1 and 0");
        }
        this.room = new Semaphore(parallel + mostWaiting);
        for (int i = 0; i < parallel; i++) {
            threads.add(Thread.ofPlatform().daemon().name("reply-" + i).start(this::work));
        }
    }

    /**
     * Asks for replies, of which one is computed after the other.
     *
     * @param begins each begins a reply; called on a thread of this queue
     * @return the replies, as they come; closed by the caller
     * @throws RejectedExecutionException if as many as may wait do, or this queue is closed
     */
    public QueuedReply submit(List<Supplier<ChatReply>> begins) {
        if (closed) {
            throw new RejectedExecutionException("the queue is closed");
        }
        if (!room.tryAcquire()) {
            throw new RejectedExecutionException(waiting() + " requests wait already, as many as may");
        }
        QueuedReply reply = new QueuedReply(begins, this::withdraw);
        waiting.add(reply);
        return reply;
    }

    private void work() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                QueuedReply next = waiting.take();
                running.incrementAndGet();
                try {
                    next.run().ifPresent(failure -> broken = failure);
                } finally {
                    running.decrementAndGet();
                    room.release();
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A reply that nobody wants any more, and that has not begun, gives its place to others. */
    private void withdraw(QueuedReply reply) {
        if (waiting.remove(reply)) {
            room.release();
        }
    }

    /** Returns how many replies are being computed. */
    public int running() {
        return running.get();
    }

    /** Returns how many wait. */
    public int waiting() {
        return waiting.size();
    }

    /** Returns the failure after which the model cannot be used, such as the loss of a rank, if there was one. */
    public Optional<Throwable> broken() {
        return Optional.ofNullable(broken);
    }

    /** Ends the replies that are being computed, before their next forward pass, and waits for them; no more begin. */
    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
        for (QueuedReply reply = waiting.poll(); reply != null; reply = waiting.poll()) {
            reply.close();
        }
        for (Thread thread : threads) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException again) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

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
 * Computes replies of one model for many threads, in the order of the requests. Replies are computed independently of
 * their reader, so that a slow reader does not delay others. May be used by any thread.
 */
public final class ReplyQueue implements AutoCloseable {
    private final Semaphore room;
    private final int mostWaiting;
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
        this.mostWaiting = mostWaiting;
        this.room = new Semaphore(parallel + mostWaiting);
        for (int i = 0; i < parallel; i++) {
            threads.add(Thread.ofPlatform().daemon().name("reply-" + i).start(this::work));
        }
    }

    /**
     * Requests replies, which are computed one after the other.
     *
     * @param begins functions that start a reply each; called on a thread of this queue
     * @return the stream of the replies, which the caller closes
     * @throws RejectedExecutionException if the queue is full or closed
     */
    public QueuedReply submit(List<Supplier<ChatReply>> begins) {
        if (closed) {
            throw new RejectedExecutionException("the queue is closed");
        }
        if (!room.tryAcquire()) {
            throw new RejectedExecutionException(
                    "the queue is full; the largest number of waiting requests is " + mostWaiting);
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

    /** Removes waiting replies that have been cancelled. */
    private void withdraw(QueuedReply reply) {
        if (waiting.remove(reply)) {
            room.release();
            reply.withdrawn();
        }
    }

    /** Returns the number of replies that are being computed. */
    public int running() {
        return running.get();
    }

    /** Returns the number of waiting requests. */
    public int waiting() {
        return waiting.size();
    }

    /** Returns the failure after which the model cannot be used, such as the loss of a rank, if there was one. */
    public Optional<Throwable> broken() {
        return Optional.ofNullable(broken);
    }

    /** Ends the current replies before their next forward pass, and waits for their end. No further replies start. */
    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
        for (QueuedReply reply = waiting.peek(); reply != null; reply = waiting.peek()) {
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

package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.api.ReplyEvent.Failed;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The reader of a cancelled reply receives its failure. */
@Timeout(60)
class QueuedReplyTest {
    private static void assertCancelled(QueuedReply reply) throws InterruptedException {
        Optional<ReplyEvent> last = reply.next(Duration.ofSeconds(50));
        assertThat(last).get().isInstanceOfSatisfying(Failed.class, failed -> {
            assertThat(failed.cause()).isInstanceOf(CancellationException.class);
            assertThat(failed.modelLost()).isFalse();
        });
    }

    @Test
    void cancelledRepliesEndAlsoBeforeTheirFirstToken() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (ReplyQueue queue = new ReplyQueue(1, 1)) {
            QueuedReply first = queue.submit(List.of(() -> {
                begun.countDown();
                try {
                    cancelled.await();
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
                throw new IllegalArgumentException("refused");
            }));
            begun.await();
            QueuedReply waits = queue.submit(List.of(() -> {
                throw new AssertionError("it was cancelled");
            }));
            waits.cancel();
            assertCancelled(waits);
            QueuedReply next = queue.submit(List.of(() -> {
                throw new AssertionError("it was cancelled");
            }));
            next.cancel();
            assertCancelled(next);
            cancelled.countDown();
            assertThat(first.next(Duration.ofSeconds(50))).get().isInstanceOf(Failed.class);
        }
    }
}

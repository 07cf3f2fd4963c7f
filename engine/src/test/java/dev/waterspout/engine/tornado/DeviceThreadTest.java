package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceThreadTest {
    private final DeviceThread thread = new DeviceThread("device-test");

    @AfterEach
    void close() {
        thread.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The work ends only after the task has run three times. */
    @Test
    void theTaskRunsOnTheCallerWhileTheWorkRuns() {
        CountDownLatch runs = new CountDownLatch(3);
        List<Thread> callers = new ArrayList<>();
        String worker = thread.call(
                () -> {
                    await(runs);
                    return Thread.currentThread().getName();
                },
                () -> {
                    callers.add(Thread.currentThread());
                    runs.countDown();
                });
        assertThat(worker).isEqualTo("device-test");
        assertThat(callers).hasSizeGreaterThanOrEqualTo(3).containsOnly(Thread.currentThread());
    }

    @Test
    void aFailureOfTheWorkIsThrownAsItIs() {
        IllegalStateException failure = new IllegalStateException("lost");
        assertThatThrownBy(() -> thread.call(
                        () -> {
                            throw failure;
                        },
                        () -> {}))
                .isSameAs(failure);
        AssertionError error = new AssertionError("of TornadoVM");
        assertThatThrownBy(() -> thread.call(
                        () -> {
                            throw error;
                        },
                        () -> {}))
                .isSameAs(error);
    }

    @Test
    void aFailureOfTheTaskIsThrownAfterTheWorkHasEnded() {
        List<String> events = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch failed = new CountDownLatch(1);
        assertThatThrownBy(() -> thread.call(
                        () -> {
                            await(failed);
                            events.add("work");
                            return 1;
                        },
                        () -> {
                            failed.countDown();
                            throw new IllegalStateException("group ended");
                        }))
                .hasMessage("group ended");
        assertThat(events).containsExactly("work");
        assertThat(thread.call(() -> 2, () -> {})).isEqualTo(2);
    }

    @Test
    void anInterruptDoesNotEndTheCall() {
        CountDownLatch runs = new CountDownLatch(2);
        Thread.currentThread().interrupt();
        int result = thread.call(
                () -> {
                    await(runs);
                    return 1;
                },
                runs::countDown);
        assertThat(result).isEqualTo(1);
        assertThat(Thread.interrupted()).isTrue();
    }
}

package dev.waterspout.kernels.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerPoolTest {
    private record Band(int worker, int from, int to) {}

    @ParameterizedTest
    @CsvSource({
        "1, 10, 1",
        "2, 10, 1",
        "3, 10, 1",
        "4, 3, 1",
        "3, 64, 32",
        "3, 65, 32",
        "4, 1000, 32",
        "2, 31, 32",
        "5, 97, 4",
        "3, 2147483647, 2147483647",
        "2, 2147483647, 1073741824"
    })
    void coversItemsWithWholeGrains(int threads, int items, int grain) {
        List<Band> bands = new ArrayList<>();
        try (WorkerPool pool = new WorkerPool(threads, "bands")) {
            pool.run(items, grain, (worker, from, to) -> {
                synchronized (bands) {
                    bands.add(new Band(worker, from, to));
                }
            });
        }
        bands.sort((a, b) -> Integer.compare(a.from(), b.from()));
        int next = 0;
        for (Band band : bands) {
            assertThat(band.from()).isEqualTo(next).isLessThan(band.to());
            assertThat(band.from() % grain).isZero();
            next = band.to();
        }
        assertThat(next).isEqualTo(items);
        assertThat(bands).extracting(Band::worker).doesNotHaveDuplicates().allMatch(w -> w >= 0 && w < threads);
        int grains = (int) (((long) items + grain - 1) / grain);
        assertThat(bands).hasSize(Math.min(threads, grains));
    }

    @Test
    void emptyRangeRunsNothing() {
        try (WorkerPool pool = new WorkerPool(2, "empty")) {
            AtomicInteger calls = new AtomicInteger();
            pool.run(0, 1, (worker, from, to) -> calls.incrementAndGet());
            assertThat(calls).hasValue(0);
        }
    }

    @Test
    void callerIsWorkerZeroAndOthersAreNamedDaemons() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(3);
        try (WorkerPool pool = new WorkerPool(3, "named")) {
            assertThat(pool.threads()).isEqualTo(3);
            pool.run(3, 1, (worker, from, to) -> {
                threads.add(Thread.currentThread());
                all.countDown();
                awaitQuietly(all);
            });
        }
        assertThat(threads).hasSize(3).contains(Thread.currentThread());
        threads.remove(Thread.currentThread());
        assertThat(threads).allMatch(Thread::isDaemon).allMatch(t -> t.getName().startsWith("named-"));
    }

    @Test
    void runsAgainAndAgain() {
        try (WorkerPool pool = new WorkerPool(2, "reuse")) {
            AtomicIntegerArray sums = new AtomicIntegerArray(2);
            for (int i = 0; i < 20_000; i++) {
                int items = i % 7;
                pool.run(items, 1, (worker, from, to) -> sums.addAndGet(worker, to - from));
            }
            assertThat(sums.get(0) + sums.get(1)).isEqualTo(sumOfRemainders(20_000, 7));
        }
    }

    private static int sumOfRemainders(int count, int divisor) {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += i % divisor;
        }
        return sum;
    }

    @Test
    void writesOfWorkersAreVisibleAfterTheRun() {
        try (WorkerPool pool = new WorkerPool(2, "visible")) {
            int[] plain = new int[64];
            for (int round = 1; round <= 1000; round++) {
                int value = round;
                pool.run(plain.length, 1, (worker, from, to) -> {
                    for (int i = from; i < to; i++) {
                        plain[i] = value;
                    }
                });
                assertThat(plain).containsOnly(round);
            }
        }
    }

    @Test
    void exceptionOfAWorkerReachesTheCallerAfterAllBandsEnded() {
        try (WorkerPool pool = new WorkerPool(3, "failing")) {
            AtomicInteger ended = new AtomicInteger();
            for (int failing = 0; failing < 3; failing++) {
                int band = failing;
                ended.set(0);
                assertThatThrownBy(() -> pool.run(3, 1, (worker, from, to) -> {
                            if (from == band) {
                                throw new ArithmeticException("band " + band);
                            }
                            ended.incrementAndGet();
                        }))
                        .isInstanceOf(ArithmeticException.class)
                        .hasMessage("band " + band);
                assertThat(ended).hasValue(2);
            }
            pool.run(3, 1, (worker, from, to) -> ended.incrementAndGet());
            assertThat(ended).hasValue(5);
        }
    }

    @Test
    void furtherExceptionsAreSuppressed() {
        try (WorkerPool pool = new WorkerPool(2, "suppressed")) {
            assertThatThrownBy(() -> pool.run(2, 1, (worker, from, to) -> {
                        throw new AssertionError("band " + from);
                    }))
                    .isInstanceOf(AssertionError.class)
                    .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
            IllegalStateException shared = new IllegalStateException("shared");
            assertThatThrownBy(() -> pool.run(2, 1, (worker, from, to) -> {
                        throw shared;
                    }))
                    .isSameAs(shared);
        }
    }

    @Test
    void inlineRunThrowsToo() {
        try (WorkerPool pool = new WorkerPool(1, "inline")) {
            assertThatThrownBy(() -> pool.run(5, 1, (worker, from, to) -> {
                        throw new ArithmeticException("inline");
                    }))
                    .isInstanceOf(ArithmeticException.class);
            pool.run(5, 1, (worker, from, to) -> assertThat(worker).isZero());
        }
    }

    @Test
    void idleWorkersParkAndWakeUp() {
        try (WorkerPool pool = new WorkerPool(2, "idle")) {
            for (int round = 0; round < 5; round++) {
                Thread[] other = new Thread[1];
                CountDownLatch both = new CountDownLatch(2);
                pool.run(2, 1, (worker, from, to) -> {
                    if (worker == 1) {
                        other[0] = Thread.currentThread();
                    }
                    both.countDown();
                    awaitQuietly(both);
                });
                while (other[0].getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Test
    void callerParksForASlowWorker() {
        try (WorkerPool pool = new WorkerPool(2, "slow")) {
            Thread caller = Thread.currentThread();
            pool.run(2, 1, (worker, from, to) -> {
                while (worker == 1 && caller.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
            });
        }
    }

    @Test
    void interruptOfTheCallerIsKept() {
        try (WorkerPool pool = new WorkerPool(2, "interrupted")) {
            Thread caller = Thread.currentThread();
            CountDownLatch done = new CountDownLatch(1);
            pool.run(2, 1, (worker, from, to) -> {
                if (worker == 1) {
                    while (caller.getState() != Thread.State.WAITING) {
                        Thread.onSpinWait();
                    }
                    caller.interrupt();
                    done.countDown();
                }
            });
            assertThat(done.getCount()).isZero();
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void refusesARunInsideARun() {
        try (WorkerPool pool = new WorkerPool(2, "nested")) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> pool.run(2, 1, (worker, from, to) -> pool.run(1, 1, (w, f, t) -> {})))
                    .withMessage("another run of this pool is in progress");
        }
    }

    @Test
    void closeEndsTheWorkers() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(3);
        WorkerPool pool = new WorkerPool(3, "closing");
        pool.run(3, 1, (worker, from, to) -> {
            threads.add(Thread.currentThread());
            all.countDown();
            awaitQuietly(all);
        });
        pool.close();
        pool.close();
        threads.remove(Thread.currentThread());
        assertThat(threads).hasSize(2).noneMatch(Thread::isAlive);
        assertThatIllegalStateException()
                .isThrownBy(() -> pool.run(1, 1, (worker, from, to) -> {}))
                .withMessage("this pool is closed");
    }

    @Test
    void refusesWrongArguments() {
        assertThatIllegalArgumentException().isThrownBy(() -> new WorkerPool(0, "none"));
        try (WorkerPool pool = new WorkerPool(1, "arguments")) {
            assertThatIllegalArgumentException().isThrownBy(() -> pool.run(-1, 1, (worker, from, to) -> {}));
            assertThatIllegalArgumentException().isThrownBy(() -> pool.run(1, 0, (worker, from, to) -> {}));
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}

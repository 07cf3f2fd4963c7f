package dev.waterspout.interconnect.mpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One process on both sides of a bell; {@link MpiTransportTest} has processes of their own. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DoorbellTest {
    private static final long PID = ProcessHandle.current().pid();
    private static final long SOON = Duration.ofMillis(1).toNanos();
    private static final long NEVER = Duration.ofHours(1).toNanos();
    private static final int ROUNDS = 2000;

    /** A bell as its owner and as another process has it. */
    private record Sides(Doorbell owner, Doorbell other) {
        private static Sides open() {
            Semaphores semaphores = semaphores();
            Doorbell owner = Objects.requireNonNull(Doorbell.create(semaphores));
            Doorbell other = Objects.requireNonNull(Doorbell.of(semaphores, PID));
            Doorbell.hide();
            return new Sides(owner, other);
        }
    }

    private static Semaphores semaphores() {
        Semaphores semaphores = Semaphores.find();
        assumeThat(semaphores).as("semaphores of the C library").isNotNull();
        return Objects.requireNonNull(semaphores);
    }

    @Test
    void doesNotSleepForWhatHasBeenSent() {
        Sides bell = Sides.open();
        bell.other().ring();
        bell.other().ring();
        assertThat(bell.owner().sleep(1, NEVER)).isFalse();
        assertThat(bell.owner().sleep(2, NEVER)).isFalse();
    }

    @Test
    void aSleepEndsByItself() {
        Sides bell = Sides.open();
        bell.other().ring();
        assertThat(bell.owner().sleep(2, SOON)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void theLastMessageWakes(int messages) throws InterruptedException {
        Sides bell = Sides.open();
        Semaphore awake = new Semaphore(0);
        Thread sleeper = Thread.ofPlatform().daemon().start(() -> {
            for (int round = 1; round <= ROUNDS; round++) {
                boolean sleeps = true;
                while (sleeps) {
                    sleeps = bell.owner().sleep((long) round * messages, NEVER);
                }
                awake.release();
            }
        });
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < messages; i++) {
                bell.other().ring();
            }
            awake.acquire();
        }
        sleeper.join();
        assertThat(awake.availablePermits()).isZero();
    }

    @Test
    void leavesNoFileBehind() {
        Sides.open();
        assertThat(Path.of("/dev/shm", "waterspout-" + PID)).doesNotExist();
        assertThat(Doorbell.of(semaphores(), PID)).isNull();
    }
}

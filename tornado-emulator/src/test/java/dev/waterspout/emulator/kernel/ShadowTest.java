package dev.waterspout.emulator.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The race detector finds exactly the races that a list of all accesses finds. */
@Timeout(60)
class ShadowTest {
    private static final int GROUP_SIZE = 3;

    private record Access(int item, int epoch, boolean write) {
        boolean races(Access other) {
            boolean sameGroup = item / GROUP_SIZE == other.item / GROUP_SIZE;
            return (write || other.write) && item != other.item && !(sameGroup && epoch != other.epoch);
        }
    }

    @Test
    void findsTheRacesOfRandomAccesses() {
        Random random = new Random(1);
        int races = 0;
        int cleanRuns = 0;
        for (int run = 0; run < 50_000; run++) {
            Shadow shadow = new Shadow(1, GROUP_SIZE);
            int groups = 1 + random.nextInt(3);
            int[] epochs = new int[groups];
            List<Access> seen = new ArrayList<>();
            boolean raced = false;
            for (int step = 0; step < 12 && !raced; step++) {
                int group = random.nextInt(groups);
                epochs[group] += random.nextInt(3) == 0 ? 1 : 0;
                int item = group * GROUP_SIZE + random.nextInt(GROUP_SIZE);
                Access access = new Access(item, epochs[group], random.nextInt(6) == 0);
                long mark = Shadow.mark(item, epochs[group]);
                long conflict = access.write ? shadow.write(0, mark) : shadow.read(0, mark);
                raced = seen.stream().anyMatch(access::races);
                assertThat(conflict != Shadow.NONE)
                        .as("%s after %s", access, seen)
                        .isEqualTo(raced);
                seen.add(access);
            }
            races += raced ? 1 : 0;
            cleanRuns += raced ? 0 : 1;
        }
        assertThat(races).isGreaterThan(1000);
        assertThat(cleanRuns).isGreaterThan(1000);
    }

    @Test
    void elementsAreApart() {
        Shadow shadow = new Shadow(5000, GROUP_SIZE);
        for (int i = 0; i < 5000; i++) {
            assertThat(shadow.write(i, Shadow.mark(i, 0))).isEqualTo(Shadow.NONE);
            assertThat(shadow.read(i, Shadow.mark(i, 0))).isEqualTo(Shadow.NONE);
        }
    }

    @Test
    void oneOfTwoThreadsSeesTheRace() throws Exception {
        int elements = 20_000;
        for (int round = 0; round < 20; round++) {
            Shadow shadow = new Shadow(elements, 1);
            CyclicBarrier start = new CyclicBarrier(2);
            long[] seenByWriter = new long[elements];
            long[] seenByReader = new long[elements];
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
                meet(start);
                for (int i = 0; i < elements; i++) {
                    seenByWriter[i] = shadow.write(i, Shadow.mark(0, 0));
                }
            });
            meet(start);
            for (int i = 0; i < elements; i++) {
                seenByReader[i] = shadow.read(i, Shadow.mark(1, 0));
            }
            writer.join();
            for (int i = 0; i < elements; i++) {
                assertThat(seenByWriter[i] != Shadow.NONE || seenByReader[i] != Shadow.NONE)
                        .as("element %d", i)
                        .isTrue();
            }
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}

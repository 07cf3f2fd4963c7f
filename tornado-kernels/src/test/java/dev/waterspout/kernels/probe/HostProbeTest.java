package dev.waterspout.kernels.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HostProbeTest {
    private static final long PIECE = 2 << 20;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void everyPassReadsAllOfTheMemory(int threads) {
        try (Arena arena = Arena.ofShared();
                WorkerPool pool = new WorkerPool(threads, "probe")) {
            HostProbe probe = new HostProbe(pool, 0, 0); // one pass
            MemorySegment memory = arena.allocate(3 * PIECE, Long.BYTES);
            for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
                memory.set(ValueLayout.JAVA_LONG, at, 3);
            }
            assertThat(probe.readRepeatedly(memory)).isPositive().isFinite();
            assertThat(probe.results()).isEqualTo(3 * 3 * PIECE / Long.BYTES);
        }
    }

    @Test
    void multiplicationsConverge() {
        try (WorkerPool pool = new WorkerPool(2, "probe")) {
            HostProbe probe = new HostProbe(pool, 0, 0);
            assertThat(probe.flopsPerSecond()).isPositive().isFinite();
            // Every chain ends at twice its addend, which is 1 or a little more.
            assertThat(probe.results()).isPositive();
        }
    }

    @Test
    void productsOfBytesAreMeasuredWhereThereIsMachineCode() {
        try (WorkerPool pool = new WorkerPool(2, "probe")) {
            double speed = new HostProbe(pool, 0, 0).byteOpsPerSecond();
            assertThat(speed > 0).isEqualTo(MachineCode.shared().isPresent());
            assertThat(speed).isFinite();
        }
    }
}

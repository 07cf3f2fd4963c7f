package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.waterspout.kernels.testing.VectorWidths;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Codec loops stay vectorized in a process that uses many formats. If the JIT fails to inline a loop, its vectors are
 * allocated on the heap, one of 16 floats for every 16 elements or more; the test measures these allocations.
 */
@Tag(VectorWidths.SHORT_EXHAUSTIVE)
class CodecAllocationTest {
    private static final int ROWS = 64;
    private static final int COLUMNS = 1024;
    private static final int ROUNDS = 20;
    private static final int MOST_ROUNDS = 6_000;

    /** A third of the bytes of vectors on the heap, and several times the bytes of a call's arrays. */
    private static final long ALLOWED_BYTES = ROWS * COLUMNS * 2L;

    @Test
    void codecsKeepTheirVectorsOffTheHeap() {
        try (Arena arena = Arena.ofConfined()) {
            List<Case> cases = new ArrayList<>();
            for (String text : List.of("f32", "bf16", "f16", "e2m1", "e4m3", "e3m2", "int3", "q8_0", "e2m1:8:e5m0")) {
                cases.add(new Case(text, PartialCodec.of(WireFormat.parse(text)), arena));
            }
            Map<String, Long> allocated = new TreeMap<>();
            for (int round = 0; round == 0 || (!allocated.isEmpty() && round < MOST_ROUNDS); round += ROUNDS) {
                allocated.clear();
                for (Case each : cases) {
                    each.run(allocated);
                }
            }
            assertThat(allocated)
                    .as("bytes per call, of operations that allocate")
                    .isEmpty();
        }
    }

    private static final class Case {
        private final String name;
        private final PartialCodec codec;
        private final MemorySegment partial;
        private final MemorySegment residual;
        private final MemorySegment[] packets;
        private final MemorySegment reduced;

        Case(String name, PartialCodec codec, Arena arena) {
            long bytes = codec.format().encodedBytes(ROWS, COLUMNS);
            this.name = name;
            this.codec = codec;
            this.partial = arena.allocate(ROWS * COLUMNS * 4L, 64);
            this.residual = arena.allocate(ROWS * COLUMNS * 4L, 64);
            this.packets = new MemorySegment[] {arena.allocate(bytes, 64), arena.allocate(bytes, 64)};
            this.reduced = arena.allocate(bytes, 64);
            MemorySegment.copy(Samples.heavyTailed(1, ROWS * COLUMNS), 0, partial, Layouts.F32, 0, ROWS * COLUMNS);
            codec.encode(partial, ROWS, COLUMNS, packets[1]);
        }

        void run(Map<String, Long> allocated) {
            measure("encode", allocated, () -> codec.encode(partial, ROWS, COLUMNS, packets[0]));
            measure("decodeSum", allocated, () -> codec.decodeSum(packets, ROWS, COLUMNS, residual));
            measure("reduce", allocated, () -> codec.reduce(packets, ROWS, COLUMNS, reduced));
        }

        private void measure(String operation, Map<String, Long> allocated, Runnable call) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < ROUNDS; i++) {
                call.run();
            }
            long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
            if (bytes > ALLOWED_BYTES) {
                allocated.put(name + " " + operation, bytes);
            }
        }
    }
}

package dev.waterspout.engine.forward;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Scanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("looks at the memory of the whole process")
class UntouchedMemoryTest {
    private static final long SIZE = 1L << 30;

    @Test
    void isZeroAndAligned() {
        try (Arena arena = Arena.ofConfined()) {
            for (long bytes : new long[] {0, 1, 100, 1 << 20}) {
                MemorySegment segment = UntouchedMemory.allocate(bytes, 64, arena);
                assertThat(segment.byteSize()).isEqualTo(bytes);
                assertThat(segment.address() % 64).isZero();
                assertThat(segment.mismatch(MemorySegment.ofArray(new byte[(int) bytes])))
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void occupiesOnlyWrittenPages() throws IOException {
        assumeTrue(Files.isReadable(Path.of("/proc/self/statm")), "not Linux");
        long before = residentBytes();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = UntouchedMemory.allocate(SIZE, 64, arena);
            segment.set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 1);
            assertThat(residentBytes() - before).isLessThan(SIZE / 4);
        }
    }

    @Test
    void isInaccessibleAfterItsArenaIsClosed() {
        MemorySegment segment;
        try (Arena arena = Arena.ofConfined()) {
            segment = UntouchedMemory.allocate(64, 64, arena);
        }
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    /** The second number of statm: resident pages. */
    private static long residentBytes() throws IOException {
        try (Scanner numbers = new Scanner(Path.of("/proc/self/statm"), US_ASCII)) {
            numbers.nextLong();
            return 4096 * numbers.nextLong();
        }
    }
}

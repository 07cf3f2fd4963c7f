package dev.waterspout.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Malformed files: each gives one clear error, without a crash or a large allocation. */
class GgufMalformedTest {
    /** A limit far above the memory that an error needs, and far below any size that the files claim. */
    private static final long ALLOWED_BYTES = 8L << 20;

    private static final int METADATA_COUNT_OFFSET = 16;

    @TempDir
    private Path folder;

    static Stream<MalformedGgufs.Case> malformed() {
        return MalformedGgufs.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    @Timeout(60)
    void refusesInOneLine(MalformedGgufs.Case malformed) throws IOException {
        Path path = folder.resolve("broken.gguf");
        Files.write(path, malformed.bytes());
        long before = allocated();

        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.open(path).close())
                .satisfies(e -> assertThat(e.getMessage())
                        .startsWith(path + ": ")
                        .contains(malformed.says())
                        .doesNotContainPattern("\\R|\\p{Cntrl}")
                        .hasSizeLessThan(500 + path.toString().length()));

        assertThat(allocated() - before).isLessThan(ALLOWED_BYTES);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    @Timeout(60)
    void refusesFromAStream(MalformedGgufs.Case malformed) {
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.read("embedded.gguf", new ByteArrayInputStream(malformed.bytes()))
                        .close())
                .withMessageStartingWith("embedded.gguf: ");
    }

    @Test
    @Timeout(60)
    void refusesEveryTruncation() {
        byte[] whole = MalformedGgufs.sample().build();
        read(whole);
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatExceptionOfType(GgufException.class)
                    .as("the first %d bytes", length)
                    .isThrownBy(() -> read(part));
        }
    }

    @Test
    void refusesADirectory() {
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.open(folder))
                .withMessage(folder + ": is a directory, not a GGUF file");
    }

    @Test
    void refusesAMissingFile() {
        Path path = folder.resolve("absent.gguf");
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.open(path))
                .withMessage(path + ": there is no such file");
    }

    @Test
    @Timeout(60)
    void refusesADevice() {
        Path zeros = Path.of("/dev/zero");
        Assumptions.assumeTrue(Files.exists(zeros), "skipped: this system has no /dev/zero");
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.open(zeros))
                .withMessage("/dev/zero: is not a regular file");
    }

    @Test
    void keepsALineBreakInAFileNameOutOfTheMessage() {
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> GgufFile.open(folder.resolve("two\nlines.gguf")))
                .withMessageContaining("two\\nlines.gguf: ");
    }

    @Test
    void namesTheOffsetOfTheProblem() {
        GgufBytes file = GgufBytes.header(3, 0, 1)
                .key("general.alignment", GgufValueType.UINT32)
                .u32(32);
        byte[] bytes = file.build();
        bytes[METADATA_COUNT_OFFSET] = 3;

        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> read(bytes))
                .satisfies(e -> assertThat(e.offset()).hasValue(16))
                .withMessage("memory.gguf: at byte 16: the header: the metadata count is 3, but the 33 bytes that "
                        + "remain hold at most 2");
    }

    @Test
    @Timeout(60)
    void boundsTheHeaderOfAHugeFile() throws IOException {
        Path path = folder.resolve("sparse.gguf");
        byte[] start = GgufBytes.header(3, 0, 1)
                .key("key", GgufValueType.ARRAY)
                .u32(GgufValueType.UINT8.id())
                .u64(200L << 20)
                .build();
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(start));
            channel.write(ByteBuffer.allocate(1), 300L << 20);
        }
        long before = allocated();

        assertThatThrownBy(() -> GgufFile.open(path).close())
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("of the 134217728 that a header may have");

        assertThat(allocated() - before).isLessThan(ALLOWED_BYTES);
    }

    private static void read(byte[] bytes) {
        GgufFile.read("memory.gguf", new ByteArrayInputStream(bytes)).close();
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}

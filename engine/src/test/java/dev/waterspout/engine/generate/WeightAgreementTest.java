package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.InterconnectException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WeightAgreementTest {
    @TempDir
    private Path folder;

    private Path model(String name, int damagedByte) throws IOException {
        byte[] bytes = SmallModel.of("llama").bytes();
        if (damagedByte > 0) {
            bytes[bytes.length - damagedByte] ^= 1;
        }
        return Files.write(folder.resolve(name), bytes);
    }

    private static void require(Path... files) {
        List<GgufFile> open = new ArrayList<>();
        try (RankThreads threads = RankThreads.inProcess(files.length, Duration.ofSeconds(30))) {
            for (Path file : files) {
                open.add(GgufFile.open(file));
            }
            threads.run(member -> WeightAgreement.require(member, open.get(member.rank())));
        } finally {
            open.forEach(GgufFile::close);
        }
    }

    @Test
    void aDamagedByteIsReportedWithRankAndTensor() throws IOException {
        Path good = model("good.gguf", 0);
        Path damaged = model("damaged.gguf", 100); // near the end of the last tensor
        assertThatThrownBy(() -> require(good, good, damaged))
                .isInstanceOf(InterconnectException.class)
                .hasMessageContaining("rank 2 has other weights than rank 0: tensor blk.1.ffn_down.weight");
        assertThatThrownBy(() -> require(damaged, damaged, good))
                .hasMessageContaining("rank 2 has other weights than rank 0: tensor blk.1.ffn_down.weight");
    }

    @Test
    void theSameFileAndItsCopiesAgree() throws IOException {
        Path good = model("good.gguf", 0);
        require(good, good);
        require(good, model("copy.gguf", 0), good);
    }

    @Test
    void theDigestDoesNotDependOnTheChunks() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate((1 << 26) + 13);
            data.set(ValueLayout.JAVA_BYTE, 1 << 26, (byte) 7);
            CRC32C crc = new CRC32C();
            crc.update(data.toArray(ValueLayout.JAVA_BYTE));
            assertThat(WeightAgreement.digest(data)).isEqualTo((int) crc.getValue());
        }
    }

    @Test
    void buildsAreIdentifiedByTheDigestOfTheirClasses() throws IOException {
        Path one = Files.createDirectories(folder.resolve("one/a"));
        Path two = Files.createDirectories(folder.resolve("two/a"));
        Files.write(one.resolve("A.class"), new byte[] {1, 2});
        Files.write(two.resolve("A.class"), new byte[] {1, 2});
        Files.write(two.resolve("notes.txt"), new byte[] {9});
        String digest = BuildDigest.of(folder.resolve("one"));
        assertThat(digest).hasSize(8).isEqualTo(BuildDigest.of(folder.resolve("two")));
        Files.write(two.resolve("A.class"), new byte[] {1, 3});
        assertThat(BuildDigest.of(folder.resolve("two"))).isNotEqualTo(digest);
        assertThat(BuildDigest.own()).hasSize(8);
    }
}

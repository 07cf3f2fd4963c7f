package dev.waterspout.interconnect.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.files.FaultyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("one of its tests makes all files of the process fail")
class MeasurementCacheTest {
    private static final Instant DAY = Instant.parse("2026-01-10T00:00:00Z");
    private static final Duration WEEK = Duration.ofDays(7);
    private static final MeasurementKey KEY =
            new MeasurementKey(List.of("b", "a", "b"), "mpi", 3, List.of("host x2", "host", "emulator:0"), "0.1");
    private static final MeasurementCache.Entry PROFILES = new MeasurementCache.Entry(
            -7,
            SimulatedRank.machine(12.5e-6, 2.5, 1.0 / 3)
                    .with(List.of(new Measurements.Trial(
                            new CommChoice(Algorithm.TWOSTEP, SimulatedRank.E2M1, CommChoice.UNCUT), 16, 1e-3))));

    @TempDir
    private Path folder = Path.of("");

    private final List<String> notes = new ArrayList<>();

    private MeasurementCache cache(MeasurementKey key, Instant now) {
        return new MeasurementCache(folder.resolve("cache"), key, WEEK, InstantSource.fixed(now), notes::add);
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
            return files.findFirst().orElseThrow();
        }
    }

    @Test
    void returnsTheStoredMeasurements() throws IOException {
        assertThat(cache(KEY, DAY).load()).isEmpty();
        cache(KEY, DAY).store(new MeasurementCache.Entry(1, SimulatedRank.machine(1, 1, 1)));
        cache(KEY, DAY).store(PROFILES);
        MeasurementKey sameInAnotherOrder =
                new MeasurementKey(List.of("a", "b"), "mpi", 3, List.of("host x2", "host", "emulator:0"), "0.1");
        assertThat(cache(sameInAnotherOrder, DAY.plus(WEEK)).load()).contains(PROFILES);
        assertThat(notes).isEmpty();
        assertThat(Files.readString(file())).contains("hosts=a,b transport=mpi ranks=3", "e2m1:32:e8m0");
    }

    @Test
    void aFileThatCannotBeWrittenIsUnchanged() throws IOException {
        cache(KEY, DAY).store(PROFILES);
        String before = Files.readString(file());
        try (FaultyFiles _ = new FaultyFiles(FaultyFiles.Fault.NO_SPACE, 10)) {
            cache(KEY, DAY).store(new MeasurementCache.Entry(1, SimulatedRank.machine(1, 1, 1)));
        }
        assertThat(notes).hasSize(1).allMatch(note -> note.contains("is not kept") && note.contains("No space left"));
        assertThat(Files.readString(file())).isEqualTo(before);
        try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void otherKeysAreOtherFiles() {
        cache(KEY, DAY).store(PROFILES);
        for (MeasurementKey other : List.of(
                new MeasurementKey(List.of("a", "c"), "mpi", 3, KEY.devices(), "0.1"),
                new MeasurementKey(KEY.hosts(), "inprocess", 3, KEY.devices(), "0.1"),
                new MeasurementKey(KEY.hosts(), "mpi", 2, KEY.devices(), "0.1"),
                new MeasurementKey(KEY.hosts(), "mpi", 3, List.of("host"), "0.1"),
                new MeasurementKey(KEY.hosts(), "mpi", 3, KEY.devices(), "0.2"))) {
            assertThat(cache(other, DAY).load()).isEmpty();
        }
        assertThat(notes).isEmpty();
    }

    @Test
    void entriesThatAreTooOldOrInTheFutureAreIgnored() {
        cache(KEY, DAY).store(PROFILES);
        assertThat(cache(KEY, DAY.plus(WEEK).plusSeconds(1)).load()).isEmpty();
        assertThat(cache(KEY, DAY.minusSeconds(1)).load()).isEmpty();
        assertThat(notes).hasSize(2).allMatch(note -> note.contains("is ignored: it is of 2026-01-10"));
    }

    @Test
    void damagedFilesAreIgnoredWithAReason() throws IOException {
        cache(KEY, DAY).store(PROFILES);
        String good = Files.readString(file());
        List<String> damaged = List.of(
                "",
                "x",
                good.replace("measurements 3", "measurements 4"),
                good.replace("ranks=3", "ranks=4"),
                good.replace("2026-01-10", "yesterday"),
                good.replace("measured 2026-01-10T00:00:00Z", "measured"),
                good.replace("link 1.25E-5", "link"),
                good.replace("link 1.25E-5", "link NaN"),
                good.replace("link 1.25E-5", "link -1"),
                good.replace("link", "lick"),
                good.replaceFirst("codec [0-9a-f]+", "codec ffffffff"),
                good.replaceFirst("codec [0-9a-f]+", "codec zz"),
                good.replaceFirst("codec [0-9a-f]+ ", "codec "),
                good.replace("settings -7", "settings x"),
                good.replace("settings -7", "codec"),
                good.replace("trial twostep", "trial ring"),
                good.replace(" 16 0.001", " 16"),
                good.replace(" 16 0.001", " 0 0.001"),
                good.replace(" 16 0.001", " 16 0"),
                good.replaceFirst("1.0E-6", "-1.0"),
                good.replaceFirst("1.0E-6", "Infinity"),
                good.substring(0, good.length() / 2),
                good.substring(0, good.length() - 4),
                good + "x".repeat(100_000));
        for (String text : damaged) {
            notes.clear();
            Files.writeString(file(), text);
            assertThat(cache(KEY, DAY).load()).as(text).isEmpty();
            assertThat(notes).as(text).hasSize(1).allMatch(note -> note.contains("is ignored: it"));
        }
        Files.writeString(file(), good);
        assertThat(cache(KEY, DAY).load()).contains(PROFILES);
    }

    @Test
    void aBinaryFileIsIgnored() throws IOException {
        cache(KEY, DAY).store(PROFILES);
        Files.write(file(), new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertThat(cache(KEY, DAY).load()).isEmpty();
        assertThat(notes).hasSize(1);
    }

    /** Reading a device such as /dev/zero would never end, and opening a FIFO waits for its other end. */
    @Test
    void deviceFilesAreIgnoredAndNotWritten() throws IOException {
        cache(KEY, DAY).store(PROFILES);
        Path file = file();
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("/dev/zero"));
        assertThat(cache(KEY, DAY).load()).isEmpty();
        assertThat(notes).hasSize(1).allMatch(note -> note.contains("is ignored: it is not a regular file"));
        notes.clear();
        cache(KEY, DAY).store(PROFILES);
        assertThat(notes).hasSize(1).allMatch(note -> note.contains("is not kept"));
        assertThat(file).isSymbolicLink();
    }

    @Test
    void aFolderThatCannotBeCreatedIsReported() throws IOException {
        Files.writeString(folder.resolve("cache"), "a file");
        cache(KEY, DAY).store(PROFILES);
        assertThat(notes).hasSize(1).allMatch(note -> note.contains("is not kept"));
        assertThat(cache(KEY, DAY).load()).isEmpty();
    }
}

package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankMemory;
import dev.waterspout.engine.gguf.GgufFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Refuses a model whose ranks on this host need more memory than there is, before anything is allocated. */
final class MemoryCheck {
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final Path GROUP_LIMIT = Path.of("/sys/fs/cgroup/memory.max");
    private static final Path GROUP_USE = Path.of("/sys/fs/cgroup/memory.current");

    private MemoryCheck() {}

    /**
     * Checks the memory of ranks. Weights are not counted: they lie in the file's mapping, whose pages the system can
     * drop.
     *
     * @param needed bytes that every rank on the host needs, for the ranks of this process
     * @param positions positions of the KV cache
     * @throws DeviceException with the memory that is needed and the memory that there is
     */
    static void require(List<RankMemory> needed, long positions) {
        require(needed, positions, available());
    }

    static void require(List<RankMemory> needed, long positions, OptionalLong available) {
        double bytes = needed.stream()
                .mapToDouble(each -> each.total() - each.weights())
                .sum();
        double cache = needed.stream().mapToDouble(RankMemory::cache).sum();
        boolean overflown =
                needed.stream().anyMatch(each -> each.cache() < 0 || each.activations() < 0 || each.frames() < 0);
        if (overflown || (available.isPresent() && bytes > available.getAsLong())) {
            throw new DeviceException(String.format(
                    Locale.ROOT,
                    "the ranks need %s of memory, %s of it for the KV cache of %d positions, and %s are available;"
                            + " a smaller --ctx-size or --batch-size needs less",
                    overflown ? "more than 2^63 bytes" : gigabytes(bytes),
                    overflown ? "most" : gigabytes(cache),
                    positions,
                    available.isPresent() ? gigabytes((double) available.getAsLong()) : "fewer"));
        }
    }

    /**
     * Checks the memory of a file that is to be read as a whole.
     *
     * @throws DeviceException with the memory that is needed and the memory that there is
     */
    static void requireFile(GgufFile file) {
        requireFile(file, available());
    }

    static void requireFile(GgufFile file, OptionalLong available) {
        if (available.isPresent() && file.fileBytes() > available.getAsLong()) {
            throw new DeviceException(String.format(
                    Locale.ROOT,
                    "%s needs %s of memory without a mapping, and %s are available; a mapped file needs none of its"
                            + " own",
                    file.name(),
                    gigabytes((double) file.fileBytes()),
                    gigabytes((double) available.getAsLong())));
        }
    }

    private static String gigabytes(double bytes) {
        return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    /**
     * The smaller one of the machine's free memory and what this process's control group leaves; empty where neither is
     * known.
     */
    private static OptionalLong available() {
        LongStream machine = read(MEMORY)
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")));
        LongStream group = number(GROUP_LIMIT).isPresent()
                ? LongStream.of(
                        number(GROUP_LIMIT).getAsLong() - number(GROUP_USE).orElse(0))
                : LongStream.empty();
        return LongStream.concat(machine, group).min();
    }

    private static OptionalLong number(Path file) {
        return read(file)
                .filter(line -> line.matches("[0-9]{1,18}"))
                .mapToLong(Long::parseLong)
                .findFirst();
    }

    private static Stream<String> read(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file).stream() : Stream.empty();
        } catch (IOException | UncheckedIOException unknown) { // not Linux
            return Stream.empty();
        }
    }
}

package dev.waterspout.engine.api;

import dev.waterspout.engine.environment.AvailableMemory;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankMemory;
import dev.waterspout.engine.gguf.GgufFile;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** Checks that there is enough memory for the ranks on this host, before anything is allocated. */
final class MemoryCheck {
    private MemoryCheck() {}

    /**
     * Checks the memory of ranks. Weights are not counted: they lie in the file's mapping, whose pages the system can
     * drop.
     *
     * @param needed bytes that every rank on the host needs, for the ranks of this process
     * @param positions positions of the KV cache
     * @throws DeviceException if there is too little memory; the message has the needed and the available memory
     */
    static void require(List<RankMemory> needed, long positions) {
        require(needed, positions, AvailableMemory.bytes());
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
     * @throws DeviceException if there is too little memory; the message has the needed and the available memory
     */
    static void requireFile(GgufFile file) {
        requireFile(file, AvailableMemory.bytes());
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
}

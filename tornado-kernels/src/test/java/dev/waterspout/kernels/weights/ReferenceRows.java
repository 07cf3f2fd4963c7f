package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.testing.TestData;
import dev.waterspout.kernels.vector.Layouts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Rows of one type, and their values computed by llama.cpp.
 *
 * @param stored the rows' bytes, one after the other, off-heap
 * @param values [rows][columns], f32
 * @param rows number of rows
 */
record ReferenceRows(MemorySegment stored, MemorySegment values, int rows) {
    static final int COLUMNS = 256;

    /**
     * {@return the rows of random bytes, where there are any, and those of quantized values}
     *
     * @param arena owner of the rows
     * @param format of the rows; the calling test is skipped where there are none beside the checkout
     */
    static List<ReferenceRows> of(Arena arena, WeightFormat format) {
        Path folder = TestData.require("types/rows");
        String name = format.name().toLowerCase(Locale.ROOT).replace("_k", "_K");
        List<ReferenceRows> all = new ArrayList<>();
        Stream.of("random", "gauss").forEach(kind -> {
            Path file = folder.resolve(name + "." + kind + ".bin");
            if (Files.exists(file)) {
                MemorySegment stored = read(arena, file);
                int rows = Math.toIntExact(stored.byteSize() / format.rowBytes(COLUMNS));
                all.add(new ReferenceRows(stored, read(arena, folder.resolve(name + "." + kind + ".f32")), rows));
            }
        });
        if (all.isEmpty()) {
            throw new IllegalStateException("no rows of " + name + " in " + folder);
        }
        return all;
    }

    /** {@return the bits of all values} */
    int[] bits() {
        int[] bits = new int[rows * COLUMNS];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = values.get(Layouts.I32, Layouts.floats(i));
        }
        return bits;
    }

    private static MemorySegment read(Arena arena, Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            // An odd address, as in a file.
            MemorySegment segment = arena.allocate(bytes.length + 1L, 64).asSlice(1);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, segment, 0, bytes.length);
            return segment;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

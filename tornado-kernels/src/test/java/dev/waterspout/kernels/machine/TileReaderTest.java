package dev.waterspout.kernels.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.QuantBlock;
import dev.waterspout.kernels.weights.QuantTarget;
import dev.waterspout.kernels.weights.RandomBlocks;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Code that reads a type fills a tile as the type's own reading does, here and, by simulation, on other processors. */
class TileReaderTest {
    static Stream<Object[]> readers() {
        return MachineCodeTest.machines().stream()
                .flatMap(machine -> Stream.of(WeightFormat.values())
                        .filter(format -> format.blockReader() != null)
                        .map(format -> new Object[] {machine, format}));
    }

    /** The check of the kernels compares them with tiles; rows of a matrix's columns have a stride of their own. */
    @ParameterizedTest
    @MethodSource("readers")
    void rowsAreMultipliedAsTheyAreReadWithTheSameBits(MachineCode machine, WeightFormat format) {
        ByteKernels kernels =
                machine.bytes(Objects.requireNonNull(format.quants())).orElseThrow();
        BlockReader block = Objects.requireNonNull(format.blockReader());
        int columns = 5 * format.blockElements();
        int stride = (int) format.rowBytes(columns);
        assertThat(kernels.rows(block, stride, columns)).isPresent();
        assertThat(kernels.rows(block, stride + 6, format.blockElements())).isPresent();
    }

    @ParameterizedTest
    @MethodSource("readers")
    void tilesHaveTheSameBytes(MachineCode machine, WeightFormat format) {
        ByteKernels kernels =
                machine.bytes(Objects.requireNonNull(format.quants())).orElseThrow();
        int columns = ByteLayout.CHUNK;
        int stride = (int) format.rowBytes(columns) + 6;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = arena.allocate((long) kernels.rows() * stride + 64, 64);
            Random random = new Random(8);
            for (int r = 0; r < kernels.rows(); r++) {
                for (int block = 0; block < columns / format.blockElements(); block++) {
                    RandomBlocks.fill(random, format, rows, (long) r * stride + (long) block * format.blockBytes());
                }
            }
            MemorySegment expected = arena.allocate(kernels.tileBytes(), 64);
            MemorySegment actual = arena.allocate(kernels.tileBytes(), 64);
            MemorySegment constants = arena.allocate(ByteKernels.CONSTANTS, 64);
            kernels.prepare(expected, constants);
            kernels.prepare(actual, constants);
            MemorySegment panel = arena.allocate((long) kernels.rows() * columns, 64);
            QuantBlock scratch = new QuantBlock();
            for (int r = 0; r < kernels.rows(); r++) {
                QuantTarget target = new QuantTarget(
                        panel.address() + (long) r * columns,
                        expected.address() + kernels.scales() + Layouts.floats(r),
                        expected.address() + kernels.offsets() + Layouts.floats(r),
                        kernels.groupStride());
                format.read(rows.address() + (long) r * stride, columns, target, scratch);
            }
            kernels.interleave(expected.address(), panel.address(), columns);
            ByteKernels.Reader reader = kernels.reader(Objects.requireNonNull(format.blockReader()), stride);
            reader.read(actual.address(), rows.address(), columns / format.blockElements(), rows.address());
            assertThat(actual.mismatch(expected)).isEqualTo(-1);
        }
    }
}

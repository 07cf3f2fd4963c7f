package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.testing.VectorWidths;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The contract with inputs rounded to 8 bits as {@link Activations#INT8} specifies, with the same tolerance otherwise.
 */
@Tag(VectorWidths.SHORT)
class Int8KernelsTest extends HostKernelsContract {
    private static final int BLOCK = 32;

    /** One path for all types: whole tiles, tiles at the end of a row, and panels at the end of a matrix. */
    private static final List<LinearShapes> SHAPES =
            LinearShapes.of(format -> true, Int8KernelsTest::columns, List.of(1, 3, 33));

    private static List<Integer> columns(int block) {
        return block == 1
                ? List.of(1, 33, 172, 1021)
                : block < 256 ? List.of(block, 5 * block, 1280) : List.of(block, 5 * block);
    }

    static Stream<Arguments> shapes() {
        return LinearShapes.pairs(SHAPES);
    }

    static Stream<Arguments> allShapes() {
        return LinearShapes.all(SHAPES);
    }

    @Override
    HostKernels kernels() {
        return HostKernels.vector().withActivations(Activations.INT8);
    }

    @Override
    float[] inputs(WeightFormat format, int batch, MemorySegment x, long first, int count) {
        float[] inputs = super.inputs(format, batch, x, first, count);
        int rounded = format.quants() == null ? 0 : count;
        for (int b = 0; b < rounded; b += BLOCK) {
            float largest = 0;
            for (int i = b; i < b + BLOCK; i++) {
                largest = Math.max(largest, Math.abs(inputs[i]));
            }
            for (int i = b; i < b + BLOCK; i++) {
                inputs[i] = largest == 0 ? 0 : (float) Math.rint(inputs[i] * (127 / largest)) * (largest / 127);
            }
        }
        return inputs;
    }

    @ParameterizedTest
    @CsvSource({
        "Q4_0, 32",
        "Q4_0, 1056",
        "Q4_0, 4096",
        "Q8_0, 224",
        "Q8_0, 1056",
        "Q6_K, 256",
        "Q4_K, 2304",
        "IQ3_S, 1280",
        "TQ1_0, 512",
        "NVFP4, 320"
    })
    void linearBitsDoNotDependOnBatchOrBand(WeightFormat format, int columns) {
        int rows = 70;
        int tokens = 64;
        RandomWeights weights = RandomWeights.create(arena, format, rows, columns, 0, 60);
        MemorySegment x = Segments.random(arena, (long) tokens * columns, 61);
        MemorySegment expected = Segments.floats(arena, (long) tokens * rows);
        kernels.linear(weights.matrix(), x, tokens, expected, 0, rows, scratch);
        for (int batch : new int[] {1, 2, 3, 5, 13}) {
            MemorySegment y = Segments.floats(arena, (long) tokens * rows);
            for (int token = 0; token < tokens; token += batch) {
                int count = Math.min(batch, tokens - token);
                for (int from = 0, band = 1; from < rows; from += band, band = band * 3 + 1) {
                    int to = Math.min(from + band, rows);
                    kernels.linear(
                            weights.matrix(), at(x, token * columns), count, at(y, token * rows), from, to, scratch);
                }
            }
            assertThat(Segments.bits(y)).as("batch %d", batch).isEqualTo(Segments.bits(expected));
        }
    }

    private static MemorySegment at(MemorySegment floats, int element) {
        return floats.asSlice(Layouts.floats(element));
    }

    /**
     * Combines scales of weights, from subnormal to the largest, with inputs from zero to values beyond those of any
     * model.
     */
    @ParameterizedTest
    @CsvSource({
        "Q4_0, 0", "Q4_0, 1e-38", "Q4_0, 1e-12", "Q4_0, 1", "Q4_0, 1e4", "Q4_0, 1e12",
        "Q8_0, 0", "Q8_0, 1e-38", "Q8_0, 1e-12", "Q8_0, 1", "Q8_0, 1e4", "Q8_0, 1e12"
    })
    void scalesCoverTheWholeRange(WeightFormat format, float input) {
        int columns = 1024;
        short[] scales = {0, 1, 0x03ff, 0x0400, 0x3c00, 0x7bff, (short) 0x8001, (short) 0xbc00, (short) 0xfbff};
        boolean fourBits = format == WeightFormat.Q4_0;
        MemorySegment data = arena.allocate(format.rowBytes(columns) * scales.length);
        MemorySegment x = Segments.floats(arena, columns);
        MemorySegment y = Segments.floats(arena, scales.length);
        for (int c = 0; c < columns; c++) {
            Segments.set(x, c, input);
        }
        int blocks = columns / BLOCK;
        for (int b = 0; b < blocks * scales.length; b++) {
            long block = (long) b * format.blockBytes();
            data.asSlice(block, format.blockBytes()).fill(fourBits ? (byte) 0xbb : 3);
            data.set(Layouts.I16, block, scales[b / blocks]);
        }
        WeightMatrix weights = WeightMatrix.dense(data, format, scales.length, columns);
        kernels.linear(weights, x, 1, y, 0, scales.length, scratch);
        for (int row = 0; row < scales.length; row++) {
            double expected = 3.0 * columns * Float.float16ToFloat(scales[row]) * input;
            double allowed = 2e-5 * Math.abs(expected) + 1e-32 * columns;
            assertThat((double) Segments.get(y, row)).as("row %d", row).isCloseTo(expected, within(allowed));
        }
    }

    /** The largest products of eight bits by eight that a file can hold: two of them just fit into 16 bits. */
    @ParameterizedTest
    @ValueSource(bytes = {-128, 127})
    void extremesOfEightBitsDoNotOverflow(byte weight) {
        int columns = 1056;
        MemorySegment data = arena.allocate(WeightFormat.Q8_0.rowBytes(columns));
        data.fill(weight);
        MemorySegment x = Segments.floats(arena, columns);
        for (int c = 0; c < columns; c++) {
            Segments.set(x, c, 127);
        }
        for (int b = 0; b < columns / BLOCK; b++) {
            data.set(Layouts.I16, (long) b * WeightFormat.Q8_0.blockBytes(), Float.floatToFloat16(1));
        }
        MemorySegment y = Segments.floats(arena, 1);
        kernels.linear(WeightMatrix.dense(data, WeightFormat.Q8_0, 1, columns), x, 1, y, 0, 1, scratch);
        assertThat(Segments.get(y, 0)).isEqualTo(columns * 127f * weight);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q8_0"})
    void nonFiniteInputsGiveNonFiniteOutputs(WeightFormat format) {
        int columns = 1024;
        WeightMatrix weights =
                RandomWeights.create(arena, format, 4, columns, 0, 62).matrix();
        MemorySegment y = Segments.floats(arena, 4);
        for (float input : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            MemorySegment x = Segments.random(arena, columns, 63);
            Segments.set(x, 77, input);
            kernels.linear(weights, x, 1, y, 0, 4, scratch);
            for (int row = 0; row < 4; row++) {
                assertThat(Segments.get(y, row)).isNotFinite();
            }
        }
    }
}

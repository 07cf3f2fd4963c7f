package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.host.HostKernels.LayerNorm;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Contract of every implementation of {@link HostKernels}, which is compared with direct formulas in double precision.
 */
abstract class HostKernelsContract extends AttentionContract {
    /** Relative to the sum of magnitudes: far above f32 rounding of these lengths, far below any mistake. */
    private static final double TOLERANCE = 2e-6;

    /** Returns the inputs of one token after the rounding that the kernels apply before a product. */
    float[] inputs(WeightFormat format, int batch, MemorySegment x, long first, int count) {
        float[] inputs = new float[count];
        for (int i = 0; i < count; i++) {
            inputs[i] = Segments.get(x, first + i);
        }
        return inputs;
    }

    /** Widths around those of vectors and chunks. Types that share the product for few tokens are tested together. */
    private static final List<LinearShapes> SHAPES = Stream.concat(
                    LinearShapes.of(
                            RowQuads::serve,
                            block -> block == 1
                                    ? List.of(1, 3, 31, 32, 33, 63, 64, 65, 172, 1021, 4098)
                                    : List.of(32, 64, 96, 224, 1024, 1056, 1248, 4096),
                            List.of(1, 2, 3, 4, 5, 7, 8, 33))
                            .stream(),
                    LinearShapes.of(
                            format -> !RowQuads.serve(format), block -> List.of(block, 5 * block), List.of(1, 3, 5))
                            .stream())
            .toList();

    static Stream<Arguments> shapes() {
        return LinearShapes.pairs(SHAPES);
    }

    static Stream<Arguments> allShapes() {
        return LinearShapes.all(SHAPES);
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("allShapes")
    void linearMultipliesAtAllShapes(WeightFormat format, int columns, int batch) {
        linearMultiplies(format, columns, batch);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void linearMultiplies(WeightFormat format, int columns, int batch) {
        int rows = 39;
        RandomWeights weights = RandomWeights.create(arena, format, rows, columns, 6, columns);
        MemorySegment x = Segments.random(arena, (long) batch * columns, batch);
        MemorySegment y = Segments.floats(arena, (long) batch * rows);
        y.fill((byte) 0x55);
        kernels.linear(weights.matrix(), x, batch, y, 0, 5, scratch);
        kernels.linear(weights.matrix(), x, batch, y, 5, rows, scratch);
        for (int b = 0; b < batch; b++) {
            float[] inputs = inputs(format, batch, x, (long) b * columns, columns);
            for (int r = 0; r < rows; r++) {
                assertDot(Segments.get(y, (long) b * rows + r), weights.values()[r], inputs);
            }
        }
    }

    private static void assertDot(float actual, float[] weights, float[] inputs) {
        double sum = 0;
        double magnitude = 0;
        for (int c = 0; c < weights.length; c++) {
            double product = (double) weights[c] * inputs[c];
            sum += product;
            magnitude += Math.abs(product);
        }
        assertThat((double) actual).isCloseTo(sum, within(TOLERANCE * magnitude));
    }

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void linearWritesOnlyItsBand(WeightFormat format) {
        RandomWeights weights = RandomWeights.create(arena, format, 50, 256, 0, 1);
        MemorySegment x = Segments.random(arena, 5 * 256, 2);
        MemorySegment y = Segments.floats(arena, 5 * 50);
        y.fill((byte) 0x55);
        int untouched = Segments.bits(y)[0];
        kernels.linear(weights.matrix(), x, 5, y, 7, 7, scratch);
        assertThat(Segments.bits(y)).containsOnly(untouched);
        kernels.linear(weights.matrix(), x, 5, y, 7, 41, scratch);
        int[] bits = Segments.bits(y);
        for (int i = 0; i < bits.length; i++) {
            boolean inBand = i % 50 >= 7 && i % 50 < 41;
            assertThat(bits[i] == untouched).as("element %d", i).isEqualTo(!inBand);
        }
    }

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void linearTakesSlices(WeightFormat format) {
        int unit = Math.max(32, format.blockElements());
        int width = 3 * unit;
        RandomWeights weights = RandomWeights.create(arena, format, 48, 6 * unit, 3, 4);
        WeightMatrix slice = weights.matrix().columnSlice(2 * unit, 5 * unit).rowSlice(8, 40);
        for (int batch : new int[] {1, 6}) {
            MemorySegment x = Segments.random(arena, (long) batch * width, 5);
            MemorySegment y = Segments.floats(arena, batch * 32L);
            kernels.linear(slice, x, batch, y, 0, 32, scratch);
            for (int b = 0; b < batch; b++) {
                float[] inputs = inputs(format, batch, x, (long) b * width, width);
                for (int r = 0; r < 32; r++) {
                    float[] values = Arrays.copyOfRange(weights.values()[r + 8], 2 * unit, 5 * unit);
                    assertDot(Segments.get(y, b * 32L + r), values, inputs);
                }
            }
        }
    }

    @Test
    void linearKeepsExtremeValues() {
        MemorySegment weights = Segments.of(arena, 3e38f, -3e38f, 1, 0, Float.MIN_VALUE, 0, Float.NaN, 0);
        MemorySegment x = Segments.of(arena, 1, 1);
        MemorySegment y = Segments.floats(arena, 4);
        kernels.linear(WeightMatrix.dense(weights, WeightFormat.F32, 4, 2), x, 1, y, 0, 4, scratch);
        assertThat(Segments.bits(y))
                .containsExactly(Segments.bits(Segments.of(arena, 0, 1, Float.MIN_VALUE, Float.NaN)));
    }

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void embedCopiesOneRow(WeightFormat format) {
        int unit = Math.max(32, format.blockElements());
        for (int columns : new int[] {unit, 3 * unit, 32 * unit}) {
            RandomWeights table = RandomWeights.create(arena, format, 5, columns, 2, 6);
            MemorySegment target = Segments.floats(arena, columns + 6L);
            kernels.embed(table.matrix(), 3, target, 12);
            assertThat(Segments.get(target, 2)).isZero();
            assertThat(Segments.get(target, columns + 3L)).isZero();
            for (int c = 0; c < columns; c++) {
                assertThat(Segments.get(target, c + 3L)).isEqualTo(table.values()[3][c]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightFormat.class,
            names = {"F16", "BF16"})
    void everyBitPatternIsDecoded(WeightFormat format) {
        MemorySegment data = arena.allocate(2 << 16);
        for (int bits = 0; bits < 1 << 16; bits++) {
            data.set(Layouts.I16, 2L * bits, (short) bits);
        }
        MemorySegment target = Segments.floats(arena, 1 << 16);
        kernels.embed(WeightMatrix.dense(data, format, 1, 1 << 16), 0, target, 0);
        for (int bits = 0; bits < 1 << 16; bits++) {
            float expected =
                    format == WeightFormat.F16 ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
            float actual = Segments.get(target, bits);
            assertThat(Float.floatToIntBits(actual)).as("0x%x", bits).isEqualTo(Float.floatToIntBits(expected));
        }
    }

    @Test
    void everyHalfIsMultiplied() {
        int columns = 16;
        int rows = 1 << 16;
        MemorySegment data = arena.allocate(2L * columns * rows);
        for (int row = 0; row < rows; row++) {
            data.set(Layouts.I16, 2L * columns * row + 2L * (row % columns), (short) row);
        }
        MemorySegment x = Segments.floats(arena, columns);
        for (int c = 0; c < columns; c++) {
            Segments.set(x, c, 1);
        }
        MemorySegment y = Segments.floats(arena, rows);
        kernels.linear(WeightMatrix.dense(data, WeightFormat.F16, rows, columns), x, 1, y, 0, rows, scratch);
        for (int row = 0; row < rows; row++) {
            float expected = Float.float16ToFloat((short) row);
            float actual = Segments.get(y, row);
            boolean isEqual = Float.isNaN(expected) ? Float.isNaN(actual) : actual == expected;
            assertThat(isEqual).as("0x%x", row).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightFormat.class,
            names = {"Q8_0", "Q4_0"})
    void everyScaleIsDecoded(WeightFormat format) {
        MemorySegment data = arena.allocate((long) format.blockBytes() << 16);
        for (int bits = 0; bits < 1 << 16; bits++) {
            long block = (long) bits * format.blockBytes();
            data.set(Layouts.I16, block, (short) bits);
            data.set(Layouts.I8, block + 2, (byte) (format == WeightFormat.Q8_0 ? -113 : 0xc3));
        }
        MemorySegment target = Segments.floats(arena, 32L << 16);
        kernels.embed(WeightMatrix.dense(data, format, 1, 32 << 16), 0, target, 0);
        for (int bits = 0; bits < 1 << 16; bits++) {
            float scale = Float.float16ToFloat((short) bits);
            float expected = format == WeightFormat.Q8_0 ? -113 * scale : -5 * scale;
            float actual = Segments.get(target, 32L * bits);
            if (Float.isFinite(scale)) {
                assertThat(actual).as("scale 0x%x", bits).isEqualTo(expected);
            } else {
                assertThat(actual).as("scale 0x%x", bits).isNotFinite();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ADJACENT, 8, 8",
        "ADJACENT, 64, 64",
        "ADJACENT, 80, 20",
        "HALVES, 8, 8",
        "HALVES, 128, 128",
        "HALVES, 80, 36",
        "HALVES, 96, 6"
    })
    void ropeRotatesPairs(RopePairing pairing, int headDim, int ropeDim) {
        HeadShape heads = new HeadShape(3, headDim);
        RotaryTable table = rotaryTable(6, ropeDim, pairing);
        MemorySegment x = Segments.random(arena, 4L * heads.width(), 9);
        MemorySegment before = Segments.copy(arena, x);
        kernels.rope(table, 2, x, heads, 1, 4);
        for (int row = 0; row < 4; row++) {
            for (int i = 0; i < heads.width(); i++) {
                long element = (long) row * heads.width() + i;
                double expected = row == 0
                        ? Segments.get(before, element)
                        : turned(before, element, i % headDim, ropeDim, pairing, row + 2);
                assertThat((double) Segments.get(x, element)).isCloseTo(expected, within(3e-7));
            }
        }
    }

    private static double angle(int row, int pair) {
        return row * Math.pow(10, -pair / 8.0);
    }

    private RotaryTable rotaryTable(int rows, int ropeDim, RopePairing pairing) {
        RotaryTable table = RotaryTable.allocate(arena, rows, ropeDim, pairing);
        for (int row = 0; row < rows; row++) {
            for (int pair = 0; pair < ropeDim / 2; pair++) {
                table.set(row, pair, (float) Math.cos(angle(row, pair)), (float) Math.sin(angle(row, pair)));
            }
        }
        return table;
    }

    private static double turned(MemorySegment x, long element, int d, int ropeDim, RopePairing pairing, int tableRow) {
        if (d >= ropeDim) {
            return Segments.get(x, element);
        }
        boolean adjacent = pairing == RopePairing.ADJACENT;
        int pair = adjacent ? d / 2 : d % (ropeDim / 2);
        boolean first = adjacent ? d % 2 == 0 : d < ropeDim / 2;
        int distance = adjacent ? 1 : ropeDim / 2;
        double cosine = Math.cos(angle(tableRow, pair));
        double sine = Math.sin(angle(tableRow, pair));
        float self = Segments.get(x, element);
        float partner = Segments.get(x, first ? element + distance : element - distance);
        return first ? self * cosine - partner * sine : self * cosine + partner * sine;
    }

    @Test
    void refusesArgumentsThatDoNotFit() {
        MemorySegment small = Segments.floats(arena, 8);
        WeightMatrix weights = WeightMatrix.dense(Segments.floats(arena, 16), WeightFormat.F32, 4, 4);
        AttentionCall call = AttentionCase.random(arena, 2, 1, 8, 0, 2).call();
        RotaryTable table = RotaryTable.allocate(arena, 2, 4, RopePairing.HALVES);
        HeadShape heads = new HeadShape(1, 4);
        List<Runnable> calls = List.of(
                () -> kernels.linear(weights, small, 0, small, 0, 4, scratch),
                () -> kernels.linear(weights, small, 3, small, 0, 4, scratch),
                () -> kernels.linear(weights, small, 1, small, 0, 5, scratch),
                () -> kernels.linear(weights, small, 1, small, -1, 4, scratch),
                () -> kernels.linear(weights, small, 1, small, 3, 2, scratch),
                () -> kernels.embed(weights, 4, small, 0),
                () -> kernels.embed(weights, 0, small, 20),
                () -> kernels.embed(weights, 0, small, -4),
                () -> kernels.rmsNorm(small, small, 1e-5f, small, 4, 0, 3),
                () -> kernels.rmsNorm(small, small, 1e-5f, small, 0, 0, 1),
                () -> kernels.layerNorm(small, new LayerNorm(small, null, 1e-5f), small, 4, 0, 3),
                () -> kernels.layerNorm(small, new LayerNorm(small, small, 1e-5f), small, 9, 0, 0),
                () -> kernels.rope(table, 1, small, heads, 0, 2),
                () -> kernels.rope(table, -1, small, heads, 0, 1),
                () -> kernels.rope(table, 0, small, new HeadShape(1, 2), 0, 1),
                () -> kernels.attention(call, 0, 5, scratch),
                () -> kernels.gate(GateFunction.SWIGLU, small, small, 0, 9),
                () -> kernels.gate(GateFunction.GELU, small, small, 0, 9),
                () -> kernels.scale(small, 2, 0, 9),
                () -> kernels.softCap(small, 30, 4, 3),
                () -> kernels.add(small, small, -1, 8),
                () -> kernels.addBias(small, small, 4, 1, 3));
        for (int i = 0; i < calls.size(); i++) {
            assertThatIllegalArgumentException().as("call %d", i).isThrownBy(calls.get(i)::run);
        }
        assertThat(Segments.bits(small)).containsOnly(0);
    }
}

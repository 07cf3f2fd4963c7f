package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.host.cold.ColdKernels;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.VectorWidths;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract, and bit-equality with the kernels that the cold-start loops replace. */
@Tag(VectorWidths.SHORT)
class ColdKernelsTest extends HostKernelsContract {
    private final HostKernels compiled = HostKernels.vector();

    @Override
    HostKernels kernels() {
        return ColdKernels.of(HostKernels.vector());
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("allShapes")
    void linearHasTheSameBitsAtAllShapes(WeightFormat format, int columns, int batch) {
        linearHasTheSameBits(format, columns, batch);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void linearHasTheSameBits(WeightFormat format, int columns, int batch) {
        int rows = 21;
        WeightMatrix weights =
                RandomWeights.create(arena, format, rows, columns, 2, 71).matrix();
        MemorySegment x = Segments.random(arena, (long) batch * columns, 72);
        for (Activations activations : Activations.values()) {
            MemorySegment expected = Segments.floats(arena, (long) batch * rows);
            MemorySegment actual = Segments.floats(arena, (long) batch * rows);
            compiled.withActivations(activations).linear(weights, x, batch, expected, 3, rows, scratch);
            kernels.withActivations(activations).linear(weights, x, batch, actual, 3, rows, scratch);
            assertThat(Segments.bits(actual)).as("%s", activations).isEqualTo(Segments.bits(expected));
        }
    }

    /** All scales and all values of four and eight bits. */
    @ParameterizedTest
    @EnumSource(
            value = WeightFormat.class,
            names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
    void embedHasTheSameBits(WeightFormat format) {
        int columns = 1 << 17;
        MemorySegment data = arena.allocate(format.rowBytes(columns));
        for (long i = 0; i < data.byteSize(); i++) {
            data.set(Layouts.I8, i, (byte) (i * 167 + i / 256));
        }
        WeightMatrix table = WeightMatrix.dense(data, format, 1, columns);
        MemorySegment expected = Segments.floats(arena, columns);
        MemorySegment actual = Segments.floats(arena, columns);
        compiled.embed(table, 0, expected, 0);
        kernels.embed(table, 0, actual, 0);
        assertThat(numbers(actual)).isEqualTo(numbers(expected));
    }

    /** Replaces NaNs, whose bits may differ. */
    private static float[] numbers(MemorySegment segment) {
        return segment.toArray(Layouts.F32);
    }

    @ParameterizedTest
    @CsvSource({"4, 2, 64, 100, 37", "6, 1, 80, 0, 70", "2, 2, 8, 250, 20", "7, 1, 133, 120, 9", "2, 1, 3, 0, 5"})
    void attentionHasTheSameBits(int heads, int kvHeads, int headDim, int firstPosition, int rows) {
        AttentionCall call = AttentionCase.random(arena, heads, kvHeads, headDim, firstPosition, rows)
                .call();
        MemorySegment output = Segments.floats(arena, (long) rows * heads * headDim);
        AttentionCall other = new AttentionCall(call.cache(), call.queries(), output, heads, firstPosition, rows);
        compiled.attention(call, 0, call.units(), scratch);
        kernels.attention(other, 0, 3, scratch);
        kernels.attention(other, 3, call.units(), scratch);
        assertThat(Segments.bits(output)).isEqualTo(Segments.bits(call.output()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 33, 64, 79, 256, 300})
    void normHasTheSameBits(int width) {
        MemorySegment x = Segments.random(arena, 5L * width, 73);
        MemorySegment weight = Segments.random(arena, width, 74);
        MemorySegment expected = Segments.floats(arena, 5L * width);
        MemorySegment actual = Segments.floats(arena, 5L * width);
        compiled.rmsNorm(x, weight, 1e-5f, expected, width, 1, 4);
        kernels.rmsNorm(x, weight, 1e-5f, actual, width, 1, 4);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
    }

    @ParameterizedTest
    @CsvSource({"ADJACENT, 64, 64", "ADJACENT, 80, 22", "HALVES, 64, 64", "HALVES, 80, 22", "HALVES, 128, 96"})
    void ropeHasTheSameBits(RopePairing pairing, int headDim, int ropeDim) {
        RotaryTable table = RotaryTable.allocate(arena, 6, ropeDim, pairing);
        for (int row = 0; row < 6; row++) {
            for (int pair = 0; pair < ropeDim / 2; pair++) {
                double angle = row * Math.pow(10_000, -2.0 * pair / ropeDim);
                table.set(row, pair, (float) Math.cos(angle), (float) Math.sin(angle));
            }
        }
        HeadShape heads = new HeadShape(3, headDim);
        MemorySegment expected = Segments.random(arena, 4L * heads.width(), 75);
        MemorySegment actual = Segments.copy(arena, expected);
        compiled.rope(table, 2, expected, heads, 1, 4);
        kernels.rope(table, 2, actual, heads, 1, 4);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
    }

    @ParameterizedTest
    @MethodSource("scorings")
    void scoringHasTheSameBits(int scoring, AttentionCase.Shape shape) {
        AttentionCall call = AttentionCase.random(arena, CacheType.F32, shape, AttentionCase.SCORINGS.get(scoring))
                .call();
        compiled.attention(call, 0, call.units(), scratch);
        int[] expected = Segments.bits(call.output());
        call.output().fill((byte) 0);
        kernels.attention(call, 0, call.units(), scratch);
        assertThat(Segments.bits(call.output())).isEqualTo(expected);
    }

    /** Values from the overflow of the exponential to its underflow. */
    private MemorySegment ramp(int count) {
        MemorySegment ramp = Segments.floats(arena, count);
        for (int i = 0; i < count; i++) {
            Segments.set(ramp, i, (i - count / 2) * 0.04f);
        }
        return ramp;
    }

    @ParameterizedTest
    @EnumSource(GateFunction.class)
    void gatesHaveTheSameBits(GateFunction function) {
        int count = 5000;
        MemorySegment up = Segments.random(arena, count, 76);
        kernels.scale(up, 10, 0, count);
        MemorySegment expected = ramp(count);
        MemorySegment actual = ramp(count);
        compiled.gate(function, expected, up, 7, count);
        kernels.gate(function, actual, up, 7, count);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
    }

    @Test
    void softCapHasTheSameBits() {
        MemorySegment expected = ramp(5000);
        MemorySegment actual = ramp(5000);
        compiled.softCap(expected, 30, 7, 5000);
        kernels.softCap(actual, 30, 7, 5000);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
    }
}

package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.host.HostKernels.LayerNorm;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Norms, gates, factors, caps and additions of every implementation of {@link HostKernels}. */
abstract class ElementwiseContract {
    final HostKernels kernels = kernels();
    final HostScratch scratch = new HostScratch();
    final Arena arena = Arena.ofConfined();

    abstract HostKernels kernels();

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 31, 32, 33, 63, 64, 65, 80, 1021, 4098})
    void rmsNormNormalizes(int width) {
        MemorySegment x = Segments.random(arena, 3L * width, 7);
        MemorySegment weight = Segments.random(arena, width, 8);
        MemorySegment y = Segments.floats(arena, 3L * width);
        kernels.rmsNorm(x, weight, 1e-5f, y, width, 1, 3);
        for (int c = 0; c < width; c++) {
            assertThat(Segments.get(y, c)).isZero();
        }
        for (int row = 1; row < 3; row++) {
            double squares = 0;
            for (int c = 0; c < width; c++) {
                squares += Math.pow(Segments.get(x, (long) row * width + c), 2);
            }
            for (int c = 0; c < width; c++) {
                long i = (long) row * width + c;
                double expected = Segments.get(x, i) / Math.sqrt(squares / width + 1e-5f) * Segments.get(weight, c);
                assertThat((double) Segments.get(y, i)).isCloseTo(expected, within(1e-6 * Math.abs(expected)));
            }
        }
        kernels.rmsNorm(x, weight, 1e-5f, x, width, 1, 3);
        assertThat(x.asSlice(Layouts.floats(width)).mismatch(y.asSlice(Layouts.floats(width))))
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 15, 16, 17, 31, 33, 64, 80, 1021, 4098})
    void layerNormSubtractsTheMean(int width) {
        MemorySegment x = Segments.random(arena, 3L * width, 80);
        for (long i = 0; i < 3L * width; i++) {
            Segments.set(x, i, Segments.get(x, i) + 3);
        }
        MemorySegment weight = Segments.random(arena, width, 81);
        MemorySegment bias = Segments.random(arena, width, 82);
        for (LayerNorm norm :
                new LayerNorm[] {new LayerNorm(weight, null, 1e-5f), new LayerNorm(weight, bias, 1e-2f)}) {
            MemorySegment y = Segments.floats(arena, 3L * width);
            kernels.layerNorm(x, norm, y, width, 1, 3);
            assertThat(y.asSlice(0, Layouts.floats(width)).toArray(Layouts.F32)).containsOnly(0);
            for (int row = 1; row < 3; row++) {
                double[] expected = layerNormal(x, norm, width, row);
                for (int c = 0; c < width; c++) {
                    // Deviations are rounded at the size of the elements, 4, and divided by their deviation, at least
                    // 0.1.
                    assertThat((double) Segments.get(y, (long) row * width + c))
                            .as("row %d, element %d", row, c)
                            .isCloseTo(expected[c], within(1e-5));
                }
            }
            MemorySegment inPlace = Segments.copy(arena, x);
            kernels.layerNorm(inPlace, norm, inPlace, width, 1, 3);
            assertThat(inPlace.asSlice(Layouts.floats(width)).mismatch(y.asSlice(Layouts.floats(width))))
                    .isEqualTo(-1);
        }
    }

    private static double[] layerNormal(MemorySegment x, LayerNorm norm, int width, int row) {
        double[] values = new double[width];
        double sum = 0;
        for (int c = 0; c < width; c++) {
            values[c] = Segments.get(x, (long) row * width + c);
            sum += values[c];
        }
        double mean = sum / width;
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        double deviation = Math.sqrt(squares / width + norm.epsilon());
        MemorySegment bias = norm.bias();
        for (int c = 0; c < width; c++) {
            double normal = (values[c] - mean) / deviation;
            values[c] = normal * Segments.get(norm.weight(), c) + (bias == null ? 0 : Segments.get(bias, c));
        }
        return values;
    }

    static Stream<Arguments> gates() {
        return Stream.of(GateFunction.values())
                .flatMap(function -> IntStream.of(1, 15, 16, 17, 33, 1000).mapToObj(n -> Arguments.of(function, n)));
    }

    /** Operands from the underflow of exponentials to their overflow, and beyond every clamp. */
    @ParameterizedTest
    @MethodSource("gates")
    void gatesMultiplyTheirBand(GateFunction function, int count) {
        MemorySegment gate = Segments.random(arena, count + 5L, 10);
        MemorySegment up = Segments.random(arena, count + 5L, 11);
        for (int i = 0; i < count + 5; i++) {
            Segments.set(gate, i, Segments.get(gate, i) * 20);
            Segments.set(up, i, function.isGated() ? Segments.get(up, i) * 20 : Float.NaN);
        }
        MemorySegment before = Segments.copy(arena, gate);
        kernels.gate(function, gate, up, 3, count + 3);
        for (int i = 0; i < count + 5; i++) {
            float actual = Segments.get(gate, i);
            float g = Segments.get(before, i);
            if (i < 3 || i >= count + 3) {
                assertThat(actual).isEqualTo(g);
                continue;
            }
            double expected = gated(function, g, Segments.get(up, i));
            // An exponent is rounded to f32, which its exponential shows times the exponent.
            double error = 1e-6 + 2e-7 * Math.abs(exponent(function, g));
            assertThat((double) actual)
                    .as("element %d, gate %s", i, g)
                    .isCloseTo(expected, within(error * Math.abs(expected) + 1e-14));
        }
    }

    /** The formulas of {@link GateFunction}. */
    private static double gated(GateFunction function, double g, double u) {
        double sigmoid = 1 / (1 + Math.exp(exponent(function, g)));
        return switch (function) {
            case SWIGLU, GEGLU -> g * sigmoid * u;
            case GELU -> g * sigmoid;
            case SWIGLU_CLAMPED -> Math.min(g, 7) * sigmoid * (Math.clamp(u, -7, 7) + 1);
        };
    }

    private static double exponent(GateFunction function, double g) {
        return switch (function) {
            case SWIGLU -> -g;
            case GEGLU, GELU -> -2 * Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g);
            case SWIGLU_CLAMPED -> -1.702 * Math.min(g, 7);
        };
    }

    @ParameterizedTest
    @EnumSource(GateFunction.class)
    void gatesPropagateNanAndHugeValues(GateFunction function) {
        float max = Float.MAX_VALUE;
        MemorySegment gate = Segments.of(arena, Float.NaN, max, -max, 0, 1e4f, -1e4f);
        MemorySegment up = Segments.of(arena, 1, 1, 1, 1, -1, 1);
        kernels.gate(function, gate, up, 0, 6);
        boolean clamped = function == GateFunction.SWIGLU_CLAMPED;
        float product = function.isGated() ? -1e4f : 1e4f;
        assertThat(Segments.get(gate, 0)).isNaN();
        assertThat(Segments.get(gate, 1)).isCloseTo(clamped ? 14 : max, within(1e-3f));
        assertThat(Segments.get(gate, 2)).isZero();
        assertThat(Segments.get(gate, 3)).isZero();
        assertThat(Segments.get(gate, 4)).isEqualTo(clamped ? 0 : product);
        assertThat(Segments.get(gate, 5)).isZero();
    }

    @Test
    void swigluKeepsExtremeValues() {
        float max = Float.MAX_VALUE;
        MemorySegment gate = Segments.of(arena, max, -max, 1e4f, -1e4f, 0, 100, -100, Float.MIN_VALUE, Float.NaN);
        MemorySegment up = Segments.of(arena, 1, 1, 2, 2, 3, -1, 1, 2, 1);
        kernels.gate(GateFunction.SWIGLU, gate, up, 0, 9);
        float[] expected = {max, 0, 2e4f, 0, 0, -100, 0, Float.MIN_VALUE, Float.NaN};
        for (int i = 0; i < expected.length; i++) {
            float value = Segments.get(gate, i);
            if (Float.isNaN(expected[i])) {
                assertThat(value).isNaN();
            } else {
                assertThat((double) value).as("element %d", i).isCloseTo(expected[i], within(1e-36));
            }
        }
    }

    @Test
    void additionsAddTheirBand() {
        MemorySegment target = Segments.random(arena, 100, 12);
        MemorySegment addend = Segments.random(arena, 100, 13);
        MemorySegment before = Segments.copy(arena, target);
        kernels.add(target, addend, 3, 77);
        MemorySegment biased = Segments.copy(arena, before);
        kernels.addBias(biased, addend, 25, 1, 3);
        for (int i = 0; i < 100; i++) {
            float old = Segments.get(before, i);
            assertThat(Segments.get(target, i)).isEqualTo(i >= 3 && i < 77 ? old + Segments.get(addend, i) : old);
            assertThat(Segments.get(biased, i)).isEqualTo(i >= 25 && i < 75 ? old + Segments.get(addend, i % 25) : old);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 33, 1000})
    void scaleMultipliesItsBand(int count) {
        MemorySegment x = Segments.random(arena, count + 5L, 83);
        MemorySegment before = Segments.copy(arena, x);
        kernels.scale(x, 0.22f, 3, count + 3);
        for (int i = 0; i < count + 5; i++) {
            float old = Segments.get(before, i);
            assertThat(Segments.get(x, i)).isEqualTo(i < 3 || i >= count + 3 ? old : old * 0.22f);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 30", "15, 30", "16, 50", "17, 0.5", "33, 30", "1000, 30"})
    void softCapBoundsItsBand(int count, float cap) {
        MemorySegment x = Segments.random(arena, count + 5L, 84);
        for (int i = 0; i < count + 5; i++) {
            // Every third is small, and the largest are ten times the cap.
            Segments.set(x, i, Segments.get(x, i) * cap * (i % 3 == 0 ? 0.01f : 10));
        }
        MemorySegment before = Segments.copy(arena, x);
        kernels.softCap(x, cap, 3, count + 3);
        for (int i = 0; i < count + 5; i++) {
            double old = Segments.get(before, i);
            double expected = i < 3 || i >= count + 3 ? old : cap * Math.tanh(old / cap);
            assertThat((double) Segments.get(x, i)).as("element %d", i).isCloseTo(expected, within(2e-7 * cap));
        }
    }

    @Test
    void softCapKeepsExtremeValues() {
        float max = Float.MAX_VALUE;
        float infinity = Float.POSITIVE_INFINITY;
        MemorySegment x = Segments.of(arena, Float.NaN, max, -max, infinity, -infinity, 0);
        kernels.softCap(x, 30, 0, 6);
        assertThat(x.toArray(Layouts.F32)).containsExactly(Float.NaN, 30, -30, 30, -30, 0);
    }
}

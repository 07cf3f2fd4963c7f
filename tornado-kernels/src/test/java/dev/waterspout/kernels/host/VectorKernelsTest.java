package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.VectorWidths;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract, and beyond it: closeness to the scalar kernels, and bits that do not depend on how work is cut. */
@Tag(VectorWidths.SHORT)
class VectorKernelsTest extends HostKernelsContract {
    private static final int COUNT = 500;

    @Override
    HostKernels kernels() {
        return HostKernels.vector();
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("allShapes")
    void linearAgreesWithScalarAtAllShapes(WeightFormat format, int columns, int batch) {
        linearAgreesWithScalar(format, columns, batch);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void linearAgreesWithScalar(WeightFormat format, int columns, int batch) {
        int rows = 21;
        RandomWeights weights = RandomWeights.create(arena, format, rows, columns, 2, 31);
        MemorySegment x = Segments.random(arena, (long) batch * columns, 32);
        MemorySegment expected = Segments.floats(arena, (long) batch * rows);
        MemorySegment actual = Segments.floats(arena, (long) batch * rows);
        HostKernels.scalar().linear(weights.matrix(), x, batch, expected, 0, rows, scratch);
        kernels.linear(weights.matrix(), x, batch, actual, 0, rows, scratch);
        for (int i = 0; i < batch * rows; i++) {
            double magnitude = 0;
            for (int c = 0; c < columns; c++) {
                float input = Segments.get(x, (long) (i / rows) * columns + c);
                magnitude += Math.abs((double) weights.values()[i % rows][c] * input);
            }
            assertThat((double) Segments.get(actual, i)).isCloseTo(Segments.get(expected, i), within(2e-6 * magnitude));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 64",
        "F32, 172",
        "F32, 1021",
        "F32, 2100",
        "F16, 7",
        "F16, 1021",
        "F16, 2048",
        "BF16, 65",
        "BF16, 4098",
        "Q8_0, 32",
        "Q8_0, 1056",
        "Q8_0, 4096",
        "Q4_0, 32",
        "Q4_0, 1056",
        "Q4_0, 4096",
        "Q6_K, 256",
        "Q4_K, 2304",
        "IQ3_S, 1280"
    })
    void linearBitsDoNotDependOnBatchOrBand(WeightFormat format, int columns) {
        int rows = 70;
        int tokens = 133;
        RandomWeights weights = RandomWeights.create(arena, format, rows, columns, 0, 33);
        MemorySegment x = Segments.random(arena, (long) tokens * columns, 34);
        MemorySegment expected = Segments.floats(arena, (long) tokens * rows);
        kernels.linear(weights.matrix(), x, tokens, expected, 0, rows, scratch);
        int[] bits = Segments.bits(expected);
        for (int batch : new int[] {1, 2, 3, 7, 64}) {
            MemorySegment y = Segments.floats(arena, (long) tokens * rows);
            for (int token = 0; token < tokens; token += batch) {
                int count = Math.min(batch, tokens - token);
                MemorySegment in = x.asSlice(Layouts.floats((long) token * columns));
                MemorySegment out = y.asSlice(Layouts.floats((long) token * rows));
                for (int from = 0, band = 1; from < rows; from += band, band = band * 3 + 1) {
                    kernels.linear(weights.matrix(), in, count, out, from, Math.min(from + band, rows), scratch);
                }
            }
            assertThat(Segments.bits(y)).as("batch %d", batch).isEqualTo(bits);
        }
    }

    @ParameterizedTest
    @CsvSource({"4, 2, 64, 100, 37", "6, 1, 80, 0, 70", "2, 2, 8, 250, 20", "7, 1, 128, 120, 9"})
    void attentionBitsDoNotDependOnChunkOrBand(int heads, int kvHeads, int headDim, int firstPosition, int rows) {
        AttentionCall whole = AttentionCase.random(arena, heads, kvHeads, headDim, firstPosition, rows)
                .call();
        kernels.attention(whole, 0, whole.units(), scratch);
        int[] bits = Segments.bits(whole.output());
        Random random = new Random(35);
        for (int chunk : new int[] {1, 2, 3, 8}) {
            MemorySegment output = Segments.floats(arena, (long) rows * heads * headDim);
            for (int row = 0; row < rows; row += chunk) {
                long offset = Layouts.floats((long) row * heads * headDim);
                AttentionCall part = new AttentionCall(
                        whole.cache(),
                        whole.queries().asSlice(offset),
                        output.asSlice(offset),
                        heads,
                        firstPosition + row,
                        Math.min(chunk, rows - row));
                int cut = random.nextInt(part.units() + 1);
                kernels.attention(part, cut, part.units(), scratch);
                kernels.attention(part, 0, cut, scratch);
            }
            assertThat(Segments.bits(output)).as("chunk %d", chunk).isEqualTo(bits);
        }
    }

    @Test
    void weightsThatWereFreedAreRefused() {
        MemorySegment x = Segments.floats(arena, 32);
        MemorySegment y = Segments.floats(arena, 1);
        WeightMatrix freed;
        try (Arena shortLived = Arena.ofConfined()) {
            freed = WeightMatrix.dense(shortLived.allocate(128), WeightFormat.F32, 1, 32);
        }
        assertThatIllegalStateException().isThrownBy(() -> kernels.linear(freed, x, 1, y, 0, 1, scratch));
        assertThatIllegalStateException().isThrownBy(() -> kernels.embed(freed, 0, x, 0));
    }

    @Test
    void infiniteWeightsStayInfinite() {
        MemorySegment data = arena.allocate(64);
        data.set(Layouts.I16, 0, (short) 0x7c00);
        data.set(Layouts.I16, 34, (short) 0xfc00);
        MemorySegment x = Segments.floats(arena, 16);
        for (int i = 0; i < 16; i++) {
            Segments.set(x, i, 1);
        }
        MemorySegment y = Segments.floats(arena, 2);
        kernels.linear(WeightMatrix.dense(data, WeightFormat.F16, 2, 16), x, 1, y, 0, 2, scratch);
        assertThat(Segments.get(y, 0)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Segments.get(y, 1)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void attentionReachesFarPositions() {
        AttentionCase attention = AttentionCase.random(arena, 2, 1, 8, 131_000, 2);
        kernels.attention(attention.call(), 0, attention.call().units(), scratch);
        attention.assertOutput(2e-6);
    }

    @Test
    void attentionMayOverwriteItsQueries() {
        AttentionCall call = AttentionCase.random(arena, 4, 2, 64, 10, 40).call();
        kernels.attention(call, 0, call.units(), scratch);
        AttentionCall inPlace = new AttentionCall(call.cache(), call.queries(), call.queries(), 4, 10, 40);
        kernels.attention(inPlace, 0, call.units(), scratch);
        assertThat(call.queries().mismatch(call.output())).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource(GateFunction.class)
    void gateBitsDoNotDependOnTheBand(GateFunction function) {
        MemorySegment up = Segments.random(arena, COUNT, 37);
        assertThatBandsDoNotMatter((x, from, to) -> kernels.gate(function, x, up, from, to));
    }

    @Test
    void capAndFactorBitsDoNotDependOnTheBand() {
        assertThatBandsDoNotMatter((x, from, to) -> kernels.softCap(x, 0.3f, from, to));
        assertThatBandsDoNotMatter((x, from, to) -> kernels.scale(x, 0.3f, from, to));
    }

    /** An operation on elements [from, to). */
    private interface Banded {
        void apply(MemorySegment x, int from, int to);
    }

    private void assertThatBandsDoNotMatter(Banded operation) {
        MemorySegment whole = Segments.random(arena, COUNT, 36);
        MemorySegment cut = Segments.copy(arena, whole);
        operation.apply(whole, 0, COUNT);
        for (int from = 0, band = 1; from < COUNT; from += band, band++) {
            operation.apply(cut, from, Math.min(from + band, COUNT));
        }
        assertThat(Segments.bits(cut)).isEqualTo(Segments.bits(whole));
    }

    /** A row's window may begin in another tile than its neighbours'. */
    @ParameterizedTest
    @MethodSource("scorings")
    void scoringBitsDoNotDependOnChunkOrBand(int scoring, AttentionCase.Shape shape) {
        AttentionCall whole = AttentionCase.random(arena, CacheType.F32, shape, AttentionCase.SCORINGS.get(scoring))
                .call();
        kernels.attention(whole, 0, whole.units(), scratch);
        MemorySegment output = Segments.floats(arena, whole.output().byteSize() / Float.BYTES);
        for (int row = 0; row < whole.rows(); row++) {
            long offset = Layouts.floats((long) row * whole.heads() * shape.headDim());
            AttentionCall part = new AttentionCall(
                    whole.cache(),
                    whole.queries().asSlice(offset),
                    output.asSlice(offset),
                    whole.groups(),
                    whole.firstPosition() + row,
                    1,
                    whole.scoring());
            for (int unit = 0; unit < part.units(); unit++) {
                kernels.attention(part, unit, unit + 1, scratch);
            }
        }
        assertThat(Segments.bits(output)).isEqualTo(Segments.bits(whole.output()));
    }

    @Test
    void scratchKeepsItsZeros() {
        AttentionCall call = AttentionCase.random(arena, 8, 1, 1024, 40, 40).call();
        kernels.attention(call, 0, call.units(), scratch);
        RandomWeights weights = RandomWeights.create(arena, WeightFormat.F32, 64, 2100, 0, 38);
        MemorySegment x = Segments.random(arena, 130L * 2100, 39);
        kernels.linear(weights.matrix(), x, 130, Segments.floats(arena, 130L * 64), 0, 64, scratch);
        for (int i = 0; i < HostScratch.zeros(); i++) {
            assertThat(Memory.ALL.get(Layouts.F32, scratch.sums() + Layouts.floats(i)))
                    .isZero();
        }
    }

    @Test
    void readOnlyOutputsAreRefused() {
        WeightMatrix weights =
                RandomWeights.create(arena, WeightFormat.F32, 16, 16, 0, 41).matrix();
        MemorySegment x = Segments.random(arena, 16, 42);
        MemorySegment y = Segments.floats(arena, 16).asReadOnly();
        assertThatThrownBy(() -> kernels.linear(weights, x, 1, y, 0, 16, scratch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("read-only");
        assertThatThrownBy(() -> kernels.embed(weights, 0, y, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("read-only");
    }

    @Test
    void exponentialIsAccurate() {
        Random random = new Random(40);
        float[] powers = new float[1 << 16];
        for (int i = 0; i < powers.length; i++) {
            powers[i] = (random.nextFloat() * 2 - 1) * 86;
        }
        for (int i = 0; i < powers.length; i += Lanes.COUNT) {
            FloatVector results = VectorExp.of(Lanes.load(powers, i));
            for (int lane = 0; lane < Lanes.COUNT; lane++) {
                double expected = Math.exp(powers[i + lane]);
                assertThat((double) results.lane(lane)).isCloseTo(expected, within(2.5e-7 * expected));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1",
        "-86.6, 0",
        "-1000, 0",
        "-3.4e38, 0",
        "-Infinity, 0",
        "88.8, Infinity",
        "1000, Infinity",
        "3.4e38, Infinity",
        "Infinity, Infinity",
        "NaN, NaN"
    })
    void exponentialOfExtremeValues(float power, float expected) {
        assertThat(Float.valueOf(VectorExp.of(Lanes.all(power)).lane(0))).isEqualTo(Float.valueOf(expected));
    }

    @Test
    void exponentialReachesTheLargestFloat() {
        double expected = Math.exp(88.72f);
        assertThat((double) VectorExp.of(Lanes.all(88.72f)).lane(0)).isCloseTo(expected, within(1e-6 * expected));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void laneSumsOfOneAndSixteenAgree(long seed) {
        Random random = new Random(seed);
        float[] vectors = new float[LaneSums.GROUP * Lanes.COUNT];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = (float) (random.nextGaussian() * Math.exp(random.nextGaussian() * 5));
        }
        MemorySegment totals = Segments.floats(arena, LaneSums.GROUP);
        LaneSums.sixteen(Segments.of(arena, vectors).address(), totals.address());
        for (int v = 0; v < LaneSums.GROUP; v++) {
            float total = Segments.get(totals, v);
            assertThat(total).isEqualTo(tree(vectors, v * Lanes.COUNT));
            assertThat(LaneSums.one(Lanes.load(vectors, v * Lanes.COUNT))).isEqualTo(total);
        }
    }

    private static float tree(float[] vectors, int first) {
        float[] lanes = Arrays.copyOfRange(vectors, first, first + Lanes.COUNT);
        for (int distance = Lanes.COUNT / 2; distance > 0; distance /= 2) {
            for (int i = 0; i < distance; i++) {
                lanes[i] += lanes[i + distance];
            }
        }
        return lanes[0];
    }
}

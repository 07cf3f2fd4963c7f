package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention of every implementation of {@link HostKernels}: plain, and with the scores of other architectures. */
abstract class AttentionContract extends ElementwiseContract {
    @ParameterizedTest
    @CsvSource({
        "1, 1, 8, 0, 1",
        "2, 1, 8, 0, 9",
        "4, 2, 64, 5, 3",
        "8, 8, 64, 126, 5",
        "6, 2, 80, 250, 9",
        "8, 1, 128, 300, 1",
        "14, 2, 64, 0, 40",
        "4, 4, 20, 127, 2",
        "3, 1, 1, 3, 4"
    })
    void attentionWeightsVisibleValues(int heads, int kvHeads, int headDim, int firstPosition, int rows) {
        AttentionCase attention = AttentionCase.random(arena, heads, kvHeads, headDim, firstPosition, rows);
        AttentionCall call = attention.call();
        kernels.attention(call, 0, call.units() / 2, scratch);
        kernels.attention(call, call.units() / 2, call.units(), scratch);
        attention.assertOutput(4e-6);
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 8, 0, 9", "8, 8, 64, 126, 5", "6, 2, 80, 250, 9", "3, 1, 1, 3, 4"})
    void attentionReadsHalves(int heads, int kvHeads, int headDim, int firstPosition, int rows) {
        AttentionCase attention =
                AttentionCase.random(arena, CacheType.F16, heads, kvHeads, headDim, firstPosition, rows);
        kernels.attention(attention.call(), 0, attention.call().units(), scratch);
        attention.assertOutput(4e-6);
    }

    /** The result does not depend on the positions of a sequence's blocks, nor on the content of other blocks. */
    @ParameterizedTest
    @EnumSource(CacheType.class)
    void blocksMayHaveAnyPosition(CacheType type) {
        int kvHeads = 2;
        int headDim = type == CacheType.Q8_0 ? 32 : 20;
        int firstPosition = 300;
        int rows = 5;
        AttentionCase whole = AttentionCase.random(arena, type, 4, kvHeads, headDim, firstPosition, rows);
        KvCacheView contiguous = whole.call().cache();
        int[] table = {4, 1, 6};
        int blockSize = VectorAttention.TILE;
        long bytes = 7L * kvHeads * blockSize * type.rowBytes(headDim);
        MemorySegment keys = arena.allocate(bytes).fill((byte) 0x7f);
        MemorySegment values = arena.allocate(bytes).fill((byte) 0x7f);
        KvCacheView scattered = new KvCacheView(keys, values, type, kvHeads, headDim, blockSize, table);
        long row = type.rowBytes(headDim);
        for (int head = 0; head < kvHeads; head++) {
            for (int position = 0; position < firstPosition + rows; position++) {
                long from = contiguous.offset(head, position);
                long to = scattered.offset(head, position);
                MemorySegment.copy(contiguous.keys(), from, keys, to, row);
                MemorySegment.copy(contiguous.values(), from, values, to, row);
            }
        }
        MemorySegment output = arena.allocate(whole.call().output().byteSize());
        AttentionCall call = new AttentionCall(scattered, whole.call().queries(), output, 4, firstPosition, rows);
        kernels.attention(whole.call(), 0, whole.call().units(), scratch);
        kernels.attention(call, 0, call.units(), scratch);
        assertThat(output.mismatch(whole.call().output())).isEqualTo(-1);
        assertThat(scattered.capacity()).isEqualTo(3 * blockSize);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(keys, values, type, kvHeads, headDim, blockSize, new int[] {7}))
                .withMessageContaining("too small");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(keys, values, type, kvHeads, headDim, 64, new int[] {0, 1}))
                .withMessageContaining("blockSize=64: must be a multiple of 128");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(keys, values, type, kvHeads, headDim, blockSize, new int[] {-1}));
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void theCacheStoresKeysAndValues(CacheType type) {
        int headDim = type == CacheType.Q8_0 ? 64 : 3;
        long bytes = 2L * 5 * type.rowBytes(headDim);
        KvCacheView cache = new KvCacheView(arena.allocate(bytes), arena.allocate(bytes), type, 2, 5, headDim);
        MemorySegment keys = Segments.random(arena, 2L * 2 * headDim, 50);
        MemorySegment values = Segments.random(arena, 2L * 2 * headDim, 51);
        cache.store(keys, values, 2, 2);
        for (int head = 0; head < 2; head++) {
            for (int position = 0; position < 5; position++) {
                for (int d = 0; d < headDim; d++) {
                    long at = cache.offset(head, position);
                    boolean stored = position == 2 || position == 3;
                    long source = ((position - 2L) * 2 + head) * headDim + d;
                    float key = stored ? Segments.get(keys, source) : 0;
                    float value = stored ? Segments.get(values, source) : 0;
                    float error = type == CacheType.F32 ? 0 : type == CacheType.F16 ? 1e-3f : 6e-3f;
                    assertThat(cache.get(cache.keys(), at, d)).isCloseTo(key, within(error));
                    assertThat(cache.get(cache.values(), at, d)).isCloseTo(value, within(error));
                }
            }
        }
        assertThatIllegalArgumentException().isThrownBy(() -> cache.store(keys, values, 4, 2));
    }

    @Test
    void attentionIgnoresMaskedPositions() {
        AttentionCase attention = AttentionCase.random(arena, 4, 2, 64, 3, 6);
        KvCacheView cache = attention.call().cache();
        for (int head = 0; head < 2; head++) {
            for (int d = 0; d < 64; d++) {
                for (int position = 5; position < cache.capacity(); position++) {
                    long element = ((long) head * cache.capacity() + position) * 64 + d;
                    Segments.set(cache.keys(), element, Float.NaN);
                    Segments.set(cache.values(), element, Float.POSITIVE_INFINITY);
                }
            }
        }
        AttentionCall call = attention.call();
        kernels.attention(call, 0, call.units(), scratch);
        attention.assertOutput(4e-6, 2);
    }

    @Test
    void attentionSurvivesLargeScores() {
        AttentionCase attention = AttentionCase.random(arena, 2, 1, 16, 200, 4);
        MemorySegment queries = attention.call().queries();
        for (long i = 0; i < queries.byteSize() / 4; i++) {
            Segments.set(queries, i, Segments.get(queries, i) * 3000);
        }
        kernels.attention(attention.call(), 0, attention.call().units(), scratch);
        attention.assertOutput(2e-3);
    }

    static Stream<Arguments> scorings() {
        return IntStream.range(0, AttentionCase.SCORINGS.size())
                .boxed()
                .flatMap(scoring -> AttentionCase.SHAPES.stream().map(shape -> Arguments.of(scoring, shape)));
    }

    @ParameterizedTest
    @MethodSource("scorings")
    void scoresAreScaledCappedMaskedAndShareWeightWithSinks(int scoring, AttentionCase.Shape shape) {
        for (CacheType type : CacheType.values()) {
            if (shape.headDim() % type.format().blockElements() != 0) {
                continue;
            }
            AttentionCase attention = AttentionCase.random(arena, type, shape, AttentionCase.SCORINGS.get(scoring));
            AttentionCall call = attention.call();
            kernels.attention(call, 0, call.units() / 3, scratch);
            kernels.attention(call, call.units() / 3, call.units(), scratch);
            attention.assertOutput(4e-6);
        }
    }

    /** Keys and values before the window of the first row are huge, and have no weight. */
    @ParameterizedTest
    @CsvSource({"1, 300, 1", "8, 40, 9", "128, 300, 40", "130, 500, 3"})
    void nothingBeforeTheWindowCounts(int window, int firstPosition, int rows) {
        AttentionCase.Shape shape = new AttentionCase.Shape(new HeadGroups(4, 2, 0), 24, firstPosition, rows);
        AttentionCase attention =
                AttentionCase.random(arena, CacheType.F32, shape, new AttentionCase.Rules(0.3f, 0, window, false));
        KvCacheView cache = attention.call().cache();
        for (int head = 0; head < 2; head++) {
            for (int position = 0; position <= firstPosition - window; position++) {
                for (int d = 0; d < 24; d++) {
                    long element = ((long) head * cache.capacity() + position) * 24 + d;
                    Segments.set(cache.keys(), element, 1e30f);
                    Segments.set(cache.values(), element, 1e30f);
                }
            }
        }
        kernels.attention(attention.call(), 0, attention.call().units(), scratch);
        attention.assertOutput(4e-6);
    }

    /** A sink far above every score takes all weight; one far below takes none. */
    @Test
    void sinksTakeWeight() {
        AttentionCase.Shape shape = new AttentionCase.Shape(new HeadGroups(2, 2, 0), 8, 20, 3);
        AttentionCase attention =
                AttentionCase.random(arena, CacheType.F32, shape, new AttentionCase.Rules(0.3f, 0, 0, true));
        AttentionCall call = attention.call();
        MemorySegment sinks = Objects.requireNonNull(call.scoring().sinks());
        Segments.set(sinks, 0, 1000);
        Segments.set(sinks, 1, -1000);
        kernels.attention(call, 0, call.units(), scratch);
        attention.assertOutput(4e-6);
        for (int row = 0; row < 3; row++) {
            for (int d = 0; d < 8; d++) {
                assertThat(Segments.get(call.output(), row * 16L + d)).isZero();
                assertThat(Segments.get(call.output(), row * 16L + 8 + d)).isNotZero();
            }
        }
    }
}

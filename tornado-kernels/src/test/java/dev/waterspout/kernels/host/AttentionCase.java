package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Random operands of an attention call, and the textbook formula. */
record AttentionCase(AttentionCall call) {
    static AttentionCase random(Arena arena, int heads, int kvHeads, int headDim, int firstPosition, int rows) {
        return random(arena, CacheType.F32, heads, kvHeads, headDim, firstPosition, rows);
    }

    static AttentionCase random(
            Arena arena, CacheType type, int heads, int kvHeads, int headDim, int firstPosition, int rows) {
        int capacity = firstPosition + rows + 3;
        long cached = (long) kvHeads * capacity * headDim;
        KvCacheView cache = new KvCacheView(
                cached(arena, type, cached, 21), cached(arena, type, cached, 22), type, kvHeads, capacity, headDim);
        long floats = (long) rows * heads * headDim;
        MemorySegment queries = Segments.random(arena, floats, 23);
        for (long i = 0; i < floats; i++) {
            Segments.set(queries, i, Segments.get(queries, i) * 4);
        }
        MemorySegment output = Segments.floats(arena, floats);
        return new AttentionCase(new AttentionCall(cache, queries, output, heads, firstPosition, rows));
    }

    private static MemorySegment cached(Arena arena, CacheType type, long count, long seed) {
        MemorySegment floats = Segments.random(arena, count, seed);
        if (type == CacheType.F32) {
            return floats;
        }
        MemorySegment halves = arena.allocate(count * Short.BYTES);
        for (long i = 0; i < count; i++) {
            halves.set(Layouts.I16, i * Short.BYTES, Float.floatToFloat16(Segments.get(floats, i)));
        }
        return halves;
    }

    void assertOutput(double tolerance) {
        assertOutput(tolerance, call.rows());
    }

    void assertOutput(double tolerance, int rows) {
        int headDim = call.cache().headDim();
        for (int row = 0; row < rows; row++) {
            for (int head = 0; head < call.heads(); head++) {
                double[] expected = expected(row, head);
                for (int d = 0; d < headDim; d++) {
                    float actual = Segments.get(call.output(), ((long) row * call.heads() + head) * headDim + d);
                    assertThat((double) actual)
                            .as("row %d head %d element %d", row, head, d)
                            .isCloseTo(expected[d], within(tolerance));
                }
            }
        }
    }

    private double[] expected(int row, int head) {
        KvCacheView cache = call.cache();
        int headDim = cache.headDim();
        long kv = (long) (head / (call.heads() / cache.kvHeads())) * cache.capacity();
        int visible = call.firstPosition() + row + 1;
        double[] scores = new double[visible];
        double max = Double.NEGATIVE_INFINITY;
        for (int p = 0; p < visible; p++) {
            for (int d = 0; d < headDim; d++) {
                double query = Segments.get(call.queries(), ((long) row * call.heads() + head) * headDim + d);
                scores[p] += query * cached(cache, cache.keys(), (kv + p) * headDim + d);
            }
            scores[p] /= Math.sqrt(headDim);
            max = Math.max(max, scores[p]);
        }
        double sum = 0;
        double[] output = new double[headDim];
        for (int p = 0; p < visible; p++) {
            double weight = Math.exp(scores[p] - max);
            sum += weight;
            for (int d = 0; d < headDim; d++) {
                output[d] += weight * cached(cache, cache.values(), (kv + p) * headDim + d);
            }
        }
        for (int d = 0; d < headDim; d++) {
            output[d] /= sum;
        }
        return output;
    }

    private static double cached(KvCacheView cache, MemorySegment segment, long element) {
        return cache.type() == CacheType.F32
                ? Segments.get(segment, element)
                : Float.float16ToFloat(segment.get(Layouts.I16, element * Short.BYTES));
    }
}

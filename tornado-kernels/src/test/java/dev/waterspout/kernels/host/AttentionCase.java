package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.RandomBlocks;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;

/** Random operands of an attention call, and the textbook formula. */
record AttentionCase(AttentionCall call) {
    /** Shapes that do not fill vectors or tiles, and head groups of which a rank has only a part. */
    static final List<Shape> SHAPES = List.of(
            new Shape(new HeadGroups(1, 1, 0), 8, 0, 1),
            new Shape(new HeadGroups(4, 2, 0), 64, 5, 3),
            new Shape(new HeadGroups(6, 3, 0), 20, 126, 5),
            new Shape(new HeadGroups(5, 4, 3), 17, 250, 40),
            new Shape(new HeadGroups(3, 4, 0), 33, 300, 1));

    /** Each rule separately, and all rules together. */
    static final List<Rules> SCORINGS = List.of(
            new Rules(1, 0, 0, false),
            new Rules(0.3f, 2, 0, false),
            new Rules(0.3f, 50, 0, false),
            new Rules(0.3f, 0, 1, false),
            new Rules(0.3f, 0, 8, false),
            new Rules(0.3f, 0, 130, false),
            new Rules(0.3f, 0, 0, true),
            new Rules(0.4f, 5, 9, true));

    /** Sizes of a call. */
    record Shape(HeadGroups groups, int headDim, int firstPosition, int rows) {}

    /** {@link Scoring}, with or without sinks. */
    record Rules(float scale, float cap, int window, boolean hasSinks) {}

    static AttentionCase random(Arena arena, CacheType type, Shape shape, Rules rules) {
        HeadGroups groups = shape.groups;
        MemorySegment sinks = rules.hasSinks ? Segments.random(arena, groups.heads(), 24) : null;
        Scoring scoring = new Scoring(rules.scale, rules.cap, rules.window, sinks);
        AttentionCall plain = random(
                        arena, type, groups.kvHeads(), groups.kvHeads(), shape.headDim, shape.firstPosition, shape.rows)
                .call;
        long floats = (long) shape.rows * groups.heads() * shape.headDim;
        MemorySegment queries = queries(arena, floats);
        return new AttentionCase(new AttentionCall(
                plain.cache(),
                queries,
                Segments.floats(arena, floats),
                groups,
                shape.firstPosition,
                shape.rows,
                scoring));
    }

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
        MemorySegment queries = queries(arena, floats);
        MemorySegment output = Segments.floats(arena, floats);
        return new AttentionCase(new AttentionCall(cache, queries, output, heads, firstPosition, rows));
    }

    private static MemorySegment queries(Arena arena, long count) {
        MemorySegment queries = Segments.random(arena, count, 23);
        for (long i = 0; i < count; i++) {
            Segments.set(queries, i, Segments.get(queries, i) * 4);
        }
        return queries;
    }

    private static MemorySegment cached(Arena arena, CacheType type, long count, long seed) {
        MemorySegment floats = Segments.random(arena, count, seed);
        if (type == CacheType.F32) {
            return floats;
        }
        MemorySegment stored = arena.allocate(
                count / type.format().blockElements() * type.format().blockBytes());
        if (type == CacheType.Q8_0) {
            Random random = new Random(seed);
            for (long block = 0;
                    block < stored.byteSize();
                    block += type.format().blockBytes()) {
                RandomBlocks.fill(random, type.format(), stored, block);
            }
            return stored;
        }
        for (long i = 0; i < count; i++) {
            stored.set(Layouts.I16, i * Short.BYTES, Float.floatToFloat16(Segments.get(floats, i)));
        }
        return stored;
    }

    void assertOutput(double tolerance) {
        assertOutput(tolerance, call.rows());
    }

    void assertOutput(double tolerance, int rows) {
        int headDim = call.cache().headDim();
        float[] keys = decoded(call.cache(), call.cache().keys());
        float[] values = decoded(call.cache(), call.cache().values());
        for (int row = 0; row < rows; row++) {
            for (int head = 0; head < call.heads(); head++) {
                double[] expected = expected(row, head, keys, values);
                for (int d = 0; d < headDim; d++) {
                    float actual = Segments.get(call.output(), ((long) row * call.heads() + head) * headDim + d);
                    assertThat((double) actual)
                            .as("row %d head %d element %d", row, head, d)
                            .isCloseTo(expected[d], within(tolerance));
                }
            }
        }
    }

    private double[] expected(int row, int head, float[] keys, float[] values) {
        int headDim = call.cache().headDim();
        HeadGroups groups = call.groups();
        int kv = (groups.offset() + head) / groups.size() * call.cache().capacity();
        int visible = call.firstPosition() + row + 1;
        Scoring scoring = call.scoring();
        int first = scoring.window() == 0 ? 0 : Math.max(0, visible - scoring.window());
        MemorySegment sinks = scoring.sinks();
        double sink = sinks == null ? Double.NEGATIVE_INFINITY : Segments.get(sinks, head);
        double[] scores = new double[visible];
        double max = sink;
        for (int p = first; p < visible; p++) {
            for (int d = 0; d < headDim; d++) {
                double query = Segments.get(call.queries(), ((long) row * call.heads() + head) * headDim + d);
                scores[p] += query * keys[(kv + p) * headDim + d];
            }
            scores[p] *= scoring.scale();
            scores[p] = scoring.cap() == 0 ? scores[p] : scoring.cap() * Math.tanh(scores[p] / scoring.cap());
            max = Math.max(max, scores[p]);
        }
        double sum = Math.exp(sink - max);
        double[] output = new double[headDim];
        for (int p = first; p < visible; p++) {
            double weight = Math.exp(scores[p] - max);
            sum += weight;
            for (int d = 0; d < headDim; d++) {
                output[d] += weight * values[(kv + p) * headDim + d];
            }
        }
        for (int d = 0; d < headDim; d++) {
            output[d] /= sum;
        }
        return output;
    }

    private static float[] decoded(KvCacheView cache, MemorySegment segment) {
        WeightFormat format = cache.type().format();
        float[] decoded = new float[cache.kvHeads() * cache.capacity() * cache.headDim()];
        for (int i = 0; i < decoded.length; i++) {
            long block = (long) i / format.blockElements() * format.blockBytes();
            decoded[i] = format.weight(segment, block, i % format.blockElements());
        }
        return decoded;
    }
}

package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.device.kernels.CachedWords;
import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.HeadGroups;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.KvCacheView;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.host.Scoring;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Stores keys and values in a cache of f16 or q8_0 on a device, attends to them, and compares with the host's cache of
 * the same type.
 */
class PackedCacheTest {
    private static final int LAYERS = 2;
    private static final int BLOCK = 8;
    /** The blocks of the sequence, of 5 in the cache. */
    private static final int[] BLOCKS = {3, 0, 4};

    static Stream<Arguments> cases() {
        return TestDevice.ofEachKind()
                .flatMap(device -> Stream.of(
                        Arguments.of(device, CacheType.F16, new Shape(4, 2, 16)),
                        Arguments.of(device, CacheType.F16, new Shape(3, 1, 37)),
                        Arguments.of(device, CacheType.Q8_0, new Shape(4, 2, 32)),
                        Arguments.of(device, CacheType.Q8_0, new Shape(2, 1, 96))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void attendsToWhatTheHostsCacheHolds(TestDevice device, CacheType type, Shape shape) {
        int rows = BLOCKS.length * BLOCK - 2;
        Random random = new Random(shape.headDim);
        FloatArray queries = Operands.gaussian(random, rows * shape.heads * shape.headDim);
        FloatArray keys = Operands.gaussian(random, rows * shape.kvHeads * shape.headDim);
        FloatArray values = Operands.gaussian(random, rows * shape.kvHeads * shape.headDim);
        int ropeDim = shape.headDim / 4 * 2;
        FloatArray angles = new FloatArray(rows * 2 * ropeDim);
        RotaryTable table = new RotaryTable(angles.getSegment(), rows, ropeDim, RopePairing.HALVES);
        for (int row = 0; row < rows; row++) {
            for (int pair = 0; pair < ropeDim / 2; pair++) {
                double angle = row * Math.pow(100, -2.0 * pair / ropeDim);
                table.set(row, pair, (float) Math.cos(angle), (float) Math.sin(angle));
            }
        }
        FloatArray expected = Operands.zeros(queries.getSize());
        try (Arena arena = Arena.ofConfined()) {
            KvCacheView view = shape.view(arena, type, rows);
            host(view, shape, table, Operands.copy(queries), Operands.copy(keys), values, expected);
            DeviceCache cache = shape.cache(type);
            FloatArray output = run(
                    device,
                    cache,
                    shape,
                    new DeviceRope(angles, ropeDim, RopePairing.HALVES),
                    rows,
                    queries,
                    keys,
                    values);
            shape.assertSameElements(view, view.keys(), cache, (IntArray) cache.keys(), rows);
            shape.assertSameElements(view, view.values(), cache, (IntArray) cache.values(), rows);
            Operands.assertClose(output, expected, type == CacheType.F16 ? 1e-4 : 1e-3);
        }
    }

    private static void host(
            KvCacheView view,
            Shape shape,
            RotaryTable table,
            FloatArray queries,
            FloatArray keys,
            FloatArray values,
            FloatArray output) {
        int rows = keys.getSize() / (shape.kvHeads * shape.headDim);
        HostKernels host = HostKernels.scalar();
        host.rope(table, 0, queries.getSegment(), new HeadShape(shape.heads, shape.headDim), 0, rows);
        host.rope(table, 0, keys.getSegment(), new HeadShape(shape.kvHeads, shape.headDim), 0, rows);
        view.store(keys.getSegment(), values.getSegment(), 0, rows);
        AttentionCall call = new AttentionCall(
                view,
                queries.getSegment(),
                output.getSegment(),
                new HeadGroups(shape.heads, shape.heads / shape.kvHeads, 0),
                0,
                rows,
                Scoring.plain(shape.headDim));
        host.attention(call, 0, call.units(), new HostScratch());
    }

    private static FloatArray run(
            TestDevice device,
            DeviceCache cache,
            Shape shape,
            DeviceRope rope,
            int rows,
            FloatArray queries,
            FloatArray keys,
            FloatArray values) {
        FloatArray turned = Operands.zeros(queries.getSize());
        FloatArray output = Operands.zeros(queries.getSize());
        IntArray step = Operands.step(1, rows);
        DeviceScoring scoring = Operands.scoring(cache, shape.heads);
        RowPlaces places = new RowPlaces(cache, rows, BLOCKS.length);
        places.add(0, rows, BLOCKS);
        KernelGraph graph = new KernelGraph("cached", device.kernels(), rows, step, DeviceTables.create());
        graph.taskGraph()
                .transferToDevice(
                        DataTransferMode.EVERY_EXECUTION,
                        step,
                        places.data(),
                        rope.angles(),
                        queries,
                        keys,
                        values,
                        cache.keys(),
                        cache.values(),
                        scoring.sinks(),
                        turned,
                        output);
        HeadColumns made = new HeadColumns(
                new DeviceColumns(queries, shape.heads * shape.headDim, 0),
                new DeviceColumns(keys, shape.kvHeads * shape.headDim, 0),
                new DeviceColumns(values, shape.kvHeads * shape.headDim, 0));
        graph.turnAndStore("turn", rope, cache, places, shape.heads, made, turned);
        graph.attention("attend", cache, places, shape.heads, scoring, turned, output);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, output, cache.keys(), cache.values());
        device.run(graph);
        return output;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void copiesABlockInAllLayers(TestDevice device, CacheType type, Shape shape) {
        DeviceCache cache = shape.cache(type);
        IntArray keys = (IntArray) cache.keys();
        for (int i = 0; i < keys.getSize(); i++) {
            keys.set(i, 7 * i);
        }
        int[] before = keys.toHeapArray();
        IntArray copy = IntArray.fromElements(3, 1);
        KernelGraph graph = new KernelGraph("copy", device.kernels(), 1, Operands.step(0, 1), DeviceTables.create());
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, copy, cache.keys(), cache.values());
        graph.copyBlock("copy", cache, copy);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, cache.keys(), cache.values());
        device.run(graph);
        int block = BLOCK * DeviceCache.rowElements(type, shape.headDim);
        for (int i = 0; i < before.length; i++) {
            int from = i / block % 5 == 1 ? i + 2 * block : i;
            assertThat(keys.get(i)).isEqualTo(before[from]);
        }
    }

    @Test
    void refusesOtherArraysAndHeads() {
        IntArray words = new IntArray(64);
        FloatArray floats = new FloatArray(64);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceCache(floats, floats, CacheType.F16, 1, 1, 64, 1))
                .withMessage("cache of F16 in a FloatArray and a FloatArray: both must be a IntArray");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceCache(words, words, CacheType.Q8_0, 1, 1, 40, 1))
                .withMessageContaining("heads of 40 elements in a cache of Q8_0");
    }

    record Shape(int heads, int kvHeads, int headDim) {
        DeviceCache cache(CacheType type) {
            int elements = LAYERS * kvHeads * 5 * BLOCK * DeviceCache.rowElements(type, headDim);
            TornadoNativeArray keys = DeviceCache.allocate(type, elements);
            return new DeviceCache(
                    keys, DeviceCache.allocate(type, elements), type, kvHeads, 5 * BLOCK, headDim, BLOCK);
        }

        KvCacheView view(Arena arena, CacheType type, int positions) {
            long bytes = (long) kvHeads * positions * type.rowBytes(headDim);
            return new KvCacheView(
                    arena.allocate(bytes, 64), arena.allocate(bytes, 64), type, kvHeads, positions, headDim);
        }

        /** A multiple of a scale may differ by 1, because the host rounds in f64. */
        void assertSameElements(KvCacheView view, MemorySegment stored, DeviceCache cache, IntArray words, int rows) {
            CacheType type = cache.type();
            int elements = type.format().blockElements();
            int differing = 0;
            for (int head = 0; head < kvHeads; head++) {
                for (int position = 0; position < rows; position++) {
                    int slot = BLOCKS[position / BLOCK] * BLOCK + position % BLOCK;
                    int row = ((kvHeads + head) * cache.capacity() + slot) * cache.rowElements();
                    for (int d = 0; d < headDim; d++) {
                        long block = view.offset(head, position) + type.rowBytes(d - d % elements);
                        float expected = type.format().weight(stored, block, d % elements);
                        float found = CachedWords.element(words, row, d, cache.kernelFormat());
                        assertThat(Math.abs(found - expected)).isLessThan(type == CacheType.F16 ? 4e-3f : 0.05f);
                        differing += found == expected ? 0 : 1;
                    }
                }
            }
            // Rotary embedding rounds differently on a device.
            assertThat(differing).isLessThan(kvHeads * rows * headDim / 50);
        }
    }
}

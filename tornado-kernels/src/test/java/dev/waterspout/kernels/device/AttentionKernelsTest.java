package dev.waterspout.kernels.device;

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
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Compares rotary embedding, the KV cache and attention with the host's reference. */
class AttentionKernelsTest {
    private static final int LAYERS = 2;

    static Stream<Arguments> pairings() {
        return TestDevice.ofEachKind()
                .flatMap(device -> Stream.of(RopePairing.values()).map(p -> Arguments.of(device, p)));
    }

    static Stream<TestDevice> devices() {
        return Stream.concat(TestDevice.ofEachKind(), TestDevice.choosing(KernelShape.attention(8, 64, 8)));
    }

    @ParameterizedTest
    @MethodSource("pairings")
    void rotatesAndStores(TestDevice device, RopePairing pairing) {
        checkRotation(device, pairing, new Shape(4, 2, 16, 9), 16, 5, 3);
        checkRotation(device, pairing, new Shape(3, 1, 33, 4), 10, 0, 4);
        checkRotation(device, pairing, new Shape(8, 8, 64, 65), 64, 64, 1);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void attendsToEveryPosition(TestDevice device) {
        checkAttention(device, new Shape(4, 2, 16, 300), 0, 1);
        checkAttention(device, new Shape(4, 2, 16, 300), 63, 33);
        checkAttention(device, new Shape(6, 1, 65, 257), 256, 1);
        checkAttention(device, new Shape(1, 1, 128, 131), 0, 131);
        checkAttention(device, new Shape(2, 1, 1, 70), 30, 3);
    }

    private static void checkRotation(
            TestDevice device, RopePairing pairing, Shape shape, int ropeDim, int position, int rows) {
        Random random = new Random(ropeDim);
        int queryWidth = shape.heads * shape.headDim;
        int kvWidth = shape.kvHeads * shape.headDim;
        int stride = queryWidth + 2 * kvWidth;
        FloatArray made = Operands.gaussian(random, rows * stride);
        FloatArray queries = columns(made, rows, stride, 0, queryWidth);
        FloatArray keys = columns(made, rows, stride, queryWidth, kvWidth);
        FloatArray values = columns(made, rows, stride, queryWidth + kvWidth, kvWidth);
        FloatArray angles = new FloatArray(rows * 2 * ropeDim);
        RotaryTable table = new RotaryTable(angles.getSegment(), rows, ropeDim, pairing);
        for (int row = 0; row < rows; row++) {
            for (int pair = 0; pair < ropeDim / 2; pair++) {
                double angle = (position + row) * Math.pow(100, -2.0 * pair / ropeDim);
                table.set(row, pair, (float) Math.cos(angle), (float) Math.sin(angle));
            }
        }
        FloatArray turnedQueries = Operands.copy(queries);
        FloatArray turnedKeys = Operands.copy(keys);
        HostKernels host = HostKernels.scalar();
        host.rope(table, 0, turnedQueries.getSegment(), new HeadShape(shape.heads, shape.headDim), 0, rows);
        host.rope(table, 0, turnedKeys.getSegment(), new HeadShape(shape.kvHeads, shape.headDim), 0, rows);

        DeviceCache cache = shape.cache(random);
        FloatArray expectedKeys = Operands.copy(cache.keyFloats());
        FloatArray expectedValues = Operands.copy(cache.valueFloats());
        shape.store(turnedKeys, expectedKeys, 1, position, rows);
        shape.store(values, expectedValues, 1, position, rows);

        IntArray step = Operands.step(1, rows);
        FloatArray powers = DeviceTables.create();
        RowPlaces places = new RowPlaces(cache, rows, 1);
        places.add(position, rows, 0);
        KernelGraph graph = new KernelGraph("rope", device.kernels(), rows, step, powers);
        graph.taskGraph()
                .transferToDevice(
                        DataTransferMode.EVERY_EXECUTION,
                        step,
                        places.data(),
                        angles,
                        made,
                        queries,
                        cache.keys(),
                        cache.values());
        HeadColumns columns = new HeadColumns(
                new DeviceColumns(made, stride, 0),
                new DeviceColumns(made, stride, queryWidth),
                new DeviceColumns(made, stride, queryWidth + kvWidth));
        graph.turnAndStore(
                "turn", new DeviceRope(angles, ropeDim, pairing), cache, places, shape.heads, columns, queries);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, queries, cache.keys(), cache.values());
        device.run(graph);
        Operands.assertClose(queries, turnedQueries, 1e-6);
        // Only the positions that the chunk stores are compared, because TornadoVM does not transfer arrays that a
        // kernel only writes.
        Operands.assertClose(
                shape.load(cache.keyFloats(), 1, position, rows), shape.load(expectedKeys, 1, position, rows), 1e-6);
        Operands.assertSameBits(
                shape.load(cache.valueFloats(), 1, position, rows), shape.load(expectedValues, 1, position, rows));
    }

    private static FloatArray columns(FloatArray all, int rows, int stride, int from, int width) {
        FloatArray some = Operands.zeros(rows * width);
        for (int i = 0; i < some.getSize(); i++) {
            some.set(i, all.get(i / width * stride + from + i % width));
        }
        return some;
    }

    private static void checkAttention(TestDevice device, Shape shape, int position, int rows) {
        Random random = new Random(position);
        DeviceCache cache = shape.cache(random);
        FloatArray queries = Operands.gaussian(random, rows * shape.heads * shape.headDim);
        for (int i = 0; i < queries.getSize(); i++) {
            // Large enough that a softmax without subtraction of the maximum would overflow.
            queries.set(i, queries.get(i) * 60f);
        }
        FloatArray expected = Operands.zeros(queries.getSize());
        FloatArray output = Operands.zeros(queries.getSize());
        long layerBytes = (long) shape.layerElements() * Float.BYTES;
        MemorySegment keys = cache.keys().getSegment().asSlice(layerBytes);
        MemorySegment values = cache.values().getSegment().asSlice(layerBytes);
        KvCacheView view = new KvCacheView(keys, values, CacheType.F32, shape.kvHeads, shape.capacity, shape.headDim);
        Scoring plain = Scoring.plain(shape.headDim);
        FloatArray sinks = position == 63
                ? Operands.gaussian(random, LAYERS * shape.heads)
                : DeviceScoring.noSinks(LAYERS, shape.heads);
        MemorySegment ofLayer = sinks.getSegment().asSlice((long) shape.heads * Float.BYTES);
        Scoring withSinks = new Scoring(plain.scale(), 0, 0, position == 63 ? ofLayer : null);
        DeviceScoring scoring = new DeviceScoring(plain.scale(), 0, sinks);
        AttentionCall call = new AttentionCall(
                view,
                queries.getSegment(),
                expected.getSegment(),
                new HeadGroups(shape.heads, shape.heads / shape.kvHeads, 0),
                position,
                rows,
                withSinks);
        HostKernels.scalar().attention(call, 0, call.units(), new HostScratch());

        RowPlaces places = new RowPlaces(cache, rows, 1);
        places.add(position, rows, 0);
        attend(device, shape, cache, places, scoring, queries, output);
        Operands.assertClose(output, expected, 1e-4);
    }

    private static void attend(
            TestDevice device,
            Shape shape,
            DeviceCache cache,
            RowPlaces places,
            DeviceScoring scoring,
            FloatArray queries,
            FloatArray output) {
        int rows = queries.getSize() / (shape.heads * shape.headDim);
        IntArray step = Operands.step(1, rows);
        KernelGraph graph = new KernelGraph("attention", device.kernels(), rows, step, DeviceTables.create());
        graph.taskGraph()
                .transferToDevice(
                        DataTransferMode.EVERY_EXECUTION,
                        step,
                        places.data(),
                        queries,
                        cache.keys(),
                        cache.values(),
                        scoring.sinks(),
                        output);
        graph.attention("attend", cache, places, shape.heads, scoring, queries, output);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, output);
        device.run(graph);
    }

    /** Two sequences, of 2 rows and 1 row, in 3 and 2 blocks of one cache. */
    @ParameterizedTest
    @MethodSource("devices")
    void aBatchIsBitEqualToSingleSequences(TestDevice device) {
        Shape shape = new Shape(4, 2, 16, 20);
        Random random = new Random(3);
        DeviceCache pieces = shape.cache(random);
        DeviceCache blocks = new DeviceCache(
                pieces.keyFloats(), pieces.valueFloats(), shape.kvHeads, shape.capacity, shape.headDim, 4);
        FloatArray queries = Operands.gaussian(random, 3 * shape.heads * shape.headDim);
        FloatArray together = Operands.zeros(queries.getSize());
        int[] first = {3, 0, 4};
        int[] second = {2, 1};
        RowPlaces places = new RowPlaces(blocks, 3, 5);
        places.add(7, 2, first);
        places.add(6, 1, second);
        attend(device, shape, blocks, places, Operands.scoring(blocks, shape.heads), queries, together);

        int row = shape.heads * shape.headDim;
        assertAlone(device, shape, blocks, first, 7, queries.slice(0, 2 * row), together.slice(0, 2 * row));
        assertAlone(device, shape, blocks, second, 6, queries.slice(2 * row, row), together.slice(2 * row, row));
    }

    /** Compares with the same sequence in contiguous positions. */
    private static void assertAlone(
            TestDevice device,
            Shape shape,
            DeviceCache blocks,
            int[] table,
            int position,
            FloatArray queries,
            FloatArray expected) {
        int size = blocks.blockSize();
        DeviceCache piece = shape.cache(new Random(9));
        for (int head = 0; head < LAYERS * shape.kvHeads; head++) {
            for (int block = 0; block < table.length; block++) {
                for (int i = 0; i < size * shape.headDim; i++) {
                    int to = (head * shape.capacity + block * size) * shape.headDim + i;
                    int from = (head * shape.capacity + table[block] * size) * shape.headDim + i;
                    piece.keyFloats().set(to, blocks.keyFloats().get(from));
                    piece.valueFloats().set(to, blocks.valueFloats().get(from));
                }
            }
        }
        RowPlaces places = new RowPlaces(piece, 2, 1);
        places.add(position, queries.getSize() / (shape.heads * shape.headDim), 0);
        FloatArray output = Operands.zeros(queries.getSize());
        attend(device, shape, piece, places, Operands.scoring(piece, shape.heads), queries, output);
        Operands.assertSameBits(output, expected);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void copiesABlockInAllLayers(TestDevice device) {
        Shape shape = new Shape(4, 2, 3, 20);
        Random random = new Random(4);
        DeviceCache cache = new DeviceCache(
                Operands.gaussian(random, LAYERS * shape.layerElements()),
                Operands.gaussian(random, LAYERS * shape.layerElements()),
                shape.kvHeads,
                shape.capacity,
                shape.headDim,
                5);
        FloatArray keys = Operands.copy(cache.keyFloats());
        FloatArray values = Operands.copy(cache.valueFloats());
        for (int layer = 0; layer < LAYERS; layer++) {
            shape.store(shape.load(keys, layer, 15, 5), keys, layer, 5, 5);
            shape.store(shape.load(values, layer, 15, 5), values, layer, 5, 5);
        }
        IntArray copy = IntArray.fromElements(3, 1);
        KernelGraph graph = new KernelGraph("copy", device.kernels(), 1, Operands.step(0, 1), DeviceTables.create());
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, copy, cache.keys(), cache.values());
        graph.copyBlock("copy", cache, copy);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, cache.keys(), cache.values());
        device.run(graph);
        Operands.assertSameBits(cache.keyFloats(), keys);
        Operands.assertSameBits(cache.valueFloats(), values);
    }

    private record Shape(int heads, int kvHeads, int headDim, int capacity) {
        int layerElements() {
            return kvHeads * capacity * headDim;
        }

        DeviceCache cache(Random random) {
            FloatArray keys = Operands.gaussian(random, LAYERS * layerElements());
            FloatArray values = Operands.gaussian(random, LAYERS * layerElements());
            return new DeviceCache(keys, values, kvHeads, capacity, headDim);
        }

        void store(FloatArray source, FloatArray cache, int layer, int position, int rows) {
            for (int i = 0; i < rows * kvHeads * headDim; i++) {
                cache.set(index(i, layer, position), source.get(i));
            }
        }

        FloatArray load(FloatArray cache, int layer, int position, int rows) {
            FloatArray target = Operands.zeros(rows * kvHeads * headDim);
            for (int i = 0; i < target.getSize(); i++) {
                target.set(i, cache.get(index(i, layer, position)));
            }
            return target;
        }

        private int index(int element, int layer, int position) {
            int d = element % headDim;
            int head = element / headDim % kvHeads;
            int row = element / headDim / kvHeads;
            return ((layer * kvHeads + head) * capacity + position + row) * headDim + d;
        }
    }
}

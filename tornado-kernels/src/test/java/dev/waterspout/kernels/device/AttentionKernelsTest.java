package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.CacheType;
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

/** Rotary embedding, the cache and attention, against the host's reference. */
class AttentionKernelsTest {
    private static final int LAYERS = 2;

    static Stream<Arguments> pairings() {
        return TestDevice.all()
                .flatMap(device -> Stream.of(RopePairing.values()).map(p -> Arguments.of(device, p)));
    }

    static Stream<TestDevice> devices() {
        return Stream.concat(TestDevice.all(), TestDevice.choosing(KernelShape.attention(8, 64, 8)));
    }

    @ParameterizedTest
    @MethodSource("pairings")
    void turnsAndStores(TestDevice device, RopePairing pairing) {
        checkTurn(device, pairing, new Shape(4, 2, 16, 9), 16, 5, 3);
        checkTurn(device, pairing, new Shape(3, 1, 33, 4), 10, 0, 4);
        checkTurn(device, pairing, new Shape(8, 8, 64, 65), 64, 64, 1);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void attendsToEveryPosition(TestDevice device) {
        checkAttention(device, new Shape(4, 2, 16, 300), 0, 1);
        checkAttention(device, new Shape(4, 2, 16, 300), 63, 33);
        checkAttention(device, new Shape(6, 1, 65, 257), 256, 1);
        checkAttention(device, new Shape(3, 3, 128, 131), 0, 131);
        checkAttention(device, new Shape(2, 1, 1, 70), 30, 3);
    }

    private static void checkTurn(
            TestDevice device, RopePairing pairing, Shape shape, int ropeDim, int position, int rows) {
        Random random = new Random(ropeDim);
        FloatArray queries = Operands.gaussian(random, rows * shape.heads * shape.headDim);
        FloatArray keys = Operands.gaussian(random, rows * shape.kvHeads * shape.headDim);
        FloatArray values = Operands.gaussian(random, rows * shape.kvHeads * shape.headDim);
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
        FloatArray expectedKeys = Operands.copy(cache.keys());
        FloatArray expectedValues = Operands.copy(cache.values());
        shape.store(turnedKeys, expectedKeys, 1, position, rows);
        shape.store(values, expectedValues, 1, position, rows);

        IntArray step = Operands.step(1, position, rows);
        FloatArray powers = DeviceTables.create();
        KernelGraph graph = new KernelGraph("rope", device.kernels(), rows, step, powers);
        graph.taskGraph()
                .transferToDevice(
                        DataTransferMode.EVERY_EXECUTION,
                        step,
                        angles,
                        queries,
                        keys,
                        values,
                        cache.keys(),
                        cache.values());
        graph.turnAndStore("turn", new DeviceRope(angles, ropeDim, pairing), cache, shape.heads, queries, keys, values);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, queries, cache.keys(), cache.values());
        device.run(graph);
        Operands.assertClose(queries, turnedQueries, 1e-6);
        // Only what the chunk stores is compared: TornadoVM does not send arrays that a kernel only writes.
        Operands.assertClose(
                shape.load(cache.keys(), 1, position, rows), shape.load(expectedKeys, 1, position, rows), 1e-6);
        Operands.assertSameBits(
                shape.load(cache.values(), 1, position, rows), shape.load(expectedValues, 1, position, rows));
    }

    private static void checkAttention(TestDevice device, Shape shape, int position, int rows) {
        Random random = new Random(position);
        DeviceCache cache = shape.cache(random);
        FloatArray queries = Operands.gaussian(random, rows * shape.heads * shape.headDim);
        for (int i = 0; i < queries.getSize(); i++) {
            // Large enough that a softmax without its maximum would overflow.
            queries.set(i, queries.get(i) * 60f);
        }
        FloatArray expected = Operands.zeros(queries.getSize());
        FloatArray output = Operands.zeros(queries.getSize());
        long layerBytes = (long) shape.layerElements() * Float.BYTES;
        MemorySegment keys = cache.keys().getSegment().asSlice(layerBytes);
        MemorySegment values = cache.values().getSegment().asSlice(layerBytes);
        KvCacheView view = new KvCacheView(keys, values, CacheType.F32, shape.kvHeads, shape.capacity, shape.headDim);
        AttentionCall call =
                new AttentionCall(view, queries.getSegment(), expected.getSegment(), shape.heads, position, rows);
        HostKernels.scalar().attention(call, 0, call.units(), new HostScratch());

        IntArray step = Operands.step(1, position, rows);
        FloatArray powers = DeviceTables.create();
        KernelGraph graph = new KernelGraph("attention", device.kernels(), rows, step, powers);
        graph.taskGraph()
                .transferToDevice(
                        DataTransferMode.EVERY_EXECUTION, step, queries, cache.keys(), cache.values(), output);
        graph.attention("attend", cache, shape.heads, Scoring.plain(cache.headDim()), queries, output);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, output);
        device.run(graph);
        Operands.assertClose(output, expected, 1e-4);
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

package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Compares the norms of heads within the rotary embedding's task with norms in tasks of their own. */
class HeadNormsTest {
    private static final int LAYERS = 2;
    private static final int CAPACITY = 24;
    private static final int BLOCK = 8;
    private static final int POSITION = 6;
    private static final int ROWS = 3;

    /** The shape of a layer's heads; {@code joint} if one array has queries, keys and values. */
    record Shape(int heads, int kvHeads, int headDim, int ropeDim, RopePairing pairing, boolean joint) {
        int queryWidth() {
            return heads * headDim;
        }

        int kvWidth() {
            return kvHeads * headDim;
        }
    }

    static Stream<Arguments> cases() {
        Shape adjacent = new Shape(4, 2, 32, 16, RopePairing.ADJACENT, true);
        Shape halves = new Shape(3, 1, 160, 160, RopePairing.HALVES, false);
        Shape odd = new Shape(6, 3, 37, 20, RopePairing.HALVES, true);
        return TestDevice.ofEachKind()
                .flatMap(device -> Stream.of(
                        Arguments.of(device, CacheType.F32, adjacent),
                        Arguments.of(device, CacheType.F32, halves),
                        Arguments.of(device, CacheType.F16, odd),
                        Arguments.of(device, CacheType.Q8_0, halves)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void haveTheBitsOfTasksOfTheirOwn(TestDevice device, CacheType type, Shape shape) {
        Random random = new Random(shape.headDim);
        int stride = shape.queryWidth() + (shape.joint ? 2 * shape.kvWidth() : 0);
        FloatArray queries = Operands.gaussian(random, ROWS * stride);
        FloatArray keys = shape.joint ? queries : Operands.gaussian(random, ROWS * shape.kvWidth());
        FloatArray values = shape.joint ? queries : Operands.gaussian(random, ROWS * shape.kvWidth());
        FloatArray weight = Operands.gaussian(random, LAYERS * (shape.heads + shape.kvHeads) * shape.headDim);
        FloatArray angles = Operands.gaussian(random, ROWS * 2 * shape.ropeDim);

        Result apart = run(device, type, shape, Operands.copy(queries), keys, values, weight, angles, false);
        Result together = run(device, type, shape, Operands.copy(queries), keys, values, weight, angles, true);
        Operands.assertSameBits(together.queries, apart.queries);
        assertThat(stored(together.cache, together.cache.keys())).isEqualTo(stored(apart.cache, apart.cache.keys()));
        assertThat(stored(together.cache, together.cache.values()))
                .isEqualTo(stored(apart.cache, apart.cache.values()));
        assertThat(together.launches).isEqualTo(1);
        assertThat(apart.launches).isEqualTo(3);
    }

    private record Result(FloatArray queries, DeviceCache cache, int launches) {}

    private static Result run(
            TestDevice device,
            CacheType type,
            Shape shape,
            FloatArray queries,
            FloatArray separateKeys,
            FloatArray separateValues,
            FloatArray weight,
            FloatArray angles,
            boolean together) {
        FloatArray keys = shape.joint ? queries : Operands.copy(separateKeys);
        FloatArray values = shape.joint ? queries : separateValues;
        int stride = queries.getSize() / ROWS;
        int kvStride = shape.joint ? stride : shape.kvWidth();
        DeviceColumns ofQueries = new DeviceColumns(queries, stride, 0);
        DeviceColumns ofKeys = new DeviceColumns(keys, kvStride, shape.joint ? shape.queryWidth() : 0);
        DeviceColumns ofValues =
                new DeviceColumns(values, kvStride, shape.joint ? shape.queryWidth() + shape.kvWidth() : 0);
        FloatArray turned = Operands.zeros(ROWS * shape.queryWidth());
        DeviceCache cache = cache(type, shape);
        IntArray step = Operands.step(1, ROWS);
        RowPlaces places = new RowPlaces(cache, ROWS, 3);
        places.add(POSITION, ROWS, 2, 0, 1);
        KernelGraph graph = new KernelGraph("heads", device.kernels(), ROWS, step, DeviceTables.create());
        FloatArray queryNorms = part(weight, shape, 0, shape.heads);
        FloatArray keyNorms = part(weight, shape, shape.heads, shape.kvHeads);
        Stream.of(step, places.data(), angles, queries, keys, values, cache.keys(), cache.values(), turned)
                .distinct()
                .forEach(array -> graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, array));
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, weight, queryNorms, keyNorms);
        DeviceRope rope = new DeviceRope(angles, shape.ropeDim, shape.pairing);
        @Nullable DeviceNorm norms = together ? norm(weight, shape.heads + shape.kvHeads, shape) : null;
        if (!together) {
            graph.normalize("queries", norm(queryNorms, shape.heads, shape), ofQueries);
            graph.normalize("keys", norm(keyNorms, shape.kvHeads, shape), ofKeys);
        }
        HeadColumns made = new HeadColumns(ofQueries, ofKeys, ofValues, norms);
        graph.turnAndStore("turn", rope, cache, places, shape.heads, made, turned);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, turned, cache.keys(), cache.values());
        device.run(graph);
        return new Result(turned, cache, graph.launches());
    }

    private static DeviceNorm norm(FloatArray weight, int heads, Shape shape) {
        return new DeviceNorm(DeviceNorm.Kind.RMS, weight, null, heads, heads, shape.headDim, 1e-5f);
    }

    /** Returns the weights of some heads of all layers. */
    private static FloatArray part(FloatArray weight, Shape shape, int from, int heads) {
        FloatArray part = Operands.zeros(LAYERS * heads * shape.headDim);
        int ofLayer = (shape.heads + shape.kvHeads) * shape.headDim;
        int width = heads * shape.headDim;
        for (int i = 0; i < part.getSize(); i++) {
            part.set(i, weight.get(i / width * ofLayer + from * shape.headDim + i % width));
        }
        return part;
    }

    private static DeviceCache cache(CacheType type, Shape shape) {
        int elements = LAYERS * shape.kvHeads * CAPACITY * DeviceCache.rowElements(type, shape.headDim);
        return new DeviceCache(
                DeviceCache.allocate(type, elements),
                DeviceCache.allocate(type, elements),
                type,
                shape.kvHeads,
                CAPACITY,
                shape.headDim,
                BLOCK);
    }

    /** Returns the bytes of the stored positions; TornadoVM does not transfer a cache that is only written. */
    private static byte[] stored(DeviceCache cache, TornadoNativeArray array) {
        int[] slots = {2 * BLOCK + 6, 2 * BLOCK + 7, 0};
        int rowBytes = cache.rowElements() * Integer.BYTES;
        byte[] bytes = new byte[cache.kvHeads() * slots.length * rowBytes];
        int at = 0;
        for (int head = 0; head < cache.kvHeads(); head++) {
            for (int slot : slots) {
                long row = (long) (cache.kvHeads() + head) * CAPACITY + slot;
                byte[] some =
                        array.getSegment().asSlice(row * rowBytes, rowBytes).toArray(ValueLayout.JAVA_BYTE);
                // The second half of the last word of a head with an odd number of elements has no meaning.
                System.arraycopy(some, 0, bytes, at, rowBytes - (cache.headDim() % 2 == 1 ? 2 : 0));
                at += rowBytes;
            }
        }
        return bytes;
    }

    @Test
    void areOfAllHeads() {
        FloatArray made = new FloatArray(64);
        DeviceColumns columns = new DeviceColumns(made, 64, 0);
        DeviceNorm norms = new DeviceNorm(new FloatArray(8), 3, 8, 1e-5f);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HeadColumns(columns, columns, null, norms))
                .withMessageContaining("without values");
        DeviceCache cache = cache(CacheType.F32, new Shape(4, 2, 8, 8, RopePairing.HALVES, true));
        KernelGraph graph = new KernelGraph(
                "heads",
                TestDevice.ofEachKind().findFirst().orElseThrow().kernels(),
                1,
                Operands.step(0, 1),
                DeviceTables.create());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.turnAndStore(
                        "turn",
                        new DeviceRope(new FloatArray(16), 8, RopePairing.HALVES),
                        cache,
                        new RowPlaces(cache, 1, 1),
                        4,
                        new HeadColumns(columns, columns, columns, norms),
                        new FloatArray(32)))
                .withMessage("norms of 3 heads of 8 elements: there are 6 of 8");
    }
}

package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.HalfBits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Attention that also normalizes, rotates and stores has the bits of attention after a task that does. */
class TurnedAttentionTest {
    private static final int LAYERS = 2;
    private static final int ROPE_DIM = 16;
    private static final int BLOCK = 20;
    /** Blocks of a cache that attention splits into parts on GPUs. */
    private static final int LONG = 15;

    private static final int SHORT = 5;

    /** Rows of a sequence, from a position on. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Rows(int position, int count, int... blocks) {}

    /**
     * An attention.
     *
     * @param joint whether one array has queries, keys and values
     * @param choiceRows tokens of the chunk for which the kernel is chosen
     */
    record Case(
            CacheType type,
            int heads,
            int kvHeads,
            int headDim,
            boolean normed,
            boolean joint,
            int blocks,
            int window,
            int choiceRows,
            List<Rows> sequences) {
        Case(
                CacheType type,
                int heads,
                int kvHeads,
                int headDim,
                boolean normed,
                boolean joint,
                int blocks,
                int window,
                List<Rows> sequences) {
            this(type, heads, kvHeads, headDim, normed, joint, blocks, window, 4, sequences);
        }

        int rows() {
            return sequences.stream().mapToInt(Rows::count).sum();
        }

        int queryWidth() {
            return heads * headDim;
        }

        int kvWidth() {
            return kvHeads * headDim;
        }

        int own() {
            return (int) DeviceCache.ownElements(type, headDim, heads, rows());
        }

        int rowBytes() {
            return DeviceCache.rowElements(type, headDim) * Integer.BYTES;
        }

        @Override
        public String toString() {
            return type + " " + heads + "/" + kvHeads + "x" + headDim + (normed ? " with norms" : "") + ", " + rows()
                    + " rows of " + sequences.size() + ", " + blocks + " blocks";
        }
    }

    static Stream<Arguments> cases() {
        Rows begun = new Rows(0, 1, 2);
        Rows further = new Rows(46, 3, 3, 0, 4);
        Rows late = new Rows(270, 1, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
        Rows across = new Rows(126, 4, 14, 13, 12, 11, 10, 9, 8);
        List<Case> cases = List.of(
                new Case(CacheType.F32, 4, 2, 16, false, true, SHORT, 0, List.of(begun)),
                new Case(CacheType.F32, 6, 2, 34, true, true, SHORT, 40, List.of(further, begun)),
                new Case(CacheType.F16, 3, 1, 37, false, false, SHORT, 0, List.of(further)),
                new Case(CacheType.F16, 4, 4, 32, true, false, SHORT, 0, List.of(begun, further)),
                new Case(CacheType.Q8_0, 4, 2, 64, false, true, SHORT, 2, List.of(begun, further)),
                new Case(CacheType.Q8_0, 2, 1, 160, true, false, SHORT, 0, List.of(further)),
                new Case(CacheType.F32, 9, 1, 128, true, false, LONG, 0, List.of(late)),
                new Case(CacheType.F16, 4, 2, 40, false, true, LONG, 0, List.of(across)),
                new Case(CacheType.Q8_0, 4, 1, 64, true, true, LONG, 200, List.of(late, new Rows(0, 1, 0))),
                // A GPU attends by tiles of queries.
                new Case(CacheType.F32, 9, 1, 40, true, true, SHORT, 40, 64, List.of(further, begun)),
                new Case(CacheType.Q8_0, 4, 2, 64, false, false, LONG, 0, 64, List.of(begun, across)));
        return Stream.concat(
                TestDevice.ofEachKind().flatMap(device -> cases.stream().map(each -> Arguments.of(device, each))),
                // Kernels that are not the default of a device, with norms and without.
                Stream.concat(
                        TestDevice.choosing(KernelShape.attention(8, 64, 8))
                                .filter(device -> choice(device, cases.get(1)).perItem() == 1)
                                .flatMap(device ->
                                        Stream.of(cases.get(1), cases.get(4)).map(each -> Arguments.of(device, each))),
                        SplitAttentionTest.devices()
                                .flatMap(device -> Stream.of(cases.get(7), cases.get(8))
                                        .map(each -> Arguments.of(device, each)))));
    }

    private static KernelChoice choice(TestDevice device, Case shape) {
        return device.kernels().choice(KernelShape.attention(shape.type, shape.heads, shape.headDim, shape.choiceRows));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void hasTheBitsOfSeparateTasks(TestDevice device, Case shape) {
        Inputs inputs = new Inputs(shape);
        DeviceCache cache = inputs.cache;
        DeviceCache stored = copy(shape, cache);
        FloatArray queries = Operands.zeros(shape.rows() * shape.queryWidth());
        inputs.run(
                device,
                stored,
                queries,
                queries,
                (graph, places) ->
                        graph.turnAndStore("turn", inputs.rope, stored, places, shape.heads, inputs.made, queries));
        // TornadoVM does not transfer a cache that a graph writes before it reads it, hence three graphs.
        DeviceCache whole = copy(shape, cache);
        copyRows(shape, stored.keys(), whole.keys());
        copyRows(shape, stored.values(), whole.values());
        FloatArray expected = Operands.zeros(queries.getSize());
        inputs.run(
                device,
                whole,
                queries,
                expected,
                (graph, places) ->
                        graph.attention("attend", whole, places, shape.heads, inputs.scoring, queries, expected));

        FloatArray turned = Operands.zeros(queries.getSize());
        FloatArray output = Operands.zeros(queries.getSize());
        KernelGraph together = inputs.run(
                device,
                cache,
                turned,
                output,
                (graph, places) -> graph.turnAndAttend(
                        "attend", inputs.rope, cache, places, inputs.scoring, inputs.made, turned, output));

        boolean split = shape.blocks == LONG && choice(device, shape).cut() == KernelCut.SPLIT;
        assertThat(together.launches()).isEqualTo(split ? 2 : 1);
        assertThat(bytes(shape, cache.keys())).isEqualTo(bytes(shape, whole.keys()));
        assertThat(bytes(shape, cache.values())).isEqualTo(bytes(shape, whole.values()));
        Operands.assertSameBits(output, expected);
    }

    /** Returns the bytes of all layers. */
    private static byte[] bytes(Case shape, TornadoNativeArray array) {
        long own = (long) Integer.BYTES * shape.own();
        return array.getSegment()
                .asSlice(0, array.getSegment().byteSize() - own)
                .toArray(ValueLayout.JAVA_BYTE);
    }

    private static DeviceCache cache(Case shape, TornadoNativeArray keys, TornadoNativeArray values) {
        return new DeviceCache(
                keys, values, shape.type, shape.kvHeads, shape.blocks * BLOCK, shape.headDim, BLOCK, shape.own());
    }

    private static DeviceCache copy(Case shape, DeviceCache cache) {
        return cache(shape, copy(shape, cache.keys()), copy(shape, cache.values()));
    }

    private static TornadoNativeArray copy(Case shape, TornadoNativeArray array) {
        TornadoNativeArray copy = DeviceCache.allocate(shape.type, array.getSize());
        copy.getSegment().copyFrom(array.getSegment());
        return copy;
    }

    /** Copies what the rows of the launch have stored, in layer 1. */
    private static void copyRows(Case shape, TornadoNativeArray from, TornadoNativeArray to) {
        for (Rows rows : shape.sequences) {
            for (int position = rows.position; position < rows.position + rows.count; position++) {
                int slot = rows.blocks[position / BLOCK] * BLOCK + position % BLOCK;
                for (int head = 0; head < shape.kvHeads; head++) {
                    long at = ((long) (shape.kvHeads + head) * shape.blocks * BLOCK + slot) * shape.rowBytes();
                    MemorySegment.copy(from.getSegment(), at, to.getSegment(), at, shape.rowBytes());
                }
            }
        }
    }

    /** The random operands of a case. */
    private static final class Inputs {
        final DeviceCache cache;
        final HeadColumns made;
        final DeviceRope rope;
        final DeviceScoring scoring;
        private final Case shape;

        Inputs(Case shape) {
            this.shape = shape;
            Random random = new Random(shape.headDim);
            int elements =
                    LAYERS * shape.kvHeads * shape.blocks * BLOCK * shape.rowBytes() / Integer.BYTES + shape.own();
            this.cache = TurnedAttentionTest.cache(shape, filled(random, elements), filled(random, elements));
            int kvWidth = shape.kvWidth();
            int stride = shape.queryWidth() + (shape.joint ? 2 * kvWidth : 0);
            FloatArray queries = Operands.gaussian(random, shape.rows() * stride);
            FloatArray keys = shape.joint ? queries : Operands.gaussian(random, shape.rows() * kvWidth);
            FloatArray values = shape.joint ? queries : Operands.gaussian(random, shape.rows() * kvWidth);
            int kvStride = shape.joint ? stride : kvWidth;
            int heads = shape.heads + shape.kvHeads;
            FloatArray weight = Operands.gaussian(random, LAYERS * heads * shape.headDim);
            this.made = new HeadColumns(
                    new DeviceColumns(queries, stride, 0),
                    new DeviceColumns(keys, kvStride, shape.joint ? shape.queryWidth() : 0),
                    new DeviceColumns(values, kvStride, shape.joint ? shape.queryWidth() + kvWidth : 0),
                    shape.normed
                            ? new DeviceNorm(DeviceNorm.Kind.RMS, weight, null, heads, heads, shape.headDim, 1e-5f)
                            : null);
            FloatArray angles = Operands.gaussian(random, shape.rows() * 2 * ROPE_DIM);
            this.rope = new DeviceRope(angles, ROPE_DIM, shape.joint ? RopePairing.HALVES : RopePairing.ADJACENT);
            FloatArray sinks = Operands.gaussian(random, LAYERS * shape.heads);
            this.scoring = new DeviceScoring(0.2f, shape.window > 0 ? 3f : 0f, sinks);
        }

        private TornadoNativeArray filled(Random random, int elements) {
            if (shape.type == CacheType.F32) {
                return Operands.gaussian(random, elements);
            }
            IntArray words = new IntArray(elements);
            for (int i = 0; i < elements; i++) {
                int half = HalfBits.of((float) random.nextGaussian());
                words.set(
                        i,
                        shape.type == CacheType.F16
                                ? half | HalfBits.of((float) random.nextGaussian()) << 16
                                : i % 9 == 0 ? HalfBits.of(0.01f) : random.nextInt());
            }
            return words;
        }

        KernelGraph run(
                TestDevice device,
                DeviceCache used,
                FloatArray queries,
                FloatArray output,
                BiConsumer<KernelGraph, RowPlaces> tasks) {
            IntArray step = Operands.step(1, shape.rows());
            step.set(Step.WINDOW, shape.window);
            RowPlaces places = new RowPlaces(used, shape.rows(), shape.blocks * shape.sequences.size());
            shape.sequences.forEach(rows -> places.add(rows.position, rows.count, rows.blocks));
            KernelGraph graph = new KernelGraph(
                    "turn", device.kernels(), shape.rows(), shape.choiceRows, step, DeviceTables.create());
            Stream.of(
                            Stream.of(step, places.data(), rope.angles(), scoring.sinks(), queries, output),
                            Stream.of(made.queries(), made.keys(), made.values())
                                    .map(each -> each.array()),
                            Stream.ofNullable(made.norms()).map(DeviceNorm::weight),
                            Stream.of(used.keys(), used.values()))
                    .flatMap(each -> each)
                    .distinct()
                    .forEach(array -> graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, array));
            tasks.accept(graph, places);
            Stream.of(output, queries, used.keys(), used.values())
                    .distinct()
                    .forEach(array -> graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, array));
            device.run(graph);
            return graph;
        }
    }
}

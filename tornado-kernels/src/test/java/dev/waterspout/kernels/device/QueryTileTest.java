package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.device.kernels.CachedWords;
import dev.waterspout.kernels.device.kernels.QueryTileKernels;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.HeadGroups;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.KvCacheView;
import dev.waterspout.kernels.host.Scoring;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.HalfBits;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Compares attention by tiles of queries with the host's reference, and its bits with each other. */
class QueryTileTest {
    private static final int LAYERS = 2;
    private static final int BLOCK_SIZE = 40;
    /** Blocks of a cache. A sequence has some of them in descending order. */
    private static final int BLOCKS = 9;

    private static final DeviceLimits H200 = new DeviceLimits(1024, 1024, 64, 48 << 10, 132);

    /** Some tokens of one sequence: its first position, their number, and the block that the sequence has first. */
    record Run(int position, int rows, int block) {
        int[] blocks() {
            return IntStream.range(0, BLOCKS)
                    .map(i -> (BLOCKS + block - i) % BLOCKS)
                    .toArray();
        }
    }

    /** A cache of random keys and values, with a sink per query head. */
    record Case(
            CacheType type, int heads, int kvHeads, int headDim, int itemRows, int window, float cap, KernelCut cut) {
        Case(CacheType type, int heads, int kvHeads, int headDim, int itemRows, int window, float cap) {
            this(type, heads, kvHeads, headDim, itemRows, window, cap, KernelCut.QUERIES);
        }

        /** The tiles of tensor cores. */
        static Case tensor(CacheType type, int heads, int kvHeads, int headDim, int window, float cap) {
            return new Case(type, heads, kvHeads, headDim, 8, window, cap, KernelCut.TENSOR);
        }

        DeviceCache cache(Random random) {
            int elements = LAYERS * kvHeads * BLOCKS * BLOCK_SIZE * DeviceCache.rowElements(type, headDim);
            TornadoNativeArray keys = fill(random, elements);
            return new DeviceCache(
                    keys, fill(random, elements), type, kvHeads, BLOCKS * BLOCK_SIZE, headDim, BLOCK_SIZE);
        }

        private TornadoNativeArray fill(Random random, int elements) {
            if (type == CacheType.F32) {
                return Operands.gaussian(random, elements);
            }
            IntArray words = new IntArray(elements);
            for (int i = 0; i < elements; i++) {
                int half = HalfBits.of((float) random.nextGaussian());
                words.set(
                        i,
                        type == CacheType.F16
                                ? half | HalfBits.of((float) random.nextGaussian()) << 16
                                : i % 9 == 0 ? HalfBits.of(0.01f) : random.nextInt());
            }
            return words;
        }

        KernelChoice choice() {
            return new KernelChoice(cut, itemRows, QueryTileKernels.ITEMS);
        }

        FloatArray attend(
                TestDevice device,
                DeviceCache cache,
                DeviceScoring scoring,
                FloatArray queries,
                int choiceRows,
                int sequences,
                List<Run> runs) {
            int rows = runs.stream().mapToInt(Run::rows).sum();
            IntArray step = Operands.step(1, rows);
            step.set(Step.WINDOW, window);
            RowPlaces places = new RowPlaces(cache, rows, BLOCKS * runs.size(), sequences);
            runs.forEach(run -> places.add(run.position, run.rows, run.blocks()));
            FloatArray output = Operands.zeros(rows * heads * headDim);
            KernelDevice kernels = device.kernels().with(_ -> Optional.of(choice()));
            KernelGraph graph =
                    new KernelGraph("tiles", kernels, rows, Math.max(rows, choiceRows), step, DeviceTables.create());
            Stream.of(step, places.data(), cache.keys(), cache.values(), queries, scoring.sinks(), output)
                    .forEach(each -> graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, each));
            graph.attention("attend", cache, places, heads, scoring, queries, output);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, output);
            device.run(graph);
            return output;
        }

        /** Attends on the host, over the same elements in f32. */
        FloatArray reference(DeviceCache cache, DeviceScoring scoring, FloatArray queries, Run run) {
            int all = BLOCKS * BLOCK_SIZE;
            FloatArray keys = new FloatArray(kvHeads * all * headDim);
            FloatArray values = new FloatArray(keys.getSize());
            int[] blocks = run.blocks();
            for (int at = 0; at < kvHeads * all; at++) {
                int position = at % all;
                int slot = blocks[position / BLOCK_SIZE] * BLOCK_SIZE + position % BLOCK_SIZE;
                int row = ((kvHeads + at / all) * all + slot) * cache.rowElements();
                for (int d = 0; d < headDim; d++) {
                    keys.set(at * headDim + d, element(cache, cache.keys(), row, d));
                    values.set(at * headDim + d, element(cache, cache.values(), row, d));
                }
            }
            KvCacheView view =
                    new KvCacheView(keys.getSegment(), values.getSegment(), CacheType.F32, kvHeads, all, headDim);
            FloatArray output = Operands.zeros(run.rows * heads * headDim);
            AttentionCall call = new AttentionCall(
                    view,
                    queries.getSegment(),
                    output.getSegment(),
                    new HeadGroups(heads, heads / kvHeads, 0),
                    run.position,
                    run.rows,
                    new Scoring(
                            scoring.scale(),
                            scoring.cap(),
                            window,
                            scoring.sinks().getSegment().asSlice((long) heads * Float.BYTES)));
            HostKernels.scalar().attention(call, 0, call.units(), new HostScratch());
            return output;
        }

        private static float element(DeviceCache cache, TornadoNativeArray array, int row, int d) {
            return array instanceof FloatArray floats
                    ? floats.get(row + d)
                    : CachedWords.element((IntArray) array, row, d, cache.kernelFormat());
        }

        DeviceScoring scoring(Random random) {
            return new DeviceScoring(0.2f, cap, Operands.gaussian(random, LAYERS * heads));
        }

        FloatArray slice(FloatArray rows, int first, int count) {
            return Operands.copy(rows.slice(first * heads * headDim, count * heads * headDim));
        }
    }

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind().filter(device -> device.kernels().variant() == KernelVariant.GROUPS);
    }

    static Stream<Arguments> cases() {
        return devices()
                .flatMap(device -> Stream.of(
                        Arguments.of(device, new Case(CacheType.F32, 2, 1, 64, 4, 0, 0), new Run(0, 33, 3)),
                        Arguments.of(device, new Case(CacheType.F32, 4, 2, 80, 8, 0, 2), new Run(61, 9, 1)),
                        Arguments.of(device, new Case(CacheType.F32, 1, 1, 128, 8, 70, 0), new Run(150, 70, 0)),
                        Arguments.of(device, new Case(CacheType.F32, 3, 1, 256, 4, 0, 0), new Run(60, 12, 5)),
                        Arguments.of(device, new Case(CacheType.F16, 9, 1, 37, 2, 5, 0), new Run(128, 10, 8)),
                        Arguments.of(device, new Case(CacheType.F16, 5, 1, 96, 2, 0, 0), new Run(63, 9, 2)),
                        Arguments.of(device, new Case(CacheType.Q8_0, 4, 1, 128, 8, 65, 3), new Run(127, 33, 4)),
                        Arguments.of(device, new Case(CacheType.Q8_0, 2, 2, 64, 2, 0, 0), new Run(40, 20, 7))));
    }

    static Stream<Arguments> tensorCases() {
        return TestDevice.withTensorCores()
                .flatMap(device -> Stream.of(
                        Arguments.of(device, Case.tensor(CacheType.F32, 4, 2, 128, 0, 0), new Run(61, 33, 3)),
                        Arguments.of(device, Case.tensor(CacheType.F32, 3, 1, 80, 70, 2), new Run(150, 9, 1)),
                        Arguments.of(device, Case.tensor(CacheType.F16, 1, 1, 96, 0, 0), new Run(60, 70, 0)),
                        Arguments.of(device, Case.tensor(CacheType.Q8_0, 2, 1, 64, 65, 0), new Run(127, 33, 4))));
    }

    /** Scores have an absolute error of 2^-16 of the products that they add. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("tensorCases")
    void tensorCoresEqualTheHost(TestDevice device, Case shape, Run run) {
        check(device, shape, run, 1f, 1e-4);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheHost(TestDevice device, Case shape, Run run) {
        // Large enough that a softmax without subtraction of the maximum would overflow.
        check(device, shape, run, 20f, 1e-4);
    }

    private static void check(TestDevice device, Case shape, Run run, float factor, double tolerance) {
        Random random = new Random(run.position);
        DeviceCache cache = shape.cache(random);
        DeviceScoring scoring = shape.scoring(random);
        FloatArray queries = Operands.gaussian(random, run.rows * shape.heads * shape.headDim);
        for (int i = 0; i < queries.getSize(); i++) {
            queries.set(i, queries.get(i) * factor);
        }
        FloatArray output = shape.attend(device, cache, scoring, queries, 9, 1, List.of(run));
        Operands.assertClose(output, shape.reference(cache, scoring, queries, run), tolerance);
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("dev.waterspout.kernels.device.TestDevice#withTensorCores")
    void theBitsOfARowOnTensorCoresDoNotDependOnOthers(TestDevice device) {
        Case shape = Case.tensor(CacheType.F32, 2, 1, 32, 50, 0);
        Random random = new Random(2);
        DeviceCache cache = shape.cache(random);
        DeviceScoring scoring = shape.scoring(random);
        FloatArray queries = Operands.gaussian(random, 9 * shape.heads * shape.headDim);
        List<Run> runs = List.of(new Run(62, 8, 4), new Run(5, 1, 7));
        FloatArray together = shape.attend(device, cache, scoring, queries, 9, 2, runs);
        Run run = new Run(63, 2, 4);
        FloatArray own = shape.slice(queries, 1, 2);
        // A tile per token, as in decode.
        FloatArray alone = shape.attend(device, cache, scoring, own, 9, 1, List.of(run));
        Operands.assertSameBits(alone, shape.slice(together, 1, 2));
        Operands.assertClose(alone, shape.reference(cache, scoring, own, run), 1e-4);
    }

    /** The rows of three sequences in one pass, in passes of one sequence, of other tiles, and of decode. */
    @ParameterizedTest
    @MethodSource("devices")
    void theBitsOfARowDoNotDependOnOthers(TestDevice device) {
        Case shape = new Case(CacheType.F32, 4, 2, 40, 4, 50, 0);
        Case others = new Case(CacheType.F32, 4, 2, 40, 2, 50, 0);
        Random random = new Random(1);
        DeviceCache cache = shape.cache(random);
        DeviceScoring scoring = shape.scoring(random);
        List<Run> runs = List.of(new Run(70, 21, 4), new Run(5, 1, 7), new Run(126, 5, 4));
        FloatArray queries = Operands.gaussian(random, 27 * shape.heads * shape.headDim);
        FloatArray together = shape.attend(device, cache, scoring, queries, 27, 3, runs);
        int first = 0;
        for (Run run : runs) {
            FloatArray own = shape.slice(queries, first, run.rows);
            FloatArray expected = shape.slice(together, first, run.rows);
            Operands.assertClose(expected, shape.reference(cache, scoring, own, run), 1e-4);
            Operands.assertSameBits(shape.attend(device, cache, scoring, own, 9, 1, List.of(run)), expected);
            Operands.assertSameBits(others.attend(device, cache, scoring, own, 9, 1, List.of(run)), expected);
            first += run.rows;
        }
        List<Run> decode = List.of(new Run(80, 1, 4), new Run(5, 1, 7), new Run(130, 1, 4));
        FloatArray own = Operands.zeros(3 * shape.heads * shape.headDim);
        int width = shape.heads * shape.headDim;
        int[] rows = {10, 21, 26};
        for (int i = 0; i < own.getSize(); i++) {
            own.set(i, queries.get(rows[i / width] * width + i % width));
        }
        FloatArray alone = shape.attend(device, cache, scoring, own, 27, 3, decode);
        for (int i = 0; i < rows.length; i++) {
            Operands.assertSameBits(shape.slice(alone, i, 1), shape.slice(together, rows[i], 1));
        }
    }

    @Test
    void tilesFitHeadsAndTokens() {
        DeviceCache large = cache(8, 128);
        KernelChoice choice = new KernelChoice(KernelCut.QUERIES, 8, QueryTileKernels.ITEMS);
        RowPlaces one = new RowPlaces(large, 512, 1, 1);
        RowPlaces several = new RowPlaces(large, 512, 4, 4);

        assertThat(QueryTilePlan.of(large, 32, choice, false, one)).isEqualTo(new QueryTilePlan(8, 4, 16, 16));
        assertThat(QueryTilePlan.of(large, 32, choice, false, several)).isEqualTo(new QueryTilePlan(8, 4, 16, 1));
        assertThat(QueryTilePlan.of(large, 32, choice, true, several)).isEqualTo(new QueryTilePlan(1, 4, 1, 1));
        assertThat(QueryTilePlan.of(large, 128, choice, true, several)).isEqualTo(new QueryTilePlan(2, 16, 1, 1));
        KernelChoice tensor = new KernelChoice(KernelCut.TENSOR, 8, QueryTileKernels.ITEMS);
        assertThat(QueryTilePlan.of(large, 32, tensor, true, several)).isEqualTo(new QueryTilePlan(8, 4, 1, 1));
        // More heads than queries of a tile share a KV head.
        QueryTilePlan sliced = QueryTilePlan.of(cache(1, 64), 71, choice, false, one);
        assertThat(sliced).isEqualTo(new QueryTilePlan(8, 36, 1, 1));
        assertThat(sliced.groups(cache(1, 64), 71)).isEqualTo(2);
    }

    @Test
    void theyAreTheDefaultOfChunksOnGpus() {
        KernelDevice gpu = new KernelDevice(KernelVariant.GROUPS, H200);
        KernelDevice cpu = new KernelDevice(KernelVariant.ITEMS, H200);
        KernelDevice small = new KernelDevice(KernelVariant.GROUPS, new DeviceLimits(1024, 1024, 64, 32 << 10, 8));

        assertThat(first(128, 512, gpu)).isEqualTo(new KernelChoice(KernelCut.QUERIES, 8, QueryTileKernels.ITEMS));
        assertThat(first(256, 9, gpu)).isEqualTo(new KernelChoice(KernelCut.QUERIES, 4, QueryTileKernels.ITEMS));
        assertThat(first(192, 9, gpu).perItem()).isEqualTo(4);
        assertThat(first(128, 8, gpu).cut()).isEqualTo(KernelCut.SPLIT);
        assertThat(first(576, 512, gpu).cut()).isEqualTo(KernelCut.GROUP);
        assertThat(first(128, 512, small).cut()).isEqualTo(KernelCut.GROUP);
        assertThat(first(128, 512, cpu).cut()).isEqualTo(KernelCut.PLAIN);

        KernelChoice tensor = new KernelChoice(KernelCut.TENSOR, 8, QueryTileKernels.ITEMS);
        KernelDevice cores = new KernelDevice(KernelVariant.GROUPS, H200, KernelChoices.DEFAULTS, true);
        assertThat(first(128, 512, cores).cut()).isEqualTo(KernelCut.QUERIES);
        assertThat(KernelCandidates.of(KernelShape.attention(32, 128, 512), cores))
                .contains(tensor);
        assertThat(KernelCandidates.of(KernelShape.attention(32, 128, 512), gpu))
                .doesNotContain(tensor);
        assertThat(KernelCandidates.of(KernelShape.attention(32, 256, 512), cores))
                .doesNotContain(tensor);
        assertThat(KernelCandidates.of(KernelShape.attention(32, 126, 512), cores))
                .doesNotContain(tensor);
    }

    private static KernelChoice first(int headDim, int tokens, KernelDevice device) {
        return KernelCandidates.of(KernelShape.attention(32, headDim, tokens), device)
                .getFirst();
    }

    private static DeviceCache cache(int kvHeads, int headDim) {
        FloatArray keys = new FloatArray(kvHeads * 64 * headDim);
        return new DeviceCache(keys, keys, kvHeads, 64, headDim);
    }
}

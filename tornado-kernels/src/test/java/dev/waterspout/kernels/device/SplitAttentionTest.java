package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.device.kernels.CachedWords;
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
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Compares attention that is split over positions with the host's reference. */
class SplitAttentionTest {
    private static final int LAYERS = 2;
    /** Positions of a part, at least. */
    private static final int PART = 128;
    /** Blocks of a cache, of which a sequence has all but the first, in descending order. */
    private static final int BLOCKS = 28;

    private static final int BLOCK_SIZE = 20;

    /** Devices that split positions into as many parts as there are, and into two. */
    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind()
                .filter(device -> device.kernels().variant() == KernelVariant.GROUPS)
                .flatMap(device -> Stream.of(splitting(device, 32, 132), splitting(device, 64, 1)));
    }

    private static TestDevice splitting(TestDevice device, int local, int computeUnits) {
        DeviceLimits limits = device.kernels().limits();
        KernelChoice choice = new KernelChoice(KernelCut.SPLIT, PART, local);
        KernelDevice kernels = new KernelDevice(
                KernelVariant.GROUPS,
                new DeviceLimits(
                        limits.groupItems(), limits.groupX(), limits.groupY(), limits.localBytes(), computeUnits),
                _ -> Optional.of(choice));
        return new TestDevice(device.name() + " " + choice.label(), device.device(), kernels);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void attendsAtTheEdgesOfParts(TestDevice device) {
        Case shape = new Case(CacheType.F32, 4, 2, 16);
        shape.check(device, 0, new int[] {0});
        shape.check(device, 0, new int[] {PART - 2, PART - 1, PART});
        shape.check(device, 0, new int[] {2 * PART - 1, 2 * PART, BLOCK_SIZE * (BLOCKS - 1) - 1});
    }

    @ParameterizedTest
    @MethodSource("devices")
    void attendsWithinAWindow(TestDevice device) {
        Case shape = new Case(CacheType.F32, 3, 1, 34);
        shape.check(device, 1, new int[] {5, 300});
        shape.check(device, PART + 1, new int[] {PART - 1, PART, PART + 1, 3 * PART});
    }

    /** 9 heads of 128 elements that share a KV head do not fit one work-group. */
    @ParameterizedTest
    @MethodSource("devices")
    void attendsWithSlicesOfHeadsAndPackedCaches(TestDevice device) {
        new Case(CacheType.F32, 9, 1, 128).check(device, 0, new int[] {300});
        new Case(CacheType.F16, 5, 1, 37).check(device, 0, new int[] {PART, 333});
        new Case(CacheType.Q8_0, 8, 1, 64).check(device, 200, new int[] {PART + 1, 500});
    }

    @Test
    void theGridDependsOnTheCacheAndTheDeviceOnly() {
        DeviceLimits h200 = new DeviceLimits(1024, 1024, 64, 48 << 10, 132);
        KernelChoice choice = new KernelChoice(KernelCut.SPLIT, PART, 64);
        DeviceCache large = cache(8, 8192, 128);

        SplitPlan plan = SplitPlan.of(large, 32, 1, choice, h200);

        assertThat(plan).isEqualTo(new SplitPlan(64, PART, 4, 64));
        assertThat(plan.groups(large, 32)).isEqualTo(512);
        // Several rows occupy the device with fewer parts.
        assertThat(SplitPlan.of(large, 32, 8, choice, h200).parts()).isEqualTo(9);
        // Heads that share one KV head are cut into slices of nearly the same size.
        assertThat(SplitPlan.of(cache(1, 8192, 128), 71, 1, choice, h200).groupHeads())
                .isEqualTo(8);
        assertThat(SplitPlan.of(cache(1, 8192, 128), 9, 1, choice, h200).groupHeads())
                .isEqualTo(5);
        assertThat(SplitPlan.of(cache(1, 8192, 576), 16, 1, choice, h200).groupHeads())
                .isEqualTo(1);
    }

    @Test
    void shortCachesAndSmallDevicesHaveOneTask() {
        DeviceLimits h200 = new DeviceLimits(1024, 1024, 64, 48 << 10, 132);
        KernelChoice split = new KernelChoice(KernelCut.SPLIT, PART, 64);
        KernelChoice group = new KernelChoice(KernelCut.GROUP, 1, 64);

        assertThat(SplitPlan.resolve(split, cache(2, 2 * PART, 64), h200)).isEqualTo(split);
        assertThat(SplitPlan.resolve(split, cache(2, 2 * PART - 1, 64), h200)).isEqualTo(group);
        assertThat(SplitPlan.resolve(split, cache(1, 2 * PART, 1025), h200)).isEqualTo(group);
        DeviceLimits small = new DeviceLimits(1024, 1024, 64, 16 << 10, 132);
        assertThat(SplitPlan.resolve(split, cache(2, 2 * PART, 64), small)).isEqualTo(group);
    }

    private static DeviceCache cache(int kvHeads, int capacity, int headDim) {
        FloatArray keys = new FloatArray(kvHeads * capacity * headDim);
        return new DeviceCache(keys, keys, kvHeads, capacity, headDim);
    }

    /** A graph for the tokens at some positions of one sequence, in layer 1. */
    private static final class Run {
        final KernelGraph graph;
        final RowPlaces places;
        private final TestDevice device;

        Run(TestDevice device, DeviceCache cache, int window, int... positions) {
            this.device = device;
            IntArray step = Operands.step(1, positions.length);
            step.set(Step.WINDOW, window);
            places = new RowPlaces(cache, positions.length, positions.length * BLOCKS);
            IntStream.of(positions).forEach(position -> places.add(position, 1, table()));
            graph = new KernelGraph("split", device.kernels(), positions.length, step, DeviceTables.create());
            transfer(step, places.data(), cache.keys(), cache.values());
        }

        static int[] table() {
            return IntStream.range(1, BLOCKS).map(i -> BLOCKS - i).toArray();
        }

        void transfer(TornadoNativeArray... arrays) {
            Stream.of(arrays)
                    .forEach(each -> graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, each));
        }

        void execute(TornadoNativeArray... results) {
            Stream.of(results)
                    .forEach(each -> graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, each));
            device.run(graph);
        }
    }

    private record Case(CacheType type, int heads, int kvHeads, int headDim) {
        private static final int CAPACITY = BLOCKS * BLOCK_SIZE;

        DeviceCache cache(Random random) {
            int elements = LAYERS * kvHeads * CAPACITY * DeviceCache.rowElements(type, headDim);
            return cache(fill(random, elements), fill(random, elements));
        }

        private DeviceCache cache(TornadoNativeArray keys, TornadoNativeArray values) {
            return new DeviceCache(keys, values, type, kvHeads, CAPACITY, headDim, BLOCK_SIZE);
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

        DeviceScoring scoring(Random random) {
            return new DeviceScoring(0.2f, 3f, Operands.gaussian(random, LAYERS * heads));
        }

        void check(TestDevice device, int window, int[] positions) {
            Random random = new Random(positions[0]);
            DeviceCache cache = cache(random);
            DeviceScoring scoring = scoring(random);
            FloatArray queries = Operands.gaussian(random, positions.length * heads * headDim);
            FloatArray expected = Operands.zeros(queries.getSize());
            FloatArray output = Operands.zeros(queries.getSize());
            reference(cache, scoring, window, queries, expected, positions);
            Run run = new Run(device, cache, window, positions);
            run.transfer(queries, scoring.sinks(), output);
            run.graph.attention("attend", cache, run.places, heads, scoring, queries, output);
            assertThat(run.graph.launches()).isEqualTo(2);
            run.execute(output);
            Operands.assertClose(output, expected, 1e-4);
        }

        /** Attends on the host, over the same elements in f32. */
        void reference(
                DeviceCache cache,
                DeviceScoring scoring,
                int window,
                FloatArray queries,
                FloatArray output,
                int[] positions) {
            int all = BLOCK_SIZE * (BLOCKS - 1);
            FloatArray keys = new FloatArray(kvHeads * all * headDim);
            FloatArray values = new FloatArray(keys.getSize());
            for (int head = 0; head < kvHeads; head++) {
                for (int position = 0; position < all; position++) {
                    for (int d = 0; d < headDim; d++) {
                        int to = (head * all + position) * headDim + d;
                        keys.set(to, element(cache, cache.keys(), head, position, d));
                        values.set(to, element(cache, cache.values(), head, position, d));
                    }
                }
            }
            KvCacheView view =
                    new KvCacheView(keys.getSegment(), values.getSegment(), CacheType.F32, kvHeads, all, headDim);
            long rowBytes = (long) heads * headDim * Float.BYTES;
            for (int row = 0; row < positions.length; row++) {
                AttentionCall call = new AttentionCall(
                        view,
                        queries.getSegment().asSlice(row * rowBytes, rowBytes),
                        output.getSegment().asSlice(row * rowBytes, rowBytes),
                        new HeadGroups(heads, heads / kvHeads, 0),
                        positions[row],
                        1,
                        new Scoring(
                                scoring.scale(),
                                scoring.cap(),
                                window,
                                scoring.sinks().getSegment().asSlice((long) heads * Float.BYTES)));
                HostKernels.scalar().attention(call, 0, call.units(), new HostScratch());
            }
        }

        private int row(DeviceCache cache, int head, int position) {
            int slot = Run.table()[position / BLOCK_SIZE] * BLOCK_SIZE + position % BLOCK_SIZE;
            return ((kvHeads + head) * CAPACITY + slot) * cache.rowElements();
        }

        private float element(DeviceCache cache, TornadoNativeArray array, int head, int position, int d) {
            int row = row(cache, head, position);
            return array instanceof FloatArray floats
                    ? floats.get(row + d)
                    : CachedWords.element((IntArray) array, row, d, cache.kernelFormat());
        }
    }
}

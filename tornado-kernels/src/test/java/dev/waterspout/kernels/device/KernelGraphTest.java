package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.kernels.LinearTileKernels;
import dev.waterspout.kernels.device.kernels.NormKernels;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Launches of graphs, and the arguments that graphs refuse before a launch. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KernelGraphTest {
    private static final DeviceLimits LIMITS = new DeviceLimits(256, 256, 64, 32768, 8);
    private static final KernelDevice ITEMS = new KernelDevice(KernelVariant.ITEMS, LIMITS);
    private static final KernelDevice GROUPS = new KernelDevice(KernelVariant.GROUPS, LIMITS);

    private final IntArray step = Operands.step(0, 1);
    private final FloatArray powers = DeviceTables.create();

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind();
    }

    @Test
    void cpusUseSingleItemsAndOtherDevicesGroups() {
        for (TornadoDeviceType type : TornadoDeviceType.values()) {
            assertThat(KernelVariant.of(type))
                    .isEqualTo(type == TornadoDeviceType.CPU ? KernelVariant.ITEMS : KernelVariant.GROUPS);
        }
    }

    @Test
    void launchesAreSizedForTheChunk() {
        KernelGraph graph = new KernelGraph("g", GROUPS, 33, step, powers);
        DeviceWeights weights = Operands.weights(new Random(1), WeightFormat.F32, 3, 20, 7);
        graph.linear("product", weights, null, new FloatArray(33 * 7), new FloatArray(33 * 20));
        ElementTasks elements = new ElementTasks(graph);
        DeviceColumns columns = new DeviceColumns(new FloatArray(33 * 65), 65, 0);
        elements.gate("gate", GateFunction.SWIGLU, columns, columns, new FloatArray(33 * 65), 1, 65);
        elements.selectOut("select", new IntArray(33), new FloatArray(33 * 7), new FloatArray(33 * 7), 7);
        GridScheduler grids = new GridScheduler();
        graph.addTo(grids);

        step.set(Step.ROWS, 33);
        step.set(Step.OUT_ROWS, 2);
        graph.prepare();
        assertGrid(grids, "g.product", 32, 48, 16, 16);
        assertGrid(grids, "g.gate", 128, 33, 64, 1);
        assertGrid(grids, "g.select", 64, 2, 64, 1);
        step.set(Step.ROWS, 2);
        step.set(Step.OUT_ROWS, 0);
        graph.prepare();
        assertGrid(grids, "g.product", 32, 16, 16, 16);
        assertGrid(grids, "g.gate", 128, 2, 64, 1);
        assertGrid(grids, "g.select", 64, 1, 64, 1);
        assertThat(graph.launches()).isEqualTo(3);

        graph.fixGrids();
        graph.prepare();
        step.set(Step.ROWS, 3);
        assertThatIllegalStateException()
                .isThrownBy(graph::prepare)
                .withMessage("task g.gate of 3 rows needs another grid than the captured one");
    }

    @Test
    void refusesScalarsThatLeaveTheArrays() {
        KernelGraph graph = new KernelGraph("g", ITEMS, 4, step, powers);
        DeviceCache cache = new DeviceCache(new FloatArray(2 * 80), new FloatArray(2 * 80), 1, 10, 8);
        RowPlaces places = new RowPlaces(cache, 4, 1);
        graph.attention("attend", cache, places, 2, Operands.scoring(cache, 2), new FloatArray(64), new FloatArray(64));
        assertThatIllegalArgumentException()
                .isThrownBy(graph::prepare)
                .withMessage("rows=1: 0 have a place in the cache");
        places.add(9, 1, 0);
        graph.prepare();

        assertRefused(graph, Step.ROWS, 5, "rows=5: the graph takes 1 to 4");
        assertRefused(graph, Step.ROWS, 0, "rows=0: the graph takes 1 to 4");
        assertRefused(graph, Step.LAYER, 2, "layer=2: the graph's arrays have 2 layers");
        assertRefused(graph, Step.OUT_ROWS, 2, "outRows=2: the chunk has 1 rows");
    }

    @Test
    void refusesPositionsOutsideTheCache() {
        DeviceCache cache = new DeviceCache(new FloatArray(80), new FloatArray(80), 1, 10, 8, 5);
        RowPlaces places = new RowPlaces(cache, 4, 3);
        assertUnplaced(places, 10, 1, "position=10 rows=1: the cache holds 10 positions", 1, 0);
        assertUnplaced(places, 5, 1, "position=5 rows=1: the cache holds 5 positions", 1);
        assertUnplaced(places, -1, 1, "position=-1 rows=1: the cache holds 10 positions", 1, 0);
        assertUnplaced(places, 5, 1, "block 2 of [0, 2]: the cache has 2", 0, 2);
        places.clear();
        places.add(6, 2, 1, 0);
        assertUnplaced(places, 0, 3, "rows=3 after 2 others: the graph takes 1 to 4", 0);
        assertUnplaced(places, 5, 1, "block table of 2 entries: there is room for 1 of all sequences of a chunk", 0, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceCache(new FloatArray(80), new FloatArray(80), 1, 10, 8, 4))
                .withMessage("cache of capacity=10 in blocks of 4: they must divide it");
    }

    private static void assertUnplaced(RowPlaces places, int position, int rows, String message, int... blocks) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> places.add(position, rows, blocks))
                .withMessage(message);
    }

    @Test
    void matricesStartWhereTheLayerLiesInItsArray() {
        KernelGraph graph = new KernelGraph("g", ITEMS, 1, step, powers);
        FloatArray x = new FloatArray(32);
        int words = (int) Panels.words(WeightFormat.Q8_0, 3, 32);
        DeviceWeights some = new DeviceWeights(WeightFormat.Q8_0, new IntArray(2 * words), List.of(1, 4), 3, 32);
        DeviceWeights all = Operands.weights(new Random(1), WeightFormat.F32, 5, 2, 32);
        DeviceWeights one = Operands.weights(new Random(1), WeightFormat.F32, 1, 2, 32);
        graph.linear("some", some, null, x, new FloatArray(3));
        graph.linear("all", all, null, x, new FloatArray(2));
        graph.linear("one", one, null, x, new FloatArray(2));

        step.set(Step.LAYER, 4);
        graph.prepare();
        assertThat(step.get(Step.MATRIX_START)).isEqualTo(words);
        assertThat(step.get(Step.MATRIX_START + 1)).isEqualTo(4 * 2 * 32);
        assertThat(step.get(Step.MATRIX_START + 2)).isZero();
        step.set(Step.LAYER, 1);
        assertRefused(graph, Step.LAYER, 2, "layer=2: the Q8_0 weights are of layers [1, 4]");
        for (int product = 3; product < Step.MATRICES; product++) {
            graph.linear("product" + product, one, null, x, new FloatArray(2));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.linear("last", one, null, x, new FloatArray(2)))
                .withMessage("task last is product " + (Step.MATRICES + 1) + ": a graph has at most " + Step.MATRICES);
    }

    @Test
    void refusesArraysThatAreTooSmall() {
        KernelGraph graph = new KernelGraph("g", ITEMS, 2, step, powers);
        DeviceWeights stored = Operands.weights(new Random(1), WeightFormat.Q8_0, 1, 3, 32);
        DeviceWeights weights = stored.forProducts();
        FloatArray small = new FloatArray(5);
        FloatArray large = new FloatArray(640);
        DeviceCodec codec = DeviceCodec.of(PlainFormat.F32, 64);
        DeviceCache cache = new DeviceCache(new FloatArray(8), new FloatArray(8), 1, 8, 1);
        ResidualSum sum = new ResidualSum(codec, DevicePackets.in(new FloatArray(640), 1), null, 0, 1, large, 2);
        DeviceEmbedding embedding = new DeviceEmbedding(weights, new RowPlaces(cache, 2, 1), 1);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.linear("p", weights, null, large, small))
                .withMessage("y has 5 elements, the graph's largest chunk takes 6");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.linear("p", stored, null, large, large))
                .withMessage("task p: weights of Q8_0 lie as in a file; they must be in panels or F32");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.embedAndNormalize("e", embedding, sum, null, new FloatArray(640)))
                .withMessage("task e: 1 embedding tables of 32 columns; there must be 1 of 64");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        graph.quantize("q", DeviceCodec.of(WireFormat.parse("e2m1"), 64), large, new ByteArray(67)))
                .withMessage("packed has 67 elements, the graph's largest chunk takes 68");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.dequantizeSum(
                        "s",
                        DeviceCodec.of(WireFormat.parse("e2m1"), 64),
                        DevicePackets.in(new ByteArray(201), 3),
                        large))
                .withMessage("packets of 67 elements for ranks=3: each takes at least 68");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DevicePackets(new ByteArray(200), new ByteArray(68), 1, 4))
                .withMessage("packets of 200 elements for ranks=4 ownRank=1: each packet takes the same number");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DevicePackets(new ByteArray(204), new FloatArray(68), 1, 4))
                .withMessage("packets in a ByteArray, this rank's in a FloatArray: they must be of one type");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.dequantizeSum(
                        "s", DeviceCodec.of(PlainFormat.F32, 4), DevicePackets.in(new ByteArray(201), 3), large))
                .withMessage("task s has packets of f32 in an array for bf16");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.quantize("q", DeviceCodec.of(PlainFormat.F32, 1), large, new ByteArray(68)))
                .withMessage("format f32 of task q: a partial is f32 already");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ElementTasks(graph).add("a", large, large, 1))
                .withMessage("task a has one array as target and addend: they must be two");
        assertThat(graph.launches()).isZero();
    }

    @Test
    void refusesShapesThatDoNotFit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceWeights(WeightFormat.Q4_0, new FloatArray(18), 1, 1, 32))
                .withMessage("weights in a FloatArray: Q4_0 needs a ByteArray or an IntArray");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceWeights(WeightFormat.Q4_0, new ByteArray(17), 1, 1, 32))
                .withMessage("weights of 1 x 1 x 32 Q4_0 take 18 elements, the array has 17");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DeviceWeights.elements(WeightFormat.Q8_0, 80, 28672, 8192))
                .withMessageContaining("one device array holds");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceRope(new FloatArray(12), 3, RopePairing.HALVES))
                .withMessage("ropeDim=3: must be even and at least 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceCache(new FloatArray(15), new FloatArray(15), 1, 2, 4))
                .withMessage("cache of 15 keys and 15 values: both are layers of 8 elements");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceNorm(new FloatArray(15), 1, 4, 0f))
                .withMessage("norm weight of 15 elements: a layer has width=4");
    }

    @Test
    void refusesLaunchesThatADriverWouldRefuse() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LaunchShape(65, 1, 64, 1))
                .withMessage(
                        "launch of 65 x 1 items in groups of 64 x 1: groups must divide the items in both dimensions");
        assertThat(LaunchShape.covering(65, 3, 64, 1)).isEqualTo(new LaunchShape(128, 3, 64, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LaunchShape.covering(16, 16, 16, 17).requireFits("t", LIMITS))
                .withMessage("task t needs groups of 16 x 17 items, but the device takes at most 256, and 256 x 64 by"
                        + " dimension");
        KernelGraph tiny = new KernelGraph(
                "g", new KernelDevice(KernelVariant.GROUPS, new DeviceLimits(64, 64, 64, 0, 8)), 1, step, powers);
        FloatArray x = new FloatArray(8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tiny.normalize("norm", new DeviceNorm(x, 1, 8, 0f), x, x, RowCount.CHUNK))
                .withMessageStartingWith("task norm needs groups of 128 x 1 items");
    }

    @ParameterizedTest
    @MethodSource("devices")
    void devicesReportLimitsThatKernelsFit(TestDevice device) {
        DeviceLimits limits = device.kernels().limits();

        LaunchShape.covering(1, 1, NormKernels.GROUP, 1).requireFits("norm", limits);
        LaunchShape.covering(1, 1, LinearTileKernels.TILE, LinearTileKernels.TILE)
                .requireFits("tile", limits);
        assertThat(limits.localBytes()).isGreaterThanOrEqualTo(2 * 16 * 17 * Float.BYTES);
    }

    /**
     * The other tests rely on this: a launch that the driver refuses throws no exception, and is visible only in the
     * driver's output.
     */
    @ParameterizedTest
    @MethodSource("devices")
    void refusedLaunchesAreSeenInNativeOutput(TestDevice device) throws TornadoExecutionPlanException {
        Assumptions.assumeTrue(TestDevice.isReal(), "skipped: the emulator throws where a driver would print");
        Assumptions.assumeTrue(
                device.device().getTornadoVMBackend() != TornadoVMBackendType.CUDA,
                "skipped: CUDA launches whole blocks, and kernels check their bounds");
        FloatArray x = FloatArray.fromElements(1f, 2f, 3f);
        KernelGraph graph = new KernelGraph("g", device.kernels(), 1, step, powers);
        FloatArray y = FloatArray.fromElements(10f, 20f, 30f);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, x, y);
        new ElementTasks(graph).add("add", x, y, 3);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, x);
        GridScheduler grids = new GridScheduler();
        graph.addTo(grids);
        grid(grids, "g.add").setGlobalWork(65, 1, 1);
        String output;
        try (TornadoExecutionPlan plan =
                        new TornadoExecutionPlan(graph.taskGraph().snapshot());
                NativeOutput capture = NativeOutput.capture()) {
            plan.withDevice(device.device()).withGridScheduler(grids).execute();
            output = capture.finish();
        }
        assertThat(output).contains(TestDevice.NATIVE_ERROR);
        assertThat(x.toHeapArray()).containsExactly(1f, 2f, 3f);
    }

    private void assertRefused(KernelGraph graph, int index, int value, String message) {
        int before = step.get(index);
        step.set(index, value);
        assertThatIllegalArgumentException().isThrownBy(graph::prepare).withMessage(message);
        step.set(index, before);
    }

    private static WorkerGrid grid(GridScheduler grids, String task) {
        return Objects.requireNonNull(grids.get(task), task);
    }

    private static void assertGrid(
            GridScheduler grids, String task, long globalX, long globalY, long localX, long localY) {
        WorkerGrid grid = grid(grids, task);
        assertThat(grid.getGlobalWork()).containsExactly(globalX, globalY, 1);
        assertThat(grid.getLocalWork()).containsExactly(localX, localY, 1);
    }
}

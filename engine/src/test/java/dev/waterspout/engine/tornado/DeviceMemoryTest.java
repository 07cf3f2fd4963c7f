package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.emulator.DeviceSpec;
import dev.waterspout.emulator.EmulatedDevice;
import dev.waterspout.emulator.EmulatedPlatform;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceLimits;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelVariant;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.WeightMatrix;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Compares the predicted memory of a shard with the memory that it occupies on an emulated device. */
class DeviceMemoryTest {
    private static final int[] PROMPT = {1, 70, 259};
    private static final int CONTEXT = 16;
    /** Allowance for headers of arrays and parameters of codecs, in bytes. */
    private static final long SMALL = 4096;

    @BeforeEach
    void emulatedDevice() {
        Assumptions.assumeFalse(FloatArray.class.getModule().isNamed(), "skipped: an SDK is running");
        EmulatedPlatform.configure(
                DeviceSpec.cpu().withoutRaceDetection(), DeviceSpec.cpu().withoutRaceDetection());
    }

    @AfterEach
    void defaultDevices() {
        if (!FloatArray.class.getModule().isNamed()) {
            EmulatedPlatform.reset();
        }
    }

    private static EmulatedDevice emulated(int index) {
        return (EmulatedDevice)
                TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(index);
    }

    private static RankOptions options(String comm) {
        return new RankOptions(
                CONTEXT, PROMPT.length, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofMinutes(2));
    }

    private static List<Device> devices(int count) {
        return new DeviceCatalog().list().subList(1, 1 + count);
    }

    private static RankGroup group(Model model, ShardPlan plan, String comm) {
        return group(model, plan, options(comm));
    }

    private static RankGroup group(Model model, ShardPlan plan, RankOptions options) {
        RankGroup group = RankGroup.inProcess(
                model,
                plan,
                options,
                devices(plan.ranks()).stream().map(Device::shards).toList());
        group.preload((bytes, total) -> {});
        return group;
    }

    private static void assertOccupiesThePredictedMemory(SmallModel small, int ranks, String comm) {
        assertOccupiesThePredictedMemory(small, ranks, options(comm));
    }

    private static void assertOccupiesThePredictedMemory(SmallModel small, int ranks, RankOptions options) {
        try (Model model = small.load()) {
            ShardPlan plan = ShardPlan.of(model, ranks, List.of());
            try (RankGroup group = group(model, plan, options)) {
                Groups.logits(group, PROMPT);
                group.forward(new int[] {90}, PROMPT.length, true);
                for (int rank = 0; rank < ranks; rank++) {
                    long needed = DeviceMemory.bytes(model, plan.shards().get(rank), ranks, options, false);
                    assertThat(emulated(rank).memoryInUse()).isCloseTo(needed, within(SMALL));
                }
            }
            assertThat(emulated(0).memoryInUse()).isZero();
        }
    }

    @Test
    void aShardOccupiesThePredictedMemory() {
        assertOccupiesThePredictedMemory(SmallModel.of("llama"), 1, "f32");
        assertOccupiesThePredictedMemory(SmallModel.of("qwen2").withBiases().tied(), 1, "f32");
    }

    /** The second rank's part of the vocabulary, 130 of 260 tokens, begins inside a panel and is stored once more. */
    @Test
    void aPartOfATiedTableOccupiesThePredictedMemory() {
        assertOccupiesThePredictedMemory(SmallModel.of("qwen2").withBiases().tied(), 2, "f32");
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void cachesOfEveryTypeOccupyThePredictedMemory(CacheType type) {
        RankOptions options = new RankOptions(
                        2048, PROMPT.length, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2))
                .withCacheType(type);
        assertOccupiesThePredictedMemory(SmallModel.of("llama", 32), 1, options);
    }

    /** Of 16 parts of 128 positions, and of each a head's values, largest score and sum of weights. */
    @Test
    void attentionOverALongCacheKeepsItsPartsOnAGpu() {
        KernelDevice gpu = new KernelDevice(KernelVariant.GROUPS, new DeviceLimits(1024, 1024, 64, 48 << 10, 132));
        RankOptions options = new RankOptions(
                2048, PROMPT.length, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2));
        try (Model model = SmallModel.of("llama").load()) {
            Shard shard = ShardPlan.of(model, 1, List.of()).shards().getFirst();
            int headElements = shard.heads().size() * (model.config().headDim() + 2);
            int rows = 1 + PROMPT.length; // of a decode pass and of a prefill pass, which is as small
            assertThat(DeviceMemory.partials(gpu, model, shard, options))
                    .isEqualTo((long) rows * 16 * headElements * Float.BYTES);
            assertThat(DeviceMemory.partials(gpu, model, shard, options("f32"))).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "e2m1:32:e8m0"})
    void aShardOfAGroupOccupiesThePredictedMemory(String comm) {
        assertOccupiesThePredictedMemory(SmallModel.of("llama"), 2, comm);
    }

    /**
     * The residual stream and the encoded partials of the other parts' rows are stored, and one more graph receives the
     * other rank's partials.
     */
    @ParameterizedTest
    @ValueSource(strings = {"f32", "e2m1:32:e8m0"})
    void aShardOfDividedPassesOccupiesThePredictedMemory(String comm) {
        RankOptions whole =
                new RankOptions(64, 32, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofMinutes(2));
        RankOptions divided = whole.withOverlap(Overlap.ON);
        try (Model model = SmallModel.of("llama").load()) {
            ShardPlan plan = ShardPlan.of(model, 2, List.of());
            long more = DeviceMemory.bytes(model, plan.shards().getFirst(), 2, divided, false)
                    - DeviceMemory.bytes(model, plan.shards().getFirst(), 2, whole, false);
            long rows = 32L * SmallModel.WIDTH * Float.BYTES;
            assertThat(more)
                    .isEqualTo(rows + 2 * WireFormat.parse(comm).encodedBytes(32, SmallModel.WIDTH))
                    .isGreaterThan(2 * SMALL);
            try (RankGroup group = RankGroup.inProcess(
                    model,
                    plan,
                    divided,
                    devices(2).stream().map(Device::shards).toList())) {
                group.preload((bytes, total) -> {});
                Groups.logits(group, IntStream.range(0, 32).toArray());
                group.forward(new int[] {90}, 32, true);
                for (int rank = 0; rank < 2; rank++) {
                    long needed = DeviceMemory.bytes(model, plan.shards().get(rank), 2, divided, false);
                    assertThat(emulated(rank).memoryInUse()).isCloseTo(needed, within(SMALL));
                }
            }
        }
    }

    /** Sums of 128 tiles in two parts, for each of the two half layers of prefill. */
    @Test
    void productsOnTensorCoresPassTheirSumsThroughAnArrayPerGraph() {
        try (Model model = SmallModel.of("llama").load()) {
            Shard shard = ShardPlan.of(model, 1, List.of()).shards().getFirst();
            RankOptions options =
                    new RankOptions(64, 32, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2));
            long more = DeviceMemory.bytes(model, shard, 1, options, true)
                    - DeviceMemory.bytes(model, shard, 1, options, false);
            assertThat(more).isEqualTo(2L * 128 * 2 * 64 * 128 * Float.BYTES);
        }
    }

    @Test
    void aDeviceThatIsTooSmallIsRefusedWithBothNumbers() {
        try (Model model = SmallModel.of("llama").load()) {
            ShardPlan plan = ShardPlan.of(model, 1, List.of());
            long needed = DeviceMemory.bytes(model, plan.shards().getFirst(), 1, options("f32"), false);
            EmulatedPlatform.configure(DeviceSpec.cpu().withMemory(needed / 2));
            assertThatThrownBy(() -> group(model, plan, "f32").close())
                    .isInstanceOf(DeviceException.class)
                    .hasMessageMatching("rank 0 needs [0-9.]+ MB on device emulator:0, which has [0-9.]+ MB");
        }
    }

    /** The limit just admits the kernels' tables, which are one array. */
    private static final long MOST_BYTES = 140_000;

    @Test
    void layersTooLargeForOneArrayUseSeveral() {
        try (Model model = SmallModel.of("llama").withLayers(8).load()) {
            ShardPlan plan = ShardPlan.of(model, 1, List.of());
            List<List<WeightMatrix>> ups = ShardWeights.of(model, plan.shards().getFirst()).layers().stream()
                    .map(layer -> List.of(layer.matrix(TensorRole.FFN_UP)))
                    .toList();
            StackedWeights stacked = new StackedWeights("up", ups, true, MOST_BYTES);
            assertThat(stacked.stacks()).hasSizeBetween(2, 4);
            assertThat(stacked.stackOf(0)).isZero();
            assertThat(stacked.of(7).layers()).contains(7).doesNotContain(0);
            assertThatThrownBy(() -> new StackedWeights("up", ups, true, 1000))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageMatching("the up weights are too large for a device: [0-9]+ x [0-9]+ F32 take [0-9]+"
                            + " elements, and one array holds 246");

            float[] together = logits(model, plan);
            emulated(0).limitAllocations(MOST_BYTES);
            assertThat(logits(model, plan)).containsExactly(together);
        }
    }

    private static float[] logits(Model model, ShardPlan plan) {
        try (RankGroup group = group(model, plan, "f32")) {
            Groups.logits(group, PROMPT);
            return group.logits().toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void theHostCopyOfAnArrayReleasesItsPages() {
        FloatArray array = new FloatArray(1 << 20);
        array.init(1);
        assertThat(HostCopies.release(array)).isBetween(3L << 20, 4L << 20);
        assertThat(array.getSize()).isEqualTo(1 << 20);
        assertThat(array.get(1 << 19)).isZero();
        assertThat(HostCopies.release(new FloatArray(1000))).isZero();
    }
}

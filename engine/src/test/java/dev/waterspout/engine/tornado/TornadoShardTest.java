package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.SequenceRows;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.PlanException;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.KernelVariant;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs on every available device: the emulator's by default, an SDK's with the profile tornadovm. */
@Timeout(300)
class TornadoShardTest {
    private static final int[] PROMPT = {1, 70, 259};
    private static final int CONTEXT = 16;

    /** Returns all devices, or those whose names begin with the property {@code tested.devices}. */
    static Stream<Device> devices() {
        String prefix = System.getProperty("tested.devices", "");
        List<Device> devices = new DeviceCatalog()
                .list().stream()
                        .filter(device ->
                                !device.name().equals("host") && device.name().startsWith(prefix))
                        .toList();
        assertThat(devices).isNotEmpty();
        return devices.stream();
    }

    static Stream<Device> firstDevice() {
        return devices().limit(1);
    }

    private static RankGroup group(Model model, List<Double> split, String comm, List<Device> devices) {
        ShardPlan plan = ShardPlan.of(model, devices.size(), split);
        RankOptions options = new RankOptions(
                CONTEXT, PROMPT.length, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofMinutes(2));
        RankGroup group = RankGroup.inProcess(
                model, plan, options, devices.stream().map(Device::shards).toList());
        group.preload((bytes, total) -> {});
        return group;
    }

    /** Runs prefill, then decode, so that the task graphs of both phases are executed. */
    private static float[] logits(RankGroup group) {
        Groups.logits(group, PROMPT);
        group.forward(new int[] {90}, PROMPT.length, true);
        return group.logits().toArray(ValueLayout.JAVA_FLOAT);
    }

    private static void assertEqualsHost(SmallModel small, List<Double> split, String comm, List<Device> devices) {
        try (Model model = small.load();
                RankGroup host =
                        Groups.start(model, devices.size(), split, comm, CONTEXT, PROMPT.length, HostKernels.scalar());
                RankGroup group = group(model, split, comm, devices)) {
            float tolerance = comm.equals("f32") ? 2e-4f : 0.3f; // an ulp of a partial may change a 4-bit code
            assertThat(logits(group)).containsExactly(logits(host), within(tolerance));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void refusesIncompleteQueryGroups(Device device) {
        List<Device> five = Collections.nCopies(5, device);

        try (Model model = SmallModel.of("llama").load()) {
            assertThatThrownBy(() -> group(model, List.of(3.0, 2.0, 1.0, 1.0, 1.0), "f32", five)
                            .close())
                    .isInstanceOf(PlanException.class)
                    .hasMessageContaining("query heads 0 to 2");
        }
    }

    /** Models with different tensors in their layers. */
    enum Kind {
        PLAIN {
            @Override
            SmallModel model() {
                return SmallModel.of("llama");
            }
        },
        BIASES_AND_TIED {
            @Override
            SmallModel model() {
                return SmallModel.of("qwen2").withBiases().tied();
            }
        },
        HEAD_NORMS {
            @Override
            SmallModel model() {
                return SmallModel.of("qwen3", 24).withHeadNorms();
            }
        };

        abstract SmallModel model();
    }

    /** Groups of two ranks with different formats, splits, and positions of the host. */
    enum Pair {
        F32_WITH_HOST("f32", true) {
            @Override
            List<Device> devices(Device device, Device host) {
                return List.of(device, host);
            }
        },
        BLOCKS("e2m1:32:e8m0", false) {
            @Override
            List<Device> devices(Device device, Device host) {
                return List.of(device, device);
            }
        },
        BF16_AFTER_HOST("bf16", false) {
            @Override
            List<Device> devices(Device device, Device host) {
                return List.of(host, device);
            }
        };

        final String comm;
        private final boolean uneven;

        Pair(String comm, boolean uneven) {
            this.comm = comm;
            this.uneven = uneven;
        }

        List<Double> split() {
            return uneven ? List.of(1.0, 2.0) : List.of();
        }

        abstract List<Device> devices(Device device, Device host);
    }

    /** Pairs each case with one device, taking the devices in turn. */
    private static <T> Stream<Arguments> inTurn(T[] cases) {
        List<Device> devices = devices().toList();
        return IntStream.range(0, Math.max(cases.length, devices.size()))
                .mapToObj(i -> Arguments.of(cases[i % cases.length], devices.get(i % devices.size())));
    }

    private static <T> Stream<Arguments> product(T[] cases) {
        return devices().flatMap(device -> Stream.of(cases).map(each -> Arguments.of(each, device)));
    }

    static Stream<Arguments> kindsInTurn() {
        return inTurn(Kind.values());
    }

    static Stream<Arguments> kindsOnAllDevices() {
        return product(Kind.values());
    }

    static Stream<Arguments> pairsInTurn() {
        return inTurn(Pair.values());
    }

    static Stream<Arguments> pairsOnAllDevices() {
        return product(Pair.values());
    }

    @ParameterizedTest
    @MethodSource("kindsInTurn")
    void agreesWithTheHost(Kind kind, Device device) {
        assertEqualsHost(kind.model(), List.of(), "f32", List.of(device));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("kindsOnAllDevices")
    void everyDeviceAgreesWithTheHost(Kind kind, Device device) {
        agreesWithTheHost(kind, device);
    }

    /** Multiples of q8_0 may differ by 1 where products are added in another order. */
    @ParameterizedTest
    @CsvSource({"F16, 1, 2e-3", "Q8_0, 1, 5e-2", "F16, 2, 2e-3"})
    void cachesAreOfEveryTypeOfTheHost(CacheType type, int ranks, float tolerance) {
        List<Device> devices =
                Collections.nCopies(ranks, firstDevice().findFirst().orElseThrow());
        RankOptions options = new RankOptions(
                        CONTEXT, PROMPT.length, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2))
                .withCacheType(type);
        try (Model model = SmallModel.of("llama", 32).load();
                RankGroup host = RankGroup.inProcess(
                        model,
                        ShardPlan.of(model, ranks, List.of()),
                        options,
                        Collections.nCopies(ranks, HostShard.factory(HostKernels.scalar())));
                RankGroup group = RankGroup.inProcess(
                        model,
                        ShardPlan.of(model, ranks, List.of()),
                        options,
                        devices.stream().map(Device::shards).toList())) {
            group.preload((bytes, total) -> {});
            assertThat(logits(group)).containsExactly(logits(host), within(tolerance));
        }
    }

    /**
     * Layers in pairs: V has the same type within a pair and alternates between pairs; down has two types within each
     * pair.
     */
    private static SmallModel mixed(int layers) {
        SmallModel small = SmallModel.of("llama").withLayers(layers);
        for (int layer = 0; layer < layers; layer++) {
            if (layer / 2 % 2 == 1) {
                small.half("blk." + layer + ".attn_v.weight");
            }
            if (layer % 2 == 1) {
                small.half("blk." + layer + ".ffn_down.weight");
            }
        }
        return small;
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("devices")
    void layersMixTensorTypesOnEveryDevice(Device device) {
        layersMixTensorTypes(device);
    }

    @ParameterizedTest
    @MethodSource("firstDevice")
    void layersMixTensorTypes(Device device) {
        assertEqualsHost(mixed(4), List.of(), "f32", List.of(device, device));
    }

    @ParameterizedTest
    @MethodSource("pairsInTurn")
    void exchangesWithOtherRanks(Pair pair, Device device) {
        Device host = new DeviceCatalog().list().getFirst();
        assertEqualsHost(Kind.PLAIN.model(), pair.split(), pair.comm, pair.devices(device, host));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("pairsOnAllDevices")
    void everyDeviceExchangesWithOtherRanks(Pair pair, Device device) {
        exchangesWithOtherRanks(pair, device);
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("devices")
    void everyDeviceComputesTheLogitsOfAnyRows(Device device) {
        computesTheLogitsOfAnyRows(device);
    }

    @ParameterizedTest
    @MethodSource("firstDevice")
    void computesTheLogitsOfAnyRows(Device device) {
        RankOptions options =
                new RankOptions(CONTEXT, 6, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2), 2);
        try (Model model = SmallModel.of("llama").load();
                RankGroup host = Groups.start(model, 1, List.of(), "f32", CONTEXT, 6, HostKernels.scalar());
                RankGroup group = RankGroup.inProcess(
                        model, ShardPlan.of(model, 1, List.of()), options, List.of(device.shards()))) {
            group.preload((bytes, total) -> {});
            int[] tokens = {1, 70, 5, 259, 31, 200};
            group.forward(tokens, 0, false);
            for (int first : new int[] {3, 0, 2}) {
                group.output(first, 2);
                float[] found = group.logits().toArray(ValueLayout.JAVA_FLOAT);
                for (int row = 0; row < 2; row++) {
                    float[] expected = Groups.logits(host, Arrays.copyOf(tokens, first + row + 1));
                    assertThat(Arrays.copyOfRange(
                                    found, row * SmallModel.VOCABULARY, (row + 1) * SmallModel.VOCABULARY))
                            .containsExactly(expected, within(2e-4f));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void theNumberOfKernelsIsIndependentOfTheLayers(Device device) {
        SmallModel one = SmallModel.of("llama").put("block_count", 1);
        for (String tensor : List.of(
                "attn_norm",
                "attn_q",
                "attn_k",
                "attn_v",
                "attn_output",
                "ffn_norm",
                "ffn_gate",
                "ffn_up",
                "ffn_down")) {
            one.without("blk.1." + tensor + ".weight");
        }
        assertThat(kernels(one, device))
                .isEqualTo(kernels(SmallModel.of("llama"), device))
                .isPositive();
        assertThat(kernels(mixed(6), device))
                .isEqualTo(kernels(mixed(4), device))
                .isGreaterThan(kernels(SmallModel.of("llama").withLayers(4), device));
    }

    /** Of one more token of a Llama-like model, per layer and for the output head, alone and in a group. */
    @ParameterizedTest
    @MethodSource("devices")
    void aTokenTakesFewExecutionsAndLaunches(Device device) {
        int further = further(device);
        assertThat(token(1, 2, device)).isEqualTo(new GraphPlan.Work(2 * 2 + 1, 2 * 7 + further));
        assertThat(token(1, 4, device)).isEqualTo(new GraphPlan.Work(4 * 2 + 1, 4 * 7 + further));
        assertThat(token(2, 2, device)).isEqualTo(new GraphPlan.Work(2 * 2 + 1, 2 * 9 + further));
        assertThat(token(2, 4, device)).isEqualTo(new GraphPlan.Work(4 * 2 + 1, 4 * 9 + further));
    }

    /** A GPU encodes the outputs of products with weights in panels by the same launches. */
    @ParameterizedTest
    @MethodSource("devices")
    void projectionsInPanelsEncodeTheirOutputs(Device device) {
        int ffn = 128;
        SmallModel small = SmallModel.of("llama").put("feed_forward_length", ffn);
        for (int layer = 0; layer < SmallModel.LAYERS; layer++) {
            String prefix = "blk." + layer + ".";
            small.tensor(prefix + "ffn_gate.weight", 0.2, SmallModel.WIDTH, ffn)
                    .tensor(prefix + "ffn_up.weight", 0.2, SmallModel.WIDTH, ffn)
                    .tensor(prefix + "ffn_down.weight", 0.2, ffn, SmallModel.WIDTH)
                    .half(prefix + "ffn_down.weight")
                    .half(prefix + "attn_output.weight");
        }
        RankOptions options = new RankOptions(
                CONTEXT, 4, 1, CommSchedule.fixed(WireFormat.parse("e2m1:32:e8m0")), Duration.ofSeconds(1));
        int launches = (hasGroups(device) ? 2 * 7 : 2 * 9) + further(device);
        assertThat(token(2, SmallModel.LAYERS, small, options, device).launches())
                .isEqualTo(launches);
        assertEqualsHost(small, List.of(), "e2m1:32:e8m0", List.of(device, device));
    }

    /**
     * Of a layer whose weights have types that round inputs: a GPU's products round them in the same launches. A CPU
     * rounds each of the four inputs in a launch of its own.
     */
    @ParameterizedTest
    @MethodSource("devices")
    void roundedInputsTakeNoMoreLaunchesOnAGpu(Device device) throws IOException {
        RankOptions options = new RankOptions(
                        CONTEXT, 4, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofSeconds(1))
                .withActivations(Activations.INT8);
        try (Model model = new Model(GgufFile.open(TestData.require("orator-q8_0.gguf")))) {
            int layers = model.config().layers();
            int ofLayer = hasGroups(device) ? 7 : 7 + 4;
            int ofHead = hasGroups(device) ? 0 : 1;
            assertThat(token(1, layers, model, options, device).launches())
                    .isEqualTo((long) layers * ofLayer + ofHead + further(device));
        }
    }

    private static boolean hasGroups(Device device) {
        return ((TornadoShards) device.shards()).kernels().variant() == KernelVariant.GROUPS;
    }

    /** Cases in which a layer takes no more than 7 launches for a token of a single rank. */
    enum Layer {
        HEAD_NORMS(SmallModel.of("qwen3").withHeadNorms(), CacheType.F32, 1),
        HEAD_NORMS_Q8_0(SmallModel.of("qwen3", 32).withHeadNorms(), CacheType.Q8_0, 1),
        F16(SmallModel.of("llama"), CacheType.F16, 1),
        SEQUENCES(SmallModel.of("llama"), CacheType.F32, 3);

        @SuppressWarnings("ImmutableEnumChecker") // read only
        private final SmallModel model;

        @SuppressWarnings("ImmutableEnumChecker") // read only
        private final RankOptions options;

        Layer(SmallModel model, CacheType type, int sequences) {
            this.model = model;
            this.options = new RankOptions(
                    new BatchLimits(sequences, sequences == 1 ? 4 : CONTEXT, CONTEXT, 4, 4 * sequences),
                    1,
                    CommSchedule.fixed(WireFormat.parse("f32")),
                    Duration.ofSeconds(1),
                    sequences,
                    type,
                    Activations.F32,
                    false,
                    Overlap.OFF);
        }
    }

    @ParameterizedTest
    @EnumSource(Layer.class)
    void aLayerTakesFewLaunches(Layer kind) {
        Device device = firstDevice().findFirst().orElseThrow();
        assertThat(token(1, 2, kind.model, kind.options, device).launches()).isEqualTo(2 * 7 + further(device));
    }

    /** The launches of a token beside those of layers: GPUs select candidates. */
    private static int further(Device device) {
        return hasGroups(device) ? 3 : 2;
    }

    /**
     * Of models in files: experts in panels (attention, sum of the partials, router, choice, gate and up, down with its
     * sum), and values of another tensor type than queries and keys.
     */
    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource({"arch/gptoss, 9", "orator-mixes/orator-Q4_K_M, 7"})
    void aLayerOfAFileTakesFewLaunches(String file, int launches) throws IOException {
        RankOptions options =
                new RankOptions(CONTEXT, 4, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofSeconds(1));
        try (Model model = new Model(GgufFile.open(TestData.require(file + ".gguf")))) {
            int layers = model.config().layers();
            Device device = firstDevice().findFirst().orElseThrow();
            assertThat(token(1, layers, model, options, device).launches())
                    .isEqualTo((long) layers * launches + further(device));
        }
    }

    /** On a GPU attention over a long cache is split over positions, and gives what the host does. */
    @ParameterizedTest
    @MethodSource("devices")
    void aLongCacheTakesOneMoreLaunchPerLayerOnAGpu(Device device) {
        boolean gpu = ((TornadoShards) device.shards()).kernels().variant() == KernelVariant.GROUPS;
        SmallModel small = SmallModel.of("llama");
        RankOptions options = new RankOptions(
                256, PROMPT.length, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2));
        assertThat(token(1, 2, small, options, device).launches()).isEqualTo(gpu ? 2 * 8 + 3 : 2 * 7 + 2);
        try (Model model = small.load();
                RankGroup host = Groups.start(model, 1, List.of(), "f32", 256, PROMPT.length, HostKernels.scalar());
                RankGroup group = RankGroup.inProcess(
                        model, ShardPlan.of(model, 1, List.of()), options, List.of(device.shards()))) {
            group.preload((bytes, total) -> {});
            assertThat(logits(group)).containsExactly(logits(host), within(2e-4f));
        }
    }

    private static GraphPlan.Work token(int ranks, int layers, Device device) {
        RankOptions options = new RankOptions(
                CONTEXT, 4, 1, CommSchedule.fixed(WireFormat.parse("e2m1:32:e8m0")), Duration.ofSeconds(1));
        return token(ranks, layers, SmallModel.of("llama").withLayers(layers), options, device);
    }

    private static GraphPlan.Work token(int ranks, int layers, SmallModel small, RankOptions options, Device device) {
        try (Model model = small.load()) {
            return token(ranks, layers, model, options, device);
        }
    }

    /** The work of one token on a shard. Instead of the other ranks' partials, zeros are added. */
    private static GraphPlan.Work token(int ranks, int layers, Model model, RankOptions options, Device device) {
        try (TornadoShard shard = (TornadoShard) device.shards()
                .create(model, ShardPlan.of(model, ranks, List.of()).shards().getFirst(), ranks, options)) {
            shard.preload(_ -> {});
            GraphPlan.Work before = shard.work();
            shard.begin(List.of(new SequenceRows(new int[] {1}, 0, 0)));
            for (int layer = 0; layer < layers; layer++) {
                shard.attention(layer);
                shard.addOwn(1);
                shard.feedForward(layer);
                shard.addOwn(1);
            }
            shard.output(0);
            GraphPlan.Work after = shard.work();
            return new GraphPlan.Work(after.executions() - before.executions(), after.launches() - before.launches());
        }
    }

    private static int kernels(SmallModel small, Device device) {
        RankOptions options =
                new RankOptions(CONTEXT, 4, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofSeconds(1));
        try (Model model = small.load();
                ShardCompute shard = device.shards()
                        .create(
                                model,
                                ShardPlan.of(model, 1, List.of()).shards().getFirst(),
                                1,
                                options)) {
            return ((TornadoShard) shard).kernels();
        }
    }
}

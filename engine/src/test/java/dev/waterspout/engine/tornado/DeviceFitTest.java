package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.emulator.DeviceSpec;
import dev.waterspout.emulator.EmulatedPlatform;
import dev.waterspout.engine.bench.ModelShape;
import dev.waterspout.engine.bench.SparseModel;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorShape;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.testing.Pairwise;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Published models on a device of 80 GB, by the memory that is computed before anything is allocated. The files have
 * the real header and no weights.
 */
class DeviceFitTest {
    private static final long DEVICE = 80_000_000_000L;
    private static final int CONTEXT = 8192;
    /** More than the activations of 512 tokens, logits, norms and tables take, in bytes. */
    private static final long SMALL = 300_000_000;
    /** Most that a matrix of these types grows on a device, where blocks are padded to whole words. */
    private static final double PADDING = 0.06;

    private static final Published LLAMA_3_8B_F16 =
            new Published(ModelShape.of("llama-3-8b"), _ -> GgmlType.F16, 16, 16, 16);
    private static final Published QWEN_2_5_14B_Q8_0 =
            new Published(ModelShape.of("qwen2.5-14b"), _ -> GgmlType.Q8_0, 8.5, 8.5, 8.5);
    /** Half of the layers have Q6_K, of 6.5625 bits, beside Q4_K, of 4.5. */
    private static final Published QWEN_2_5_32B_Q4_K_M =
            new Published(ModelShape.of("qwen2.5-32b"), tensor -> q4KM(tensor, 64), 4.5, (4.5 + 6.5625) / 2, 6.5625);

    /**
     * A model.
     *
     * @param shape its shape
     * @param matrices types of its matrices
     * @param mostBits bits of a weight of most matrices
     * @param valueAndDownBits bits of a weight of values and down projections, on average over the layers
     * @param outputBits bits of a weight of the output head
     */
    record Published(
            ModelShape shape,
            Function<TensorShape, GgmlType> matrices,
            double mostBits,
            double valueAndDownBits,
            double outputBits) {
        private GgmlType type(TensorShape tensor) {
            return tensor.kind() == TensorShape.Kind.MATRIX ? matrices.apply(tensor) : GgmlType.F32;
        }

        /** The bytes of the matrices, from the dimensions in the model's configuration. */
        private long matrixBytes() {
            ModelConfig config = shape.config();
            double width = config.width();
            double keys = (double) config.kvHeads() * config.headDim();
            double between = config.ffnWidth();
            double most = config.layers() * width * (2 * width + keys + 2 * between) + width * config.vocabulary();
            double valueAndDown = config.layers() * width * (keys + between);
            double output = width * config.vocabulary();
            return Math.round((most * mostBits + valueAndDown * valueAndDownBits + output * outputBits) / 8);
        }

        private long cacheBytes() {
            ModelConfig config = shape.config();
            return 2L * Float.BYTES * config.layers() * config.kvHeads() * config.headDim() * CONTEXT;
        }

        @Override
        public String toString() {
            return shape.label();
        }
    }

    /**
     * The types that llama.cpp's quantizer gives a dense model as Q4_K_M: Q6_K for the output head, and for values and
     * down projections of the first eighth of the layers, of the last, and of every third layer between them.
     */
    private static GgmlType q4KM(TensorShape tensor, int layers) {
        if (tensor.name().equals("output.weight")) {
            return GgmlType.Q6_K;
        }
        if (!tensor.name().matches("blk\\.[0-9]+\\.(attn_v|ffn_down)\\.weight")) {
            return GgmlType.Q4_K;
        }
        int layer = Integer.parseInt(tensor.name().split("\\.", -1)[1]);
        int eighth = layers / 8;
        boolean more = layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
        return more ? GgmlType.Q6_K : GgmlType.Q4_K;
    }

    @AfterEach
    void defaultDevices() {
        if (!FloatArray.class.getModule().isNamed()) {
            EmulatedPlatform.reset();
        }
    }

    private static TornadoDevice deviceOf(long bytes) {
        EmulatedPlatform.configure(DeviceSpec.gpu().withMemory(bytes));
        return TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
    }

    private static RankOptions options() {
        return new RankOptions(CONTEXT, 512, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2));
    }

    private static void assertFits(Published published, Path folder) throws IOException {
        Assumptions.assumeFalse(FloatArray.class.getModule().isNamed(), "skipped: an SDK is running");
        Path file = folder.resolve("model.gguf");
        SparseModel.write(published.shape(), published::type, file);
        try (Model model = new Model(GgufFile.open(file))) {
            Shard shard = ShardPlan.of(model, 1, List.of()).shards().getFirst();
            long needed = DeviceMemory.bytes(model, shard, 1, options(), false)
                    + DeviceMemory.partials(KernelDevice.of(deviceOf(DEVICE)), model, shard, options());
            long least = published.matrixBytes() + published.cacheBytes();
            long padding = Math.round(PADDING * published.matrixBytes());
            assertThat(needed).isBetween(least, least + padding + SMALL).isLessThan(DEVICE);
            assertThatCode(() -> DeviceMemory.require("gpu", deviceOf(needed), model, shard, 1, options()))
                    .doesNotThrowAnyException();
            assertThatThrownBy(() -> DeviceMemory.require("gpu", deviceOf(needed - 1), model, shard, 1, options()))
                    .isInstanceOf(DeviceException.class)
                    .hasMessage(String.format(
                            Locale.ROOT,
                            "rank 0 needs %.2f MB on device gpu, which has %.2f MB",
                            Math.ceil(needed / 1e4) / 100,
                            Math.floor((needed - 1) / 1e4) / 100));
        }
    }

    @Test
    void thirtyTwoBillionWeightsInQ4KMFit(@TempDir Path folder) throws IOException {
        assertFits(QWEN_2_5_32B_Q4_K_M, folder);
    }

    static List<Published> publishedModelsFit() {
        return List.of(LLAMA_3_8B_F16, QWEN_2_5_14B_Q8_0);
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource
    void publishedModelsFit(Published published, @TempDir Path folder) throws IOException {
        assertFits(published, folder);
    }
}

package dev.waterspout.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import dev.waterspout.engine.model.Architectures;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorShape;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.kernels.host.HostKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class SyntheticModelTest {
    @ParameterizedTest
    @ValueSource(strings = {"llama-110m:q8_0", "llama-110m:q4_0"})
    void writesAModelThatRuns(String name, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.gguf");
        SyntheticModel.parse(name).write(file);
        try (Model model = new Model(GgufFile.open(file));
                RankGroup group = Groups.start(model, 2, List.of(), "e2m1:32:e8m0", 16, 16, HostKernels.vector())) {
            assertThat(model.config().layers()).isEqualTo(12);
            float[] logits = Groups.logits(group, model.tokenizer().encode("a b"));
            assertThat(logits).hasSize(32_000).doesNotContain(Float.NaN);
            assertThat(logits[0]).isNotEqualTo(logits[1]);
        }
    }

    @Test
    void keepsAnExistingFileUntilAllIsWritten(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("model.gguf"), "precious");
        SyntheticModel broken = new SyntheticModel(ModelShapes.LLAMA_110M, GgmlType.Q8_K);
        assertThatThrownBy(() -> broken.write(file)).isInstanceOf(IllegalArgumentException.class);
        assertThat(file).hasContent("precious");
        assertThat(folder).isDirectoryContaining(path -> path.equals(file));
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tinyllama-1.1b", "tinyllama-1.1b:q9"})
    void namesTheTypesWhereOneIsUnknown(String name) {
        assertThatThrownBy(() -> SyntheticModel.parse(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("q4_0")
                .hasMessageContaining("mxfp4");
    }

    @Test
    void namesTheShapesWhereOneIsUnknown() {
        assertThatThrownBy(() -> SyntheticModel.parse("gpt:q8_0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tinyllama-1.1b")
                .hasMessageContaining("gpt-oss-20b");
        assertThatThrownBy(() -> SyntheticModel.parse("tinyllama-1.1b@none:q8_0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("number of layers 'none'");
    }

    @Test
    void everyArchitectureHasAShape() {
        assertThat(ModelShapes.ALL.stream().map(ModelShape::architecture).distinct())
                .containsExactlyInAnyOrderElementsOf(Architectures.names());
        assertThat(ModelShapes.ALL).extracting(ModelShape::label).doesNotHaveDuplicates();
    }

    /** Billions of weights, as the models' publishers state them. */
    @ParameterizedTest
    @CsvSource({
        "llama-110m, 0.11",
        "tinyllama-1.1b, 1.1",
        "llama-3-8b, 8.0",
        "llama-3-70b, 70.6",
        "mixtral-8x7b, 46.7",
        "mistral-7b, 7.2",
        "qwen2.5-0.5b, 0.49",
        "qwen2.5-14b, 14.7",
        "qwen2.5-32b, 32.5",
        "qwen3-0.6b, 0.6",
        "qwen1.5-moe-a2.7b, 14.3",
        "qwen3-30b-a3b, 30.5",
        "gemma-2b, 2.5",
        "gemma-2-2b, 2.6",
        "gemma-3-1b, 1.0",
        "phi-3-mini, 3.8",
        "granite-3-2b, 2.5",
        "granite-3-1b-a400m, 1.3",
        "olmo-2-1b, 1.5",
        "command-r, 35.0",
        "starcoder2-3b, 3.0",
        "glm-4-9b, 9.4",
        "smollm3-3b, 3.1",
        "deepseek-v2-lite, 15.7",
        "gpt-oss-20b, 20.9",
        "ministral-3-3b, 3.4"
    })
    void shapesHaveTheWeightsOfTheirNames(String label, double billions) {
        ModelShape shape = ModelShape.of(label);
        double weights = TensorShape.of(shape.config(), shape.tied()).stream()
                .mapToDouble(tensor -> tensor.dimensions().stream().reduce(1L, Math::multiplyExact))
                .sum();
        assertThat(weights / 1e9).isCloseTo(billions, within(0.03 * billions));
    }

    /** Experts are MXFP4 and all other matrices Q8_0. Rows of 64 weights cannot be Q4_K, whose blocks have 256. */
    @ParameterizedTest
    @ValueSource(strings = {"MXFP4", "Q4_K", "IQ1_M", "NVFP4"})
    void typesApplyWhereRowsAreWholeBlocks(String type, @TempDir Path folder) throws IOException {
        Path file = smallMixture(GgmlType.valueOf(type), folder);
        try (Model model = new Model(GgufFile.open(file));
                RankGroup group = Groups.start(model, 2, "f32", HostKernels.vector())) {
            String experts = type.equals("MXFP4") || type.equals("NVFP4") ? type : "Q8_0";
            assertThat(model.file()
                            .tensor("blk.1.ffn_down_exps.weight")
                            .orElseThrow()
                            .type())
                    .isEqualTo(GgmlType.valueOf(experts));
            assertThat(model.file().tensor("blk.1.attn_q.weight").orElseThrow().type())
                    .isEqualTo(type.equals("MXFP4") ? GgmlType.Q8_0 : GgmlType.valueOf(type));
            assertThat(model.file()
                            .tensor("blk.1.ffn_gate_inp.weight")
                            .orElseThrow()
                            .type())
                    .isEqualTo(GgmlType.F32);
            assertThat(Groups.logits(group, 1, 300, 400)).hasSize(600).doesNotContain(Float.NaN);
        }
    }

    /** Two tokens reach more experts than one: a share of (1 - used/count) of those that the first did not reach. */
    @Test
    void aPassReadsTheExpertsThatItsTokensReach(@TempDir Path folder) throws IOException {
        try (Model model = new Model(GgufFile.open(smallMixture(GgmlType.Q8_0, folder)))) {
            ShardPlan plan = ShardPlan.of(model, 2, List.of());
            double experts = plan.shards().stream()
                    .mapToDouble(shard -> ShardWeights.of(model, shard).expertBytes())
                    .sum();
            Experts mixture = Objects.requireNonNull(model.config().experts());
            double one = WorkloadCost.of(model, plan, 8, new Workload(0, 1, 0)).weightBytes();
            double two =
                    WorkloadCost.of(model, plan, 8, new Workload(0, 1, 0, 2)).weightBytes();
            double notReached = 1 - (double) mixture.used() / mixture.count();
            assertThat(experts).isPositive();
            assertThat(two - one).isEqualTo(experts * notReached * (1 - notReached), within(1.0));
        }
    }

    /** A model of the shape of gpt-oss, with two layers of few columns and few experts. */
    private static Path smallMixture(GgmlType type, Path folder) throws IOException {
        Map<String, GgufValue> keys =
                new LinkedHashMap<>(ModelShape.of("gpt-oss-20b@2").keys());
        Map.of("embedding_length", 256, "attention.head_count", 4, "attention.head_count_kv", 2)
                .forEach((key, value) -> keys.put(key, new GgufValue.Int(GgufValueType.UINT32, value)));
        Map.of("feed_forward_length", 64, "expert_feed_forward_length", 64, "expert_count", 4)
                .forEach((key, value) -> keys.put(key, new GgufValue.Int(GgufValueType.UINT32, value)));
        Path file = folder.resolve("model.gguf");
        new SyntheticModel(new ModelShape("small", "gpt-oss", 600, false, keys), type).write(file);
        return file;
    }
}

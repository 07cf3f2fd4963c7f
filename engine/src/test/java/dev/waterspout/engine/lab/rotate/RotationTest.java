package dev.waterspout.engine.lab.rotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.lab.capture.Capture;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelException;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.host.HostKernels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class RotationTest {
    private static final int[] TOKENS = {1, 70, 5, 259, 31, 200, 7, 7, 90, 12, 44};
    private static final String TEXT =
            "Now is the winter of our discontent made glorious summer by this sun. ".repeat(9);

    @TempDir
    private Path folder;

    static Stream<Arguments> models() {
        return Stream.of(
                Arguments.of("llama", SmallModel.of("llama")),
                Arguments.of(
                        "llama with biases, tied",
                        SmallModel.of("llama").withBiases().tied()),
                Arguments.of("llama 3.1 factors", SmallModel.of("llama").withRopeFactors()),
                Arguments.of("qwen2", SmallModel.of("qwen2").withBiases()),
                Arguments.of("qwen3, wide heads", SmallModel.of("qwen3", 24).withHeadNorms()));
    }

    private static TextWindows windows(Model model) {
        return TextWindows.of(model.tokenizer(), TEXT, 64);
    }

    private Path rotate(Model model, Basis basis, GgmlType type) throws IOException {
        Path file = folder.resolve("rotated.gguf");
        new Rotation(model, type).write(basis, 2, file);
        return file;
    }

    private static float[] logits(Model model, int ranks) {
        try (RankGroup group = Groups.start(model, ranks, "f32", HostKernels.vector())) {
            return Groups.logits(group, TOKENS);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("models")
    void theFunctionIsUnchanged(String name, SmallModel small) throws IOException {
        try (Model model = small.load()) {
            float[] expected = logits(model, 1);
            for (Basis basis :
                    List.of(Basis.hadamard(SmallModel.WIDTH, 3), Basis.principal(model, windows(model), 2))) {
                Path file = rotate(model, basis, GgmlType.F32);
                try (Model rotated = new Model(GgufFile.open(file))) {
                    assertThat(rotated.tied()).isFalse();
                    for (int ranks : new int[] {1, 3}) {
                        assertThat(logits(rotated, ranks)).containsExactly(expected, within(5e-4f));
                    }
                    assertThat(rotated.outputNorm().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED))
                            .containsOnly(1);
                    // The residual stream itself has changed.
                    assertThat(rotated.embedding()
                                    .data()
                                    .mismatch(model.embedding().data()))
                            .isNotEqualTo(-1);
                }
            }
        }
    }

    @Test
    void f16AndQ8RoundTheSameWeights() throws IOException {
        try (Model model = SmallModel.of("llama").load()) {
            float[] expected = logits(model, 1);
            for (GgmlType type : List.of(GgmlType.F16, GgmlType.Q8_0)) {
                Path file = rotate(model, Basis.hadamard(SmallModel.WIDTH, 1), type);
                try (Model rotated = new Model(GgufFile.open(file))) {
                    assertThat(rotated.file()
                                    .tensor("blk.1.ffn_down.weight")
                                    .orElseThrow()
                                    .type())
                            .isEqualTo(type);
                    float[] found = logits(rotated, 1);
                    assertThat(found).isNotEqualTo(expected);
                    assertThat(found).containsExactly(expected, within(type == GgmlType.F16 ? 0.02f : 0.5f));
                }
            }
        }
    }

    /** Returns the share of the partials' energy in the strongest tenth of the channels. */
    private static double energyShare(Model model) {
        double[] energy = new double[SmallModel.WIDTH];
        Capture.run(model, windows(model), 1, 1, (rank, exchange, partial, rows) -> add(energy, partial, rows));
        Arrays.sort(energy);
        double strongest = Arrays.stream(energy)
                .skip(SmallModel.WIDTH - SmallModel.WIDTH / 10)
                .sum();
        return strongest / Arrays.stream(energy).sum();
    }

    private static void add(double[] energy, MemorySegment partial, int rows) {
        for (int i = 0; i < rows * energy.length; i++) {
            double value = partial.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            energy[i % energy.length] += value * value;
        }
    }

    @Test
    void pcaConcentratesEnergyAndHadamardSpreadsIt() throws IOException {
        try (Model model = SmallModel.of("llama").load()) {
            Path gathering = rotate(model, Basis.principal(model, windows(model), 1), GgmlType.F32);
            try (Model energyShare = new Model(GgufFile.open(gathering))) {
                assertThat(energyShare(energyShare)).isGreaterThan(1.3 * energyShare(model));
                Path spreading = folder.resolve("spread.gguf");
                new Rotation(energyShare, GgmlType.F32).write(Basis.hadamard(SmallModel.WIDTH, 1), 1, spreading);
                try (Model spread = new Model(GgufFile.open(spreading))) {
                    assertThat(energyShare(spread)).isLessThan(0.8 * energyShare(energyShare));
                }
            }
        }
    }

    @Test
    void aQuantizedModelCanBeRotatedAgain() throws IOException {
        try (Model model = SmallModel.of("llama").load()) {
            Path bytes = rotate(model, Basis.hadamard(SmallModel.WIDTH, 1), GgmlType.Q8_0);
            try (Model stored = new Model(GgufFile.open(bytes))) {
                Path again = folder.resolve("again.gguf");
                new Rotation(stored, GgmlType.F32).write(Basis.hadamard(SmallModel.WIDTH, 2), 1, again);
                try (Model rotated = new Model(GgufFile.open(again))) {
                    assertThat(logits(rotated, 2)).containsExactly(logits(stored, 2), within(5e-4f));
                }
            }
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (Model model = SmallModel.of("qwen3", 24).withHeadNorms().load()) {
            assertThat(model.matrix(TensorRole.ATTN_OUTPUT, 0).columns()).isEqualTo(192);
            TextWindows few =
                    TextWindows.of(model.tokenizer(), "too short a text", 4).part(0, 1);
            assertThatThrownBy(() -> Basis.principal(model, few, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a calibration text of 4 tokens for 64 channels; it must have at least 64");
        }
        SmallModel odd = SmallModel.of("llama", 4).put("rope.dimension_count", 4);
        try (Model model = odd.load()) {
            assertThat(model.matrix(TensorRole.ATTN_OUTPUT, 0).columns()).isEqualTo(32);
        }
        try (Model model = SmallModel.of("llama", 10).load()) {
            assertThatThrownBy(() -> new Rotation(model, GgmlType.Q8_0))
                    .isInstanceOf(ModelException.class)
                    .hasMessage("tensor blk.0.attn_output.weight has rows of 80 weights; Q8_0 needs a multiple of 32");
        }
    }
}

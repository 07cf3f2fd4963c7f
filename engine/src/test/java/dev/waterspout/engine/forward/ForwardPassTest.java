package dev.waterspout.engine.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.NaiveLlama;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.host.HostKernels;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ForwardPassTest {
    private static final int[] TOKENS = {1, 70, 5, 259, 31, 200, 7, 7, 90, 12, 44};
    private static final int DIM = SmallModel.WIDTH / SmallModel.HEADS;

    static Stream<Arguments> models() {
        SmallModel llama = SmallModel.of("llama");
        SmallModel biased = SmallModel.of("llama").withBiases();
        SmallModel tied = SmallModel.of("llama").tied();
        SmallModel linear =
                SmallModel.of("llama").put("rope.scaling.type", "linear").put("rope.scaling.factor", 4f);
        SmallModel legacy = SmallModel.of("llama").put("rope.scale_linear", 2f);
        SmallModel llama3 =
                SmallModel.of("llama").put("rope.freq_base", 500_000f).withRopeFactors();
        SmallModel partial = SmallModel.of("llama").put("rope.dimension_count", DIM / 2);
        SmallModel mistral = SmallModel.of("mistral").put("rope.freq_base", 1e6f);
        SmallModel qwen2 = SmallModel.of("qwen2").withBiases();
        SmallModel qwen3 = SmallModel.of("qwen3", 24).withHeadNorms();
        return Stream.of(
                Arguments.of("llama", llama, new NaiveLlama(llama, false, 1e4, 1, DIM)),
                Arguments.of("llama with biases", biased, new NaiveLlama(biased, false, 1e4, 1, DIM)),
                Arguments.of("llama, tied", tied, new NaiveLlama(tied, false, 1e4, 1, DIM)),
                Arguments.of("llama, linear scaling", linear, new NaiveLlama(linear, false, 1e4, 0.25, DIM)),
                Arguments.of("llama, old key of scaling", legacy, new NaiveLlama(legacy, false, 1e4, 0.5, DIM)),
                Arguments.of("llama 3.1 factors", llama3, new NaiveLlama(llama3, false, 500_000, 1, DIM)),
                Arguments.of("llama, half of a head turns", partial, new NaiveLlama(partial, false, 1e4, 1, DIM / 2)),
                Arguments.of("mistral", mistral, new NaiveLlama(mistral, false, 1e6, 1, DIM)),
                Arguments.of("qwen2", qwen2, new NaiveLlama(qwen2, true, 1e4, 1, DIM)),
                Arguments.of("qwen3, wide heads", qwen3, new NaiveLlama(qwen3, true, 1e4, 1, 24)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("models")
    void agreesWithTheNaiveComputation(String name, SmallModel small, NaiveLlama naive) {
        double[] expected = naive.logits(TOKENS);
        for (HostKernels kernels : List.of(HostKernels.scalar(), HostKernels.vector())) {
            for (int ranks : new int[] {1, 2, 3, 4}) {
                try (Model model = small.load();
                        RankGroup group = Groups.start(model, ranks, "f32", kernels)) {
                    float[] logits = Groups.logits(group, TOKENS);
                    assertThat(logits).hasSize(SmallModel.VOCABULARY);
                    // The first pass uses the cold-start kernels.
                    assertThat(Groups.logits(group, TOKENS)).isEqualTo(logits);
                    for (int i = 0; i < logits.length; i++) {
                        assertThat((double) logits[i])
                                .as("%s, %s, %d ranks, token %d", name, kernels, ranks, i)
                                .isCloseTo(expected[i], within(2e-4));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void chunksOfAnySizeGiveTheSameBits(int chunk) {
        for (int ranks : new int[] {1, 2}) {
            for (String comm : List.of("f32", "e2m1:32:e8m0")) {
                try (Model model = SmallModel.of("llama").load();
                        RankGroup whole =
                                Groups.start(model, ranks, List.of(), comm, 32, TOKENS.length, HostKernels.vector());
                        RankGroup chunked =
                                Groups.start(model, ranks, List.of(), comm, 32, chunk, HostKernels.vector())) {
                    assertThat(Groups.logits(chunked, TOKENS)).isEqualTo(Groups.logits(whole, TOKENS));
                }
            }
        }
    }

    @Test
    void aSecondRunGivesTheSameBits() {
        try (Model model = SmallModel.of("llama").load();
                RankGroup group = Groups.start(model, 4, "e2m1:32:e8m0", HostKernels.vector())) {
            float[] first = Groups.logits(group, TOKENS);
            assertThat(Groups.logits(group, TOKENS)).isEqualTo(first);
        }
    }

    @Test
    void unevenSharesComputeTheSame() {
        try (Model model = SmallModel.of("llama").load();
                RankGroup one = Groups.start(model, 1, "f32", HostKernels.vector());
                RankGroup uneven = Groups.start(model, 2, List.of(3.0, 1.0), "f32", 64, 64, HostKernels.vector())) {
            float[] expected = Groups.logits(one, TOKENS);
            assertThat(Groups.logits(uneven, TOKENS)).containsExactly(expected, within(2e-4f));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 6, 8})
    void moreRanksThanKvHeadsComputeTheSame(int ranks) {
        List<Double> split = ranks == 5 ? List.of(3.0, 2.0, 1.0, 1.0, 1.0) : List.of();
        for (HostKernels kernels : List.of(HostKernels.scalar(), HostKernels.vector())) {
            try (Model model = SmallModel.of("llama").load();
                    RankGroup one = Groups.start(model, 1, "f32", kernels);
                    RankGroup many = Groups.start(model, ranks, split, "f32", 64, 64, kernels)) {
                float[] expected = Groups.logits(one, TOKENS);
                assertThat(Groups.logits(many, TOKENS)).containsExactly(expected, within(2e-4f));
            }
        }
    }

    @Test
    void compressionChangesLogitsALittle() {
        try (Model model = SmallModel.of("llama").load();
                RankGroup exact = Groups.start(model, 2, "f32", HostKernels.vector());
                RankGroup compressed = Groups.start(model, 2, "int8:32:e8m0", HostKernels.vector())) {
            float[] expected = Groups.logits(exact, TOKENS);
            float[] found = Groups.logits(compressed, TOKENS);
            assertThat(found).isNotEqualTo(expected);
            assertThat(found).containsExactly(expected, within(0.5f));
        }
    }
}

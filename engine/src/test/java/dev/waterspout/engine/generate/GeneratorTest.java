package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.collective.CollectiveKind;
import dev.waterspout.kernels.host.HostKernels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GeneratorTest {
    private static final int CONTEXT = 24;

    private static GenerationReport generate(int chunk, String prompt, int predict, StringBuilder text) {
        SmallModel small = SmallModel.of("llama");
        int endOfText = 2 * SmallModel.WIDTH;
        Arrays.fill(
                small.values("output.weight"), endOfText, endOfText + SmallModel.WIDTH, 0); // never the largest logit
        try (Model model = small.load();
                RankGroup group = Groups.start(model, 2, List.of(), "f32", CONTEXT, chunk, HostKernels.vector())) {
            return generate(model, group, prompt, predict, text);
        }
    }

    private static GenerationReport generate(
            Model model, RankGroup group, String prompt, int predict, StringBuilder text) {
        Generator generator = new Generator(model.tokenizer(), group);
        return generator.generate(
                generator.tokenize(prompt), predict, new Sampler(SamplingParameters.greedy()), text::append);
    }

    @Test
    void generatesAsManyTokensAsAskedFor() {
        StringBuilder text = new StringBuilder();
        GenerationReport report = generate(CONTEXT, "hello", 5, text);
        assertThat(report.generated()).hasSize(5);
        assertThat(report.stop()).isEqualTo(StopReason.LENGTH);
        assertThat(report.prefill().tokens()).isEqualTo(report.prompt().size());
        assertThat(report.decode().tokens()).isEqualTo(4); // the last token needs no forward pass
        assertThat(text.toString()).isNotEmpty();
    }

    @Test
    void rowsBeyondTheVocabularyAreNeverSampled() {
        int rows = SmallModel.VOCABULARY + 2;
        SmallModel small = SmallModel.of("llama")
                .tensor("token_embd.weight", 1, SmallModel.WIDTH, rows)
                .tensor("output.weight", 0.2, SmallModel.WIDTH, rows);
        // For every hidden state, one of these two rows has the largest logit.
        float[] output = small.values("output.weight");
        Arrays.fill(output, SmallModel.VOCABULARY * SmallModel.WIDTH, (rows - 1) * SmallModel.WIDTH, 50);
        Arrays.fill(output, (rows - 1) * SmallModel.WIDTH, rows * SmallModel.WIDTH, -50);
        try (Model model = small.load();
                RankGroup group = Groups.start(model, 2, List.of(), "f32", CONTEXT, CONTEXT, HostKernels.vector())) {
            GenerationReport report = generate(model, group, "hello", 8, new StringBuilder());

            assertThat(report.generated()).allMatch(token -> token < SmallModel.VOCABULARY);
            float[] logits = Groups.logits(group, 1, 5);
            assertThat(Math.max(logits[rows - 2], logits[rows - 1]))
                    .isGreaterThan(logits[report.generated().getFirst()]);
        }
    }

    @Test
    void predictingNothingRunsThePromptOnly() {
        StringBuilder text = new StringBuilder();
        GenerationReport report = generate(CONTEXT, "hello", 0, text);
        assertThat(report.generated()).isEmpty();
        assertThat(report.decode().tokens()).isZero();
        assertThat(report.decode().tokensPerSecond()).isZero();
        assertThat(text.toString()).isEmpty();
    }

    @Test
    void stopsAtTheEndOfTheContext() {
        GenerationReport report = generate(CONTEXT, "hello", Generator.UNLIMITED, new StringBuilder());
        assertThat(report.stop()).isEqualTo(StopReason.CONTEXT_FULL);
        // Every position holds a token, and the last token generated has none.
        assertThat(report.prompt().size() + report.generated().size()).isEqualTo(CONTEXT + 1);
    }

    @Test
    void chunksDoNotChangeTheText() {
        StringBuilder whole = new StringBuilder();
        StringBuilder chunked = new StringBuilder();
        GenerationReport expected = generate(CONTEXT, "hello there", 8, whole);
        GenerationReport found = generate(3, "hello there", 8, chunked);
        assertThat(found.generated()).isEqualTo(expected.generated());
        assertThat(chunked.toString()).isEqualTo(whole.toString());
    }

    @Test
    void theEndOfTextTokenEndsTheText() {
        // The output row of </s> (token 2) is parallel to every hidden state, so its logit is always the largest.
        SmallModel small = SmallModel.of("llama");
        float[] output = small.values("output.weight");
        float[] norm = small.values("output_norm.weight");
        Arrays.fill(norm, 0);
        norm[0] = 1;
        float[] embedding = small.values("token_embd.weight");
        for (int token = 0; token < SmallModel.VOCABULARY; token++) {
            embedding[token * SmallModel.WIDTH] = 1000;
            output[token * SmallModel.WIDTH] = token == 2 ? 1 : 0;
        }
        try (Model model = small.load();
                RankGroup group = Groups.start(model, 1, "f32", HostKernels.vector())) {
            StringBuilder text = new StringBuilder();
            GenerationReport report = generate(model, group, "hello", 10, text);
            assertThat(report.generated()).containsExactly(2);
            assertThat(report.stop()).isEqualTo(StopReason.END_OF_TEXT);
            assertThat(text.toString()).isEmpty();
            Generator generator = new Generator(model.tokenizer(), group);
            GenerationReport past = generator.generate(
                    generator.tokenize("hello"),
                    new GenerationExtent(0, 5, true),
                    new Sampler(SamplingParameters.greedy()),
                    piece -> {});
            assertThat(past.generated()).containsExactly(2, 2, 2, 2, 2);
            assertThat(past.stop()).isEqualTo(StopReason.LENGTH);
        }
    }

    @Test
    void continuesFromTheTokensInTheContext() {
        try (Model model = SmallModel.of("llama").load();
                RankGroup group = Groups.start(model, 1, List.of(), "f32", CONTEXT, CONTEXT, HostKernels.vector())) {
            Generator generator = new Generator(model.tokenizer(), group);
            Sampler greedy = new Sampler(SamplingParameters.greedy());
            int[] tokens = generator.tokenize("hello there");
            GenerationReport whole = generator.generate(tokens, new GenerationExtent(0, 6, true), greedy, text -> {});
            GenerationReport held = generator.generate(tokens, new GenerationExtent(4, 6, true), greedy, text -> {});
            assertThat(held.generated()).isEqualTo(whole.generated());
            assertThat(held.prefill().tokens()).isEqualTo(tokens.length - 4);
        }
    }

    @Test
    void refusesAPromptThatIsTooLong() {
        assertThatThrownBy(() -> generate(CONTEXT, "x".repeat(CONTEXT), 1, new StringBuilder()))
                .isInstanceOf(GenerationException.class)
                .hasMessageContaining("context holds 24");
    }

    @Test
    void everyRankSendsTheBytesOfTheFormula() {
        int header = 48;
        int layers = SmallModel.LAYERS;
        for (int ranks : new int[] {1, 2, 3, 4}) {
            try (Model model = SmallModel.of("llama").load();
                    RankGroup group = Groups.start(model, ranks, "e2m1:32:e8m0", HostKernels.vector())) {
                GenerationReport report = generate(model, group, "hello", 4, new StringBuilder());
                long rowBytes = SmallModel.WIDTH / 32 + SmallModel.WIDTH * 4 / 8;
                long prompt = report.prompt().size();
                for (int rank = 0; rank < ranks; rank++) {
                    var prefill = report.prefill().ranks().get(rank).exchange().traffic(CollectiveKind.ALLGATHER);
                    var decode = report.decode().ranks().get(rank).exchange().traffic(CollectiveKind.ALLGATHER);
                    assertThat(prefill.bytesSent()).isEqualTo(2L * layers * (ranks - 1) * (header + prompt * rowBytes));
                    assertThat(decode.bytesSent()).isEqualTo(3 * 2L * layers * (ranks - 1) * (header + rowBytes));
                    assertThat(prefill.messages()).isEqualTo(2L * layers * (ranks - 1));
                    assertThat(decode.bytesReceived()).isEqualTo(decode.bytesSent());
                }
            }
        }
    }
}

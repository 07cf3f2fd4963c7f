package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.NaiveLlama;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class PerplexityMeterTest {
    private static final String TEXT = "We the people of the United States, in order to form a more perfect union";
    private static final int SIZE = 16;
    private static final SmallModel SMALL = SmallModel.of("llama");

    private static RankGroup group(Model model, int ranks, String comm, int chunk, int logitRows) {
        RankOptions options = new RankOptions(
                SIZE,
                chunk,
                1,
                CommSchedule.fixed(WireFormat.parse(comm)),
                Duration.ofSeconds(30),
                Math.min(chunk, logitRows));
        return RankGroup.inProcess(
                model,
                ShardPlan.of(model, ranks, List.of()),
                options,
                Collections.nCopies(ranks, HostShard.factory(HostKernels.vector())));
    }

    private static List<RunScore> score(TextWindows windows, RankGroup... groups) {
        PerplexityMeter meter = new PerplexityMeter(List.of(groups), SmallModel.VOCABULARY);
        for (int window = 0; window < windows.count(); window++) {
            meter.score(windows, window);
        }
        return meter.scores();
    }

    /** Perplexity by its definition: a separate forward pass predicts each token from all tokens before it. */
    private static double naive(TextWindows windows) {
        NaiveLlama naive = new NaiveLlama(SMALL, false, 1e4, 1, SmallModel.WIDTH / SmallModel.HEADS);
        double nll = 0;
        int scored = 0;
        for (int window = 0; window < windows.count(); window++) {
            int[] tokens = windows.tokens(window);
            for (int at = SIZE / 2; at < SIZE - 1; at++) {
                double[] logits = naive.logits(Arrays.copyOf(tokens, at + 1));
                double sum = Arrays.stream(logits).map(Math::exp).sum();
                nll += Math.log(sum) - logits[tokens[at + 1]];
                scored++;
            }
        }
        return Math.exp(nll / scored);
    }

    @ParameterizedTest
    @CsvSource({"1, 16, 16", "1, 16, 1", "2, 16, 3", "3, 5, 4", "4, 16, 7", "2, 1, 1"})
    void equalsThePerplexityByDefinition(int ranks, int chunk, int logitRows) {
        try (Model model = SMALL.load();
                RankGroup group = group(model, ranks, "f32", chunk, logitRows)) {
            TextWindows windows = TextWindows.of(model.tokenizer(), TEXT, SIZE);
            RunScore score = score(windows, group).getFirst();
            assertThat(score.nll().count()).isEqualTo(windows.count() * 7L);
            assertThat(score.nll().exp()).isCloseTo(naive(windows), within(0.01));
            assertThat(score.divergence()).isNull();
        }
    }

    @Test
    void logitsOfManyRowsAreThoseOfEachRow() {
        int[] tokens = {1, 70, 5, 259, 31, 200, 7};
        try (Model model = SMALL.load();
                RankGroup many = group(model, 3, "e2m1:32:e8m0", 8, 4);
                RankGroup one = group(model, 3, "e2m1:32:e8m0", 8, 1)) {
            many.forward(tokens, 0, false);
            many.output(2, 4);
            MemorySegment rows = many.logits().asSlice(0, 4L * SmallModel.VOCABULARY * Float.BYTES);
            float[] found = rows.toArray(ValueLayout.JAVA_FLOAT);
            for (int row = 0; row < 4; row++) {
                float[] expected = Groups.logits(one, Arrays.copyOf(tokens, row + 3));
                assertThat(Arrays.copyOfRange(found, row * SmallModel.VOCABULARY, (row + 1) * SmallModel.VOCABULARY))
                        .as("row %d", row)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void anEqualRunHasNoDivergence() {
        try (Model model = SMALL.load();
                RankGroup first = group(model, 2, "f32", 16, 5);
                RankGroup second = group(model, 2, "f32", 16, 5)) {
            List<RunScore> scores = score(TextWindows.of(model.tokenizer(), TEXT, SIZE), first, second);
            Divergence divergence = Objects.requireNonNull(scores.get(1).divergence());
            assertThat(divergence.increasePercent()).isZero();
            assertThat(divergence.kl().value()).isZero();
            assertThat(divergence.kl99()).isZero();
            assertThat(divergence.sameTop().value()).isEqualTo(1);
        }
    }

    @Test
    void coarserFormatsDivergeMore() {
        try (Model model = SMALL.load();
                RankGroup exact = group(model, 2, "f32", 16, 5);
                RankGroup fine = group(model, 2, "int8:32:f16", 16, 5);
                RankGroup coarse = group(model, 2, "e2m0:32:e8m0", 16, 5)) {
            List<RunScore> scores = score(TextWindows.of(model.tokenizer(), TEXT, SIZE), exact, fine, coarse);
            Divergence little = Objects.requireNonNull(scores.get(1).divergence());
            Divergence much = Objects.requireNonNull(scores.get(2).divergence());
            assertThat(little.kl().value()).isPositive().isLessThan(much.kl().value() / 100);
            assertThat(much.kl99()).isGreaterThan(much.kl().value());
            // The standard error of the ratio excludes the variation that both runs share.
            double ratio = scores.get(2).nll().exp() / scores.get(0).nll().exp();
            assertThat(much.logRatio().exp()).isCloseTo(ratio, within(1e-9));
        }
    }
}

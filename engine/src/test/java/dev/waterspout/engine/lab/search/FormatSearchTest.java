package dev.waterspout.engine.lab.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.lab.capture.Capture;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class FormatSearchTest {
    private static final String TEXT =
            "To be, or not to be, that is the question: whether 'tis nobler in the mind. ".repeat(6);

    private static TextWindows windows(Model model) {
        return TextWindows.of(model.tokenizer(), TEXT, 32);
    }

    @Test
    void errorsOfSumsFollowTheFormat() {
        try (Model model = SmallModel.of("llama").load();
                Arena arena = Arena.ofShared()) {
            PartialSample sample = new PartialSample(4, 2, 48, SmallModel.WIDTH, arena);
            Capture.run(model, windows(model).part(0, 2), 2, 2, sample);
            assertThat(sample.rows()).isEqualTo(48);
            SumError gather = new SumError(sample, Algorithm.ALLGATHER);
            SumError twoStep = new SumError(sample, Algorithm.TWOSTEP);
            assertThat(gather.noiseToSignal(WireFormat.parse("f32"))).containsOnly(0);
            double[] four = gather.noiseToSignal(WireFormat.parse("e2m1:32:e8m0"));
            double[] eight = gather.noiseToSignal(WireFormat.parse("int8:32:f16"));
            double[] again = twoStep.noiseToSignal(WireFormat.parse("e2m1:32:e8m0"));
            for (int exchange = 0; exchange < 4; exchange++) {
                assertThat(four[exchange]).isBetween(1e-3, 0.1);
                assertThat(eight[exchange]).isLessThan(four[exchange] / 100);
                assertThat(again[exchange]).isGreaterThan(four[exchange]); // two-step rounds the sum once more
            }
        }
    }

    @Test
    void findsFewerBitsForALargerBudget() {
        double tight = bits(0.5);
        double loose = bits(20);
        assertThat(loose).isLessThan(tight);
        assertThat(loose).isBetween(1.0, 5.0);
        assertThat(tight).isBetween(3.0, 16.0);
    }

    private static double bits(double budget) {
        try (Model model = SmallModel.of("llama").load()) {
            SearchSettings settings = new SearchSettings(budget, 2, Algorithm.ALLGATHER, 2, 64, 8);
            TextWindows text = windows(model);
            SearchResult result =
                    new FormatSearch(model, settings, (what, done, all) -> {}).search(text.part(0, 2), text.part(2, 8));
            assertThat(result.tried()).isEqualTo(16 * 5 * 4 * 4);
            Trial winner = result.winner().orElseThrow();
            assertThat(winner.upperPercent()).isLessThanOrEqualTo(budget);
            assertThat(winner.formats()).hasSize(4);
            // No trial within the budget has fewer bits, and every uniform format is correctly placed with respect to
            // the Pareto front.
            for (Trial trial : result.trials()) {
                if (trial.upperPercent() <= budget) {
                    assertThat(winner.bits()).isLessThanOrEqualTo(trial.bits());
                }
            }
            List<Trial> front = result.front();
            for (int i = 1; i < front.size(); i++) {
                assertThat(front.get(i).bits()).isGreaterThan(front.get(i - 1).bits());
                assertThat(front.get(i).divergence().increasePercent())
                        .isLessThan(front.get(i - 1).divergence().increasePercent());
            }
            // The baselines: TopK of the same size, and one scale per token or channel.
            assertThat(result.baselines().stream().map(trial -> trial.common().label()))
                    .contains("bf16", "int4:token", "int4:channel")
                    .anyMatch(label -> label.startsWith("topk:"));
            return winner.bits();
        }
    }

    @Test
    void aMixtureIsNamedAfterItsMostFrequentFormat() {
        WireFormat four = WireFormat.parse("e2m1");
        WireFormat eight = WireFormat.parse("e4m3");
        List<WireFormat> formats = List.of(four, eight, four, four);
        double bits = Trial.bits(formats, 1, 256);
        assertThat(bits).isCloseTo((3 * 4.25 + 8.25) / 4, within(1e-12));
        SearchSettings settings = new SearchSettings(1, 2, Algorithm.ALLGATHER, 1, 64, 2);
        try (Model model = SmallModel.of("llama").load()) {
            Trial trial = new TrialBench(model, windows(model).part(0, 2), settings, (what, done, all) -> {})
                    .measure("", List.of(formats))
                    .getFirst();
            assertThat(trial.common()).isEqualTo(four);
            assertThat(trial.exceptions()).containsOnlyKeys(1).containsValue(eight);
            assertThat(trial.uniform()).isFalse();
            assertThat(trial.label()).isEqualTo("e2m1:32:e8m0, 1 x e4m3:32:e8m0");
        }
    }
}

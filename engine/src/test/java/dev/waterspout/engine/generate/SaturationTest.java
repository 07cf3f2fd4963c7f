package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelException;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.Saturation;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Partials beyond the range of a wire format. A model whose residual stream is scaled by a power of two computes the
 * same logits, because its norms remove the scale.
 */
@Timeout(60)
class SaturationTest {
    private static final float SCALE = 1 << 24;
    private static final int CONTEXT = 16;
    private static final int[] TOKENS = {3, 4, 5, 6};

    private final List<String> notes = new ArrayList<>();

    private static SmallModel scaled(float by) {
        SmallModel small = SmallModel.of("llama");
        List<String> names = new ArrayList<>(List.of("token_embd.weight"));
        for (int layer = 0; layer < SmallModel.LAYERS; layer++) {
            names.add("blk." + layer + ".attn_output.weight");
            names.add("blk." + layer + ".ffn_down.weight");
        }
        for (String name : names) {
            float[] values = small.values(name);
            for (int i = 0; i < values.length; i++) {
                values[i] *= by;
            }
        }
        return small;
    }

    private RankGroup start(Model model, int ranks, Algorithm algorithm, String format, Saturation saturation) {
        CommChoice choice = new CommChoice(algorithm, WireFormat.parse(format), CommChoice.UNCUT);
        RankOptions options = new RankOptions(
                CONTEXT, CONTEXT, 1, CommSchedule.fixed(choice).withSaturation(saturation), Duration.ofSeconds(30));
        RankGroup group = RankGroup.inProcess(
                model,
                ShardPlan.of(model, ranks, List.of()),
                options,
                Collections.nCopies(ranks, HostShard.factory(HostKernels.vector())));
        group.notes(notes::add);
        return group;
    }

    private float[] logits(String format, Algorithm algorithm, Saturation saturation) {
        try (Model model = scaled(SCALE).load();
                RankGroup group = start(model, 2, algorithm, format, saturation)) {
            return Groups.logits(group, TOKENS);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "q8_0, ALLGATHER",
        "q8_0, TWOSTEP",
        "e2m1:32:f16, TWOSTEP",
        "int8:token, ALLGATHER",
        "e4m3:32:e5m0, TWOSTEP"
    })
    void aFormatThatSaturatesIsReplaced(String format, Algorithm algorithm) {
        assertThat(logits(format, algorithm, Saturation.REPLACE)).isEqualTo(logits("bf16", algorithm, Saturation.END));
        assertThat(notes).hasSize(1).allMatch(note -> note.contains("the exchange goes on in bf16"));
    }

    @Test
    void aFixedFormatEndsTheRun() {
        assertThatThrownBy(() -> logits("q8_0", Algorithm.ALLGATHER, Saturation.END))
                .isInstanceOf(InterconnectException.class)
                .hasMessageContaining("beyond the range of int8:32:f16");
    }

    @Test
    void allowedSaturationIsCountedAndReportedOnce() {
        try (Model model = scaled(SCALE).load();
                RankGroup group = start(model, 2, Algorithm.ALLGATHER, "q8_0", Saturation.COUNT)) {
            Groups.logits(group, TOKENS);
            Groups.logits(group, TOKENS);
            assertThat(group.work()).allMatch(work -> work.exchange().saturated() > 0);
        }
        assertThat(notes).hasSize(1).allMatch(note -> note.contains("int8:32:f16"));
    }

    @Test
    void ordinaryPartialsAreNotTouched() {
        try (Model model = scaled(1).load();
                RankGroup group = start(model, 2, Algorithm.TWOSTEP, "q8_0", Saturation.REPLACE);
                RankGroup counted = start(model, 2, Algorithm.TWOSTEP, "q8_0", Saturation.COUNT)) {
            assertThat(Groups.logits(group, TOKENS)).isEqualTo(Groups.logits(counted, TOKENS));
            assertThat(group.work()).allMatch(work -> work.exchange().saturated() == 0);
        }
        assertThat(notes).isEmpty();
    }

    @Test
    void unusableLogitsEndTheRun() {
        SmallModel small = SmallModel.of("llama");
        Arrays.fill(small.values("output.weight"), 0);
        try (Model model = small.load();
                RankGroup group = start(model, 1, Algorithm.ALLGATHER, "f32", Saturation.END)) {
            Generator generator = new Generator(model.tokenizer(), group);
            assertThatThrownBy(
                            () -> generator.generate(TOKENS, 2, new Sampler(SamplingParameters.greedy()), text -> {}))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("logits are equal, 0.0; likely cause: damaged weights");
        }
    }
}

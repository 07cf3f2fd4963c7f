package dev.waterspout.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.testing.TestData;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ShardPlanTest {
    private static final int UNIT = 32;
    private static final ModelConfig CONFIG = config();

    private static ModelConfig config() {
        try (Model model = SmallModel.of("llama").load()) {
            return model.config(); // 8 heads, 4 KV heads, FFN 160, vocabulary 260
        }
    }

    @Test
    void everyPlanAssignsEveryUnitOnce() {
        List<List<Double>> splits =
                List.of(List.of(1.0), List.of(3.0, 1.0), List.of(1.0, 1e-9, 5.0), List.of(1.0, 2.0, 3.0, 4.0));
        for (List<Double> split : splits) {
            List<Shard> shards = ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), split.size(), split)
                    .shards();
            assertThat(shards).hasSize(split.size());
            assertCovers(shards, Shard::heads, SmallModel.HEADS);
            assertCovers(shards, Shard::kvHeads, SmallModel.KV_HEADS);
            assertCovers(shards, Shard::ffn, SmallModel.FFN);
            assertCovers(shards, Shard::vocabulary, SmallModel.VOCABULARY);
            for (Shard shard : shards) {
                assertThat(shard.heads()).isEqualTo(shard.kvHeads().times(2));
                assertThat(shard.ffn().from() % UNIT).isZero();
            }
        }
    }

    private static void assertCovers(List<Shard> shards, Function<Shard, Span> part, int units) {
        int next = 0;
        for (Shard shard : shards) {
            Span span = part.apply(shard);
            assertThat(span.from()).isEqualTo(next);
            assertThat(span.size()).isPositive();
            next = span.to();
        }
        assertThat(next).isEqualTo(units);
    }

    @Test
    void sharesAreEqualByDefault() {
        ShardPlan plan = ShardPlan.of(CONFIG, new WeightBlocks(1, 1), 4, List.of());
        assertThat(plan.shards()).extracting(shard -> shard.ffn().size()).containsOnly(40);
        assertThat(plan.vocabularyShares()).containsExactly(65, 65, 65, 65);
    }

    @Test
    void theRemainderGoesToTheFirstRanks() {
        ShardPlan plan = ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 3, List.of());
        assertThat(plan.shards()).extracting(shard -> shard.kvHeads().size()).containsExactly(2, 1, 1);
        assertThat(plan.shards()).extracting(shard -> shard.ffn().size()).containsExactly(64, 64, 32);
        assertThat(plan.vocabularyShares()).containsExactly(87, 87, 86);
    }

    @Test
    void attentionIsDividedAtBlockBoundaries() {
        // The attention output has 16 columns for each of the 4 KV heads.
        WeightBlocks blocks = new WeightBlocks(32, UNIT);

        for (List<Double> split : List.of(List.of(1.0, 1.0), List.of(3.0, 1.0), List.of(1.0, 9.0))) {
            List<Shard> shards = ShardPlan.of(CONFIG, blocks, 2, split).shards();
            assertThat(shards).extracting(Shard::kvHeads).containsExactly(new Span(0, 2), new Span(2, 4));
            assertThat(shards).extracting(Shard::heads).containsExactly(new Span(0, 4), new Span(4, 8));
        }
        assertThat(ShardPlan.of(CONFIG, new WeightBlocks(256, UNIT), 1, List.of())
                        .shards())
                .extracting(Shard::kvHeads)
                .containsExactly(new Span(0, 4));
    }

    @Test
    void moreRanksThanKvHeadsDivideQueryHeadsAndReplicateKvHeads() {
        List<Shard> five =
                ShardPlan.of(CONFIG, new WeightBlocks(1, 1), 5, List.of()).shards();
        List<Shard> uneven = ShardPlan.of(CONFIG, new WeightBlocks(8, 1), 5, List.of(3.0, 2.0, 1.0, 1.0, 1.0))
                .shards();

        assertCovers(five, Shard::heads, SmallModel.HEADS);
        assertThat(five)
                .extracting(Shard::kvHeads)
                .containsExactly(new Span(0, 1), new Span(1, 2), new Span(2, 3), new Span(3, 4), new Span(3, 4));
        assertThat(uneven).extracting(shard -> shard.heads().size()).containsExactly(3, 2, 1, 1, 1);
        assertThat(uneven)
                .extracting(Shard::kvHeads)
                .containsExactly(new Span(0, 2), new Span(1, 3), new Span(2, 3), new Span(3, 4), new Span(3, 4));
    }

    @Test
    void blocksAreSplitIfThereAreFewerBlocksThanRanks() {
        // 64 columns of the attention output are 2 blocks, 160 of the FFN are 5.
        List<Shard> four =
                ShardPlan.of(CONFIG, new WeightBlocks(32, UNIT), 4, List.of()).shards();
        assertThat(four).extracting(Shard::kvHeads).extracting(Span::size).containsOnly(1);
        assertThat(four).extracting(shard -> shard.ffn().size()).containsExactly(64, 32, 32, 32);

        List<Shard> eight =
                ShardPlan.of(CONFIG, new WeightBlocks(32, UNIT), 8, List.of()).shards();
        assertThat(eight).extracting(Shard::heads).extracting(Span::size).containsOnly(1);
        assertThat(eight).extracting(shard -> shard.ffn().size()).containsExactly(32, 32, 16, 16, 16, 16, 16, 16);
    }

    @Test
    void sharesFollowTheSplit() {
        ShardPlan plan = ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 2, List.of(3.0, 1.0));
        assertThat(plan.shards()).extracting(shard -> shard.kvHeads().size()).containsExactly(3, 1);
        assertThat(plan.vocabularyShares()).containsExactly(195, 65);
    }

    @Test
    void refusesImpossiblePlansWithTheirNumbers() {
        assertThatThrownBy(() -> ShardPlan.of(CONFIG, new WeightBlocks(1, 1), 9, List.of()))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("9")
                .hasMessageContaining("8 query heads");
        assertThatThrownBy(() -> ShardPlan.of(CONFIG, new WeightBlocks(1, 96), 2, List.of()))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("160")
                .hasMessageContaining("96");
        assertThatThrownBy(() -> ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 0, List.of()))
                .isInstanceOf(PlanException.class);
    }

    @Test
    void refusesSplitsWithoutOnePositiveNumberPerRank() {
        for (List<Double> split : List.of(
                List.of(1.0, 2.0),
                List.of(1.0, 0.0, 1.0),
                List.of(1.0, -2.0, 1.0),
                List.of(1.0, Double.NaN, 1.0),
                List.of(1.0, Double.POSITIVE_INFINITY, 1.0))) {
            assertThatThrownBy(() -> ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 3, split))
                    .isInstanceOf(PlanException.class)
                    .hasMessageContaining("tensor split 1.0");
        }
    }

    @Test
    void replicatedAttentionGivesEveryRankAllHeads() {
        Split split = new Split(List.of(3.0, 1.0), false, true);
        ShardPlan plan = ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 2, split);
        ShardPlan sharded = ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 2, split.withWholeAttention(false));
        assertThat(plan.wholeAttention()).isTrue();
        assertThat(plan.exchangesPerLayer()).isEqualTo(1);
        assertThat(sharded.exchangesPerLayer()).isEqualTo(2);
        assertThat(plan.shards()).extracting(Shard::heads).containsOnly(new Span(0, CONFIG.heads()));
        assertThat(plan.shards()).extracting(Shard::kvHeads).containsOnly(new Span(0, CONFIG.kvHeads()));
        assertThat(plan.shards())
                .extracting(Shard::ffn)
                .isEqualTo(sharded.shards().stream().map(Shard::ffn).toList());
        // A single rank has all heads.
        assertThat(ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 1, new Split(List.of(), false, true)))
                .isEqualTo(ShardPlan.of(CONFIG, new WeightBlocks(1, UNIT), 1, Split.EQUAL));
        // The number of heads does not limit the number of ranks.
        int more = CONFIG.heads() + 1;
        assertThatThrownBy(() -> ShardPlan.of(CONFIG, new WeightBlocks(1, 1), more, Split.EQUAL))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("heads");
        assertThat(ShardPlan.of(CONFIG, new WeightBlocks(1, 1), more, Split.EQUAL.withWholeAttention(true))
                        .ranks())
                .isEqualTo(more);
    }

    @Test
    void wholeExpertsAreDistributedOverRanks() {
        try (Model model = new Model(GgufFile.open(TestData.require("arch/mixtral.gguf")))) {
            List<Shard> shards = ShardPlan.of(model, 3, new Split(List.of(2.0, 1.0, 1.0), true))
                    .shards();
            assertThat(shards)
                    .extracting(Shard::experts)
                    .containsExactly(new Span(0, 4), new Span(4, 6), new Span(6, 8));
            assertThat(shards).extracting(Shard::expert).containsOnly(new Span(0, 64));
            assertThat(shards).allMatch(Shard::leadsExperts);
            List<Shard> cut = ShardPlan.of(model, 2, List.of()).shards();
            assertThat(cut).extracting(Shard::experts).containsOnly(new Span(0, 8));
            assertThat(cut).extracting(Shard::leadsExperts).containsExactly(true, false);
        }
        assertThatThrownBy(() -> ShardPlan.of(CONFIG, new WeightBlocks(1, 1), 2, new Split(List.of(), true)))
                .isInstanceOf(PlanException.class)
                .hasMessage("the model has no experts to distribute");
    }
}

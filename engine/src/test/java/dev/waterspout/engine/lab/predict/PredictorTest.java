package dev.waterspout.engine.lab.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.bench.ModelShapes;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.lab.predict.Machine.Device;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.engine.plan.WeightBlocks;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PredictorTest {
    private static final Offset<Double> EXACT = within(1e-12);
    private static final WireFormat BF16 = WireFormat.parse("bf16");
    private static final WireFormat E2M1 = WireFormat.parse("e2m1:32:e8m0");
    /** Width 64, 2 layers, 4 query heads and 2 KV heads of 16, FFN 128, vocabulary 100. */
    private static final ModelConfig TINY =
            ModelConfig.llama("tiny", 1024, 64, 2, new ModelConfig.Heads(4, 2), 128, 100);

    private static final Cost PLAIN = new Cost(new Line(0, 0), new Line(0, 0), new Line(0, 0));
    /** 1 ns to encode, 2 ns to reduce, 3 ns to sum. */
    private static final Cost PACKED = new Cost(new Line(0, 1e-9), new Line(0, 2e-9), new Line(0, 3e-9));

    private static Predictor predictor(int ranks, LinkCost link) {
        return predictor(ranks, link, Split.EQUAL);
    }

    private static Predictor predictor(int ranks, LinkCost link, Split split) {
        Device device = new Device(1e6, 1e5);
        return new Predictor(
                TINY,
                2,
                ShardPlan.of(TINY, new WeightBlocks(1, 32), ranks, split),
                new Machine(
                        Collections.nCopies(ranks, device), link, new CodecCosts(Map.of(BF16, PLAIN, E2M1, PACKED))));
    }

    private static CommChoice uncut(Algorithm algorithm, WireFormat format) {
        return new CommChoice(algorithm, format, CommChoice.UNCUT);
    }

    private static CommSchedule schedule(WireFormat format) {
        return CommSchedule.fixed(format);
    }

    @Test
    void replicatedAttentionTakesHalfTheExchangesAndAllHeads() {
        LinkCost link = new LinkCost(1e-3, 1e6);
        PhaseTime sharded = predictor(2, link).decode(7, schedule(E2M1));
        PhaseTime replicated =
                predictor(2, link, Split.EQUAL.withWholeAttention(true)).decode(7, schedule(E2M1));
        assertThat(replicated.exchange()).isCloseTo(sharded.exchange() / 2, EXACT);
        // Additional bytes: 2 layers x 64 x (2 x 32 + 2 x 16) weights of 2 bytes, and the keys and values of one KV
        // head.
        assertThat(replicated.compute() - sharded.compute())
                .isCloseTo((2 * 64 * (2 * 32 + 2 * 16) * 2 + 8 * 2 * 16 * 8) / 1e5, EXACT);
    }

    @Test
    void countsOperationsAndBytesOfAShard() {
        // Half of it: 2 heads, 1 KV head, 64 FFN columns, 50 rows. W = 2 x 64 x (2 x 32 + 2 x 16 + 3 x 64) = 36864
        PassWork work = PassWork.of(
                TINY,
                2,
                ShardPlan.of(TINY, new WeightBlocks(1, 32), 2, List.of())
                        .shards()
                        .getFirst(),
                10,
                5,
                true);
        assertThat(work.flops()).isEqualTo(2 * 36_864 * 10 + 4 * 2 * 32 * (5 * 10 + 55) + 2 * 64 * 50);
        assertThat(work.bytes()).isEqualTo(2 * (36_864 + 64 * 50) + 8 * 2 * 16 * 15);
        PassWork inside = PassWork.of(
                TINY,
                2,
                ShardPlan.of(TINY, new WeightBlocks(1, 32), 2, List.of())
                        .shards()
                        .getFirst(),
                10,
                5,
                false);
        assertThat(inside.bytes()).isEqualTo(2 * 36_864 + 8 * 2 * 16 * 15);
    }

    @Test
    void aKnownShapeHasItsNominalNumberOfParameters() {
        // The 70B model of the paper's table: layers, embedding and output head
        ModelConfig large = ModelShapes.LLAMA_3_70B.config();
        PassWork work = PassWork.of(
                large,
                1,
                ShardPlan.of(large, new WeightBlocks(1, 32), 1, List.of())
                        .shards()
                        .getFirst(),
                1,
                0,
                true);
        double cache = 8.0 * 80 * 1024;
        assertThat(work.bytes() - cache + 8192.0 * 128_256).isCloseTo(70.6e9, within(0.05e9));
    }

    @Test
    void aSingleRankExchangesNothingAndTheSlowerRooflineCounts() {
        Predictor alone = predictor(1, LinkCost.NONE);
        PhaseTime token = alone.decode(0, schedule(E2M1));
        // 73728 weights and 6400 of the head, 2 bytes each, and 512 bytes of cache, at 1e5 bytes per second
        assertThat(token.compute()).isCloseTo((2 * (73_728 + 6400) + 512) / 1e5, EXACT);
        assertThat(token.seconds()).isEqualTo(token.compute());
        PhaseTime prompt = alone.prefill(100, 100, schedule(E2M1));
        assertThat(prompt.compute()).isCloseTo((2.0 * 73_728 * 100 + 4 * 2 * 64 * 5050 + 2 * 6400) / 1e6, EXACT);
    }

    @Test
    void aLayerHasTwoExchangesOfTheCostModel() {
        PhaseTime prompt = predictor(2, new LinkCost(1e-3, 1e6)).prefill(10, 10, schedule(E2M1));
        // per row: 2 scales and 32 bytes of elements; 640 elements, a header of 48 bytes
        double transfer = 1e-3 + (10 * 34 + 48) * 1e-6;
        assertThat(prompt.transfer()).isCloseTo(4 * transfer, EXACT);
        assertThat(prompt.quantize()).isCloseTo(4 * 640e-9, EXACT);
        assertThat(prompt.sum()).isCloseTo(4 * 2 * 640 * 3e-9, EXACT);
        assertThat(prompt.exchange()).isCloseTo(prompt.transfer() + prompt.quantize() + prompt.sum(), EXACT);
        // the broadcast step, and the frame of 40 candidates
        assertThat(prompt.other()).isCloseTo(2e-3 + (48 + 20 + 40 * 8) * 1e-6, EXACT);
        assertThat(prompt.seconds()).isCloseTo(prompt.compute() + prompt.exchange() + prompt.other(), EXACT);
    }

    @Test
    void aLongPromptTakesSeveralPasses() {
        Predictor two = predictor(2, new LinkCost(1e-3, 1e6));
        PhaseTime once = two.prefill(8, 8, schedule(BF16));
        PhaseTime inParts = two.prefill(8, 3, schedule(BF16));
        assertThat(inParts.tokens()).isEqualTo(8);
        assertThat(inParts.transfer()).isCloseTo(once.transfer() + 2 * 4 * (1e-3 + 48e-6), EXACT);
        assertThat(inParts.other()).isCloseTo(once.other() + 2e-3, EXACT);
    }

    @Test
    void overlapHidesTheShorterOneOfComputationAndLink() {
        CommSchedule schedule = schedule(BF16);
        // Two parts of 50 rows: each sends 2 x 50 x 64 bytes and a header.
        double bytes = 2 * 50 * 64 + 48;
        for (double bytesPerSecond : new double[] {1e3, 1e9}) {
            Predictor two = predictor(2, new LinkCost(0, bytesPerSecond));
            PhaseTime whole = two.prefill(100, 100, schedule);
            PhaseTime parts = two.prefill(100, 100, schedule, Overlap.ON);
            double transfer = bytes / bytesPerSecond;
            double longer = Math.max(whole.compute(), 4 * 2 * transfer);
            assertThat(whole.seconds()).isGreaterThan(parts.seconds());
            assertThat(parts.seconds() - parts.other()).isBetween(longer, longer + 5 * transfer + whole.compute() / 2);
            assertThat(two.prefill(100, 100, schedule, Overlap.AUTO)).isEqualTo(parts);
        }
        // The prompt has too few rows for two parts.
        Predictor two = predictor(2, new LinkCost(0, 1e3));
        assertThat(two.prefill(31, 31, schedule, Overlap.ON)).isEqualTo(two.prefill(31, 31, schedule));
    }

    @Test
    void unevenSharesWaitForTheSlowestRank() {
        ShardPlan plan = ShardPlan.of(TINY, new WeightBlocks(1, 32), 2, List.of(1.0, 1.0));
        Machine machine = new Machine(
                List.of(new Device(1e9, 1e9), new Device(1e6, 1e9)),
                LinkCost.NONE,
                new CodecCosts(Map.of(BF16, PLAIN)));
        PassWork work = PassWork.of(TINY, 2, plan.shards().get(1), 10, 0, true);
        assertThat(new Predictor(TINY, 2, plan, machine)
                        .prefill(10, 10, schedule(BF16))
                        .compute())
                .isCloseTo(work.flops() / 1e6, EXACT);
    }

    @Test
    void compressionIsFasterBelowTheBreakEvenBandwidth() {
        Predictor two = predictor(2, new LinkCost(1e-3, 1e6));
        // saves 1280 - 340 bytes and costs 640 + 2 x 640 x 3 ns
        double expected = (1280 - 340) / (640 * 1e-9 + 1280 * 3e-9);
        assertThat(two.breakEven(uncut(Algorithm.ALLGATHER, E2M1), uncut(Algorithm.ALLGATHER, BF16), 10)
                        .orElseThrow())
                .isCloseTo(expected, within(1e-6 * expected));
        assertThat(two.breakEven(uncut(Algorithm.ALLGATHER, BF16), uncut(Algorithm.ALLGATHER, E2M1), 10))
                .isEmpty();
        assertThat(two.breakEven(uncut(Algorithm.ALLGATHER, BF16), uncut(Algorithm.TWOSTEP, BF16), 10))
                .hasValue(Double.POSITIVE_INFINITY); // it saves one latency and one header
    }

    @Test
    void theFastestChoiceDependsOnTheLink() {
        List<CommChoice> both = List.of(uncut(Algorithm.ALLGATHER, BF16), uncut(Algorithm.ALLGATHER, E2M1));
        assertThat(predictor(2, new LinkCost(0, 1e6)).fastest(both, 10)).isEqualTo(both.get(1));
        assertThat(predictor(2, new LinkCost(0, 1e12)).fastest(both, 10)).isEqualTo(both.get(0));
    }

    @Test
    void refusesADeviceCountThatDiffersFromTheRanks() {
        Machine one = new Machine(List.of(new Device(1, 1)), LinkCost.NONE, CodecCosts.NONE);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new Predictor(TINY, 2, ShardPlan.of(TINY, new WeightBlocks(1, 32), 2, List.of()), one))
                .withMessageContaining("1 devices for 2 ranks");
        assertThatIllegalArgumentException().isThrownBy(() -> new Device(0, 1));
    }
}

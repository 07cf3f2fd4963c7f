package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Greedy decoding of a sequence gives the same tokens alone and in a batch, with shared prefixes and after preemption.
 */
@Timeout(240)
class ParallelSequencesTest {
    private static final int SEQUENCES = 16;
    private static final int CONTEXT = 300;
    private static final int PREDICT = 24;
    private static final int BLOCK = BatchLimits.BLOCK_SIZE;

    /** Prompts of 1 to 270 tokens; every second one shares a prefix with the one before it. */
    private static List<int[]> prompts() {
        SplittableRandom random = new SplittableRandom(11);
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < SEQUENCES; i++) {
            int[] prompt = random.ints(1 + i * 18L, 3, SmallModel.VOCABULARY).toArray();
            if (i % 2 == 1) {
                int[] before = prompts.getLast();
                System.arraycopy(before, 0, prompt, 0, before.length);
            }
            prompts.add(prompt);
        }
        return prompts;
    }

    private static RankGroup start(Model model, int ranks, String comm, BatchLimits limits, CacheType cache) {
        RankOptions options = new RankOptions(
                CONTEXT, CONTEXT, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofSeconds(30), SEQUENCES);
        return RankGroup.inProcess(
                model,
                ShardPlan.of(model, ranks, List.of()),
                options.withCacheType(cache).withLimits(limits),
                Collections.nCopies(ranks, HostShard.factory(HostKernels.vector())));
    }

    /** Submits all prompts at the same time and returns the tokens generated for each. */
    private static List<List<Integer>> together(Model model, RankGroup group, List<int[]> prompts, int reuse) {
        List<Generation> generations = prompts.stream()
                .map(prompt -> new Generator(model.tokenizer(), group)
                        .begin(
                                prompt,
                                new GenerationExtent(reuse, PREDICT, true),
                                new Sampler(SamplingParameters.greedy())))
                .toList();
        new Generator(model.tokenizer(), group).beginTogether(generations);
        return generations.stream().map(ParallelSequencesTest::read).toList();
    }

    private static List<List<Integer>> alone(Model model, RankGroup group, List<int[]> prompts) {
        return prompts.stream()
                .map(prompt -> together(model, group, List.of(prompt), 0).getFirst())
                .toList();
    }

    @ParameterizedTest
    @CsvSource({"1, f32, F32", "2, f32, F32", "2, e2m1:32:e8m0, F32", "3, e2m1:32:e8m0, F16", "4, bf16, F16"})
    void aBatchOfSixteenGivesTheTextsOfSingleSequences(int ranks, String comm, CacheType cache) {
        List<int[]> prompts = prompts();
        BatchLimits roomy = BatchLimits.of(SEQUENCES, 64, CONTEXT, (long) SEQUENCES * CONTEXT);
        BatchLimits narrow = new BatchLimits(SEQUENCES, 64, CONTEXT, BLOCK, 8);
        try (Model model = SmallModel.of("llama").load();
                RankGroup one = start(model, ranks, comm, BatchLimits.ofOne(CONTEXT, 64), cache);
                RankGroup many = start(model, ranks, comm, roomy, cache);
                RankGroup few = start(model, ranks, comm, narrow, cache)) {
            List<List<Integer>> alone = alone(model, one, prompts);
            assertThat(alone).doesNotHaveDuplicates();
            long before = many.loop().steps();
            assertThat(together(model, many, prompts, 0)).isEqualTo(alone);
            // One sequence at a time needs a pass for every token.
            assertThat(many.loop().steps() - before).isLessThan((long) SEQUENCES * PREDICT / 3);
            assertThat(together(model, many, prompts, GenerationExtent.ANY)).isEqualTo(alone);
            assertThat(many.loop().preemptions()).isZero();
            assertThat(together(model, few, prompts, 0)).isEqualTo(alone);
            assertThat(together(model, few, prompts, GenerationExtent.ANY)).isEqualTo(alone);
            assertThat(few.loop().preemptions()).isPositive();
            // Again in another order, beside a sequence that runs to the end of the context.
            List<Integer> order = IntStream.range(0, SEQUENCES)
                    .boxed()
                    .sorted(Collections.reverseOrder())
                    .toList();
            assertThat(together(model, few, order.stream().map(prompts::get).toList(), GenerationExtent.ANY))
                    .isEqualTo(order.stream().map(alone::get).toList());
        }
    }

    /**
     * Models with experts, sliding windows, latent attention or scaled positions: rows of other sequences change no
     * result.
     */
    @ParameterizedTest(name = "{0} on {1} ranks, {2}")
    @CsvSource({
        "qwen3, 3, e2m1:32:e8m0",
        "gemma2, 2, e2m1:32:e8m0",
        "gemma3, 2, bf16",
        "olmo2, 1, f32",
        "commandr, 2, e2m1:32:e8m0",
        "qwen2moe, 2, f32",
        "mixtral, 3, e2m1:32:e8m0",
        "deepseek2, 2, f32",
        "gptoss, 2, e2m1:32:e8m0"
    })
    void everyKindOfModelGivesTheTextsOfSingleSequences(String name, int ranks, String comm) throws IOException {
        List<int[]> prompts = prompts().stream()
                .map(prompt ->
                        Arrays.stream(prompt).map(token -> token % 190 + 3).toArray())
                .toList();
        List<int[]> some =
                IntStream.of(0, 1, 4, 5, 8, 9, 14, 15).mapToObj(prompts::get).toList();
        BatchLimits narrow = new BatchLimits(SEQUENCES, 64, CONTEXT, BLOCK, 7);
        try (Model model = new Model(GgufFile.open(TestData.require("arch/" + name + ".gguf")));
                RankGroup one = start(model, ranks, comm, BatchLimits.ofOne(CONTEXT, 64), CacheType.F32);
                RankGroup few = start(model, ranks, comm, narrow, CacheType.F32)) {
            List<List<Integer>> alone = alone(model, one, some);
            assertThat(together(model, few, some, 0)).isEqualTo(alone);
            assertThat(together(model, few, some, GenerationExtent.ANY)).isEqualTo(alone);
            assertThat(few.loop().preemptions()).isPositive();
        }
    }

    @Test
    void cachedPrefixesAreNotComputedAgain() {
        int[] prompt =
                new SplittableRandom(5).ints(200, 3, SmallModel.VOCABULARY).toArray();
        BatchLimits limits = BatchLimits.of(2, 64, CONTEXT, 6L * BLOCK);
        try (Model model = SmallModel.of("llama").load();
                RankGroup group = start(model, 2, "e2m1:32:e8m0", limits, CacheType.F32)) {
            Generator generator = new Generator(model.tokenizer(), group);
            GenerationExtent extent = new GenerationExtent(GenerationExtent.ANY, 10, true);
            List<Integer> first = read(generator.begin(prompt, extent, new Sampler(SamplingParameters.greedy())));
            Generation again = generator.begin(prompt, extent, new Sampler(SamplingParameters.greedy()));
            assertThat(read(again)).isEqualTo(first);
            assertThat(again.heldTokens()).isEqualTo(prompt.length - 1);
            assertThat(again.report().prefill().tokens()).isEqualTo(1);
            // A prompt that shares a prefix which ends in the middle of a block of the first text.
            int[] other = Arrays.copyOf(prompt, 180);
            other[179] = prompt[179] + 1;
            Generation branch = generator.begin(other, extent, new Sampler(SamplingParameters.greedy()));
            List<Integer> branched = read(branch);
            assertThat(branch.heldTokens()).isEqualTo(179);
            Generation fresh =
                    generator.begin(other, new GenerationExtent(0, 10, true), new Sampler(SamplingParameters.greedy()));
            assertThat(branched).isEqualTo(read(fresh));
            assertThat(read(generator.begin(prompt, extent, new Sampler(SamplingParameters.greedy()))))
                    .isEqualTo(first);
        }
    }

    private static List<Integer> read(Generation generation) {
        while (!generation.ended()) {
            generation.advance();
        }
        return generation.report().generated();
    }

    /** One pass with samplers that need candidates, all logits, or only the likeliest token. */
    @Test
    void everySequenceUsesItsOwnSampler() {
        List<int[]> prompts = prompts().subList(0, 6);
        List<SamplingParameters> sampling = List.of(
                SamplingParameters.greedy(),
                new SamplingParameters(200, 1, 0, 1.5, 3),
                new SamplingParameters(20, 0.9, 0, 0.8, 4),
                SamplingParameters.greedy().withAdjustments(new LogitAdjustments(-1, 1.3, 0, 0, Map.of())),
                new SamplingParameters(0, 1, 0, 2, 5),
                SamplingParameters.greedy());
        BatchLimits limits = BatchLimits.of(SEQUENCES, 64, CONTEXT, 20L * BLOCK);
        try (Model model = SmallModel.of("llama").load();
                RankGroup group = start(model, 2, "f32", limits, CacheType.F32)) {
            List<Generation> together = generations(model, group, prompts, sampling);
            new Generator(model.tokenizer(), group).beginTogether(together);
            List<List<Integer>> found =
                    together.stream().map(ParallelSequencesTest::read).toList();
            List<List<Integer>> alone = generations(model, group, prompts, sampling).stream()
                    .map(ParallelSequencesTest::read)
                    .toList();
            assertThat(found).isEqualTo(alone);
            assertThat(found.getLast()).isEmpty();
        }
    }

    private static List<Generation> generations(
            Model model, RankGroup group, List<int[]> prompts, List<SamplingParameters> sampling) {
        return IntStream.range(0, prompts.size())
                .mapToObj(i -> new Generator(model.tokenizer(), group)
                        .begin(
                                prompts.get(i),
                                new GenerationExtent(0, i == prompts.size() - 1 ? 0 : PREDICT, true),
                                new Sampler(sampling.get(i))))
                .toList();
    }
}

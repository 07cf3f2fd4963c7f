package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankMemory;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.TinyModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sliding-window layers compute the same results whether their KV cache holds the window or all positions. */
@Timeout(240)
class WindowedCacheTest {
    private static final int PREDICT = 24;
    private static final int LONG_WINDOW = 150;

    /** A model with seven layers, of which six have a window of 150 positions, more than one KV block. */
    private static Model longWindow() {
        return new TinyModel(
                        "gemma3",
                        Map.of(
                                "context_length", 4096,
                                "embedding_length", 48,
                                "block_count", 7,
                                "feed_forward_length", 64,
                                "attention.head_count", 4,
                                "attention.head_count_kv", 2,
                                "attention.key_length", 16,
                                "attention.value_length", 16,
                                "attention.sliding_window", LONG_WINDOW,
                                "attention.layer_norm_rms_epsilon", 1e-5),
                        true)
                .load();
    }

    private static Model open(String name) throws IOException {
        return name.equals("long")
                ? longWindow()
                : new Model(GgufFile.open(TestData.require("arch/" + name + ".gguf")));
    }

    private static RankOptions options(BatchLimits limits, String comm, CacheType cache) {
        return new RankOptions(
                        limits.context(),
                        limits.context(),
                        1,
                        CommSchedule.fixed(WireFormat.parse(comm)),
                        Duration.ofSeconds(30),
                        limits.sequences())
                .withCacheType(cache)
                .withLimits(limits);
    }

    private static RankGroup start(Model model, int ranks, RankOptions options) {
        return RankGroup.inProcess(
                model,
                ShardPlan.of(model, ranks, List.of()),
                options,
                Collections.nCopies(ranks, HostShard.factory(HostKernels.vector())));
    }

    private static int[] prompt(long seed, int length) {
        return new SplittableRandom(seed).ints(length, 3, TinyModel.VOCABULARY).toArray();
    }

    /** Prompts at least four windows long, in chunks that are not aligned to blocks. */
    @ParameterizedTest(name = "{0} on {1} ranks, {2}")
    @CsvSource({"gemma2, 2, F32", "gemma3, 1, F16", "gptoss, 2, Q8_0", "long, 2, F32"})
    void aLongPromptIsBitEqualToThatOfAFullCache(String name, int ranks, CacheType cache) throws IOException {
        BatchLimits whole = BatchLimits.of(1, 100, 700, 700);
        int[] prompt = prompt(3, 640);
        try (Model model = open(name)) {
            BatchLimits windowed = whole.withWindow(model.config().window());
            assertThat(windowed.keepsWindows()).isTrue();
            try (RankGroup expected = start(model, ranks, options(whole, "e2m1:32:e8m0", cache));
                    RankGroup found = start(model, ranks, options(windowed, "e2m1:32:e8m0", cache))) {
                for (int from = 0; from < prompt.length; from += 100) {
                    int[] chunk = Arrays.copyOfRange(prompt, from, Math.min(prompt.length, from + 100));
                    assertThat(logits(found, from, chunk)).containsExactly(logits(expected, from, chunk));
                }
                for (int position = prompt.length; position < prompt.length + 5; position++) {
                    int token = position % 90 + 3;
                    assertThat(logits(found, position, token)).containsExactly(logits(expected, position, token));
                }
            }
        }
    }

    private static float[] logits(RankGroup group, int position, int... tokens) {
        group.forward(tokens, position, true);
        return group.logits().toArray(ValueLayout.JAVA_FLOAT);
    }

    @ParameterizedTest(name = "{0} on {1} ranks, {2}")
    @CsvSource({"gemma3, 2, e2m1:32:e8m0", "gptoss, 1, f32"})
    @Tag("exhaustive")
    void everyKindOfModelGivesTheTextsOfSingleSequences(String name, int ranks, String comm) throws IOException {
        check(name, ranks, comm);
    }

    @Test
    void aBatchGivesTheTextsOfSingleSequences() throws IOException {
        check("long", 2, "f32");
    }

    /**
     * A batch of texts with shared prefixes that end within and between blocks, in a cache too small for all of them.
     */
    private static void check(String name, int ranks, String comm) throws IOException {
        List<int[]> prompts = new ArrayList<>();
        for (int shared : new int[] {0, 100, 600, 512, 619}) {
            int[] prompt = prompt(50 + prompts.size(), 620 + 3 * prompts.size());
            System.arraycopy(prompt(50, 620), 0, prompt, 0, shared);
            prompts.add(prompt);
        }
        try (Model model = open(name)) {
            BatchLimits narrow = new BatchLimits(
                    2, 64, 1200, BatchLimits.BLOCK_SIZE, 10, model.config().window());
            assertThat(narrow.keepsWindows()).isTrue();
            try (RankGroup one = start(model, ranks, options(BatchLimits.ofOne(1200, 64), comm, CacheType.F32));
                    RankGroup few = start(model, ranks, options(narrow, comm, CacheType.F32))) {
                List<List<Integer>> alone = prompts.stream()
                        .map(prompt -> together(model, one, List.of(prompt), 0).getFirst())
                        .toList();
                assertThat(together(model, few, prompts, GenerationExtent.ANY)).isEqualTo(alone);
                assertThat(few.loop().preemptions()).isPositive();
                // One after the other: each text continues the previous one, or diverges shortly before its end.
                for (int i = 0; i < prompts.size(); i++) {
                    int[] prompt = prompts.get(i);
                    assertThat(together(model, few, List.of(prompt), GenerationExtent.ANY)
                                    .getFirst())
                            .isEqualTo(alone.get(i));
                    Generation again = begin(model, few, prompt, GenerationExtent.ANY);
                    assertThat(read(again)).isEqualTo(alone.get(i));
                    assertThat(again.heldTokens()).isEqualTo(prompt.length - 1);
                }
            }
        }
    }

    /** A prefix is not reused if its window has been evicted. */
    @Test
    void aPrefixWhoseWindowWasEvictedIsComputedAgain() {
        try (Model model = longWindow()) {
            BatchLimits limits = BatchLimits.of(1, 64, 1000, 1000).withWindow(LONG_WINDOW);
            try (RankGroup group = start(model, 1, options(limits, "f32", CacheType.F32))) {
                int[] whole = prompt(9, 900);
                var _ = read(begin(model, group, whole, GenerationExtent.ANY));
                int[] beginning = Arrays.copyOf(whole, 300);
                Generation again = begin(model, group, beginning, GenerationExtent.ANY);
                List<Integer> found = read(again);
                assertThat(again.heldTokens()).isZero();
                assertThat(found).isEqualTo(read(begin(model, group, beginning, 0)));
                Generation near = begin(model, group, Arrays.copyOf(whole, 890), GenerationExtent.ANY);
                var _ = read(near);
                assertThat(near.heldTokens()).isZero(); // its blocks were evicted for the text in between
            }
        }
    }

    @Test
    void memoryIsBoundedByWindowAndPass() {
        try (Model model = longWindow()) {
            BatchLimits whole = BatchLimits.of(1, 512, 32768, 32768);
            BatchLimits windowed = whole.withWindow(model.config().window());
            assertThat(whole.windowedBlocks()).isEqualTo(256);
            // 3 blocks for the 149 positions before the first row, 4 for 512 rows, and one as the target of a copy
            assertThat(windowed.windowedBlocks()).isEqualTo(8);
            assertThat(windowed.firstSeen(1000)).isEqualTo(851 / 128);
            ShardPlan plan = ShardPlan.of(model, 1, List.of());
            long all = cache(model, plan, whole);
            assertThat(cache(model, plan, windowed)).isEqualTo(all / 7 + all / 7 * 6 * 8 / 256);
        }
    }

    private static long cache(Model model, ShardPlan plan, BatchLimits limits) {
        return RankMemory.of(model, plan.shards().getFirst(), 1, options(limits, "f32", CacheType.F32))
                .cache();
    }

    private static Generation begin(Model model, RankGroup group, int[] prompt, int reuse) {
        GenerationExtent extent = new GenerationExtent(reuse, PREDICT, true);
        return new Generator(model.tokenizer(), group).begin(prompt, extent, new Sampler(SamplingParameters.greedy()));
    }

    private static List<List<Integer>> together(Model model, RankGroup group, List<int[]> prompts, int reuse) {
        List<Generation> generations = prompts.stream()
                .map(prompt -> begin(model, group, prompt, reuse))
                .toList();
        new Generator(model.tokenizer(), group).beginTogether(generations);
        return generations.stream().map(WindowedCacheTest::read).toList();
    }

    private static List<Integer> read(Generation generation) {
        while (!generation.ended()) {
            generation.advance();
        }
        return generation.report().generated();
    }
}

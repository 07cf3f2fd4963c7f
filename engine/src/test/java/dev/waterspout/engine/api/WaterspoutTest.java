package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.generate.Generation;
import dev.waterspout.engine.generate.GenerationExtent;
import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.generate.Sampler;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.gguf.GgufException;
import dev.waterspout.kernels.codec.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Runs alone, because it checks the memory and the threads of the process. */
@Isolated
@Timeout(240)
class WaterspoutTest {
    private static final String PROMPT = "We the people";
    private static final SamplingParameters GREEDY = SamplingParameters.greedy();
    private static final Options TWO = Options.DEFAULT.withRanks(Ranks.of(2));

    private static String text(Options options, int predict) {
        try (LanguageModel model = Waterspout.loadEmbedded(options);
                Generation generation = model.generate(PROMPT, predict, GREEDY)) {
            return String.join("", generation);
        }
    }

    @Test
    void twoRanksWriteTheTextOfOne() {
        assertThat(text(TWO, 24)).isNotBlank().isEqualTo(text(Options.DEFAULT, 24));
    }

    @Test
    void tokensBecomeTheirText() {
        try (LanguageModel model = Waterspout.loadEmbedded(Options.DEFAULT)) {
            assertThat(model.detokenize(model.tokenize(PROMPT))).isEqualTo(PROMPT);
        }
    }

    /** A constraint that allows all, and keeps the ninth token from being chosen before the latch is open. */
    private static TokenConstraint pausing(CountDownLatch latch) {
        return new TokenConstraint() {
            private int tokens;

            @Override
            public void restrict(float[] logits) {
                try {
                    if (++tokens == 9) {
                        latch.await();
                    }
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public void accept(int token) {}
        };
    }

    /** Pieces that were computed but not read do not count. */
    @Test
    void closingAGenerationEndsItBeforeTheNextForwardPass() {
        try (LanguageModel model = Waterspout.loadEmbedded(TWO)) {
            CountDownLatch closed = new CountDownLatch(1);
            Generation generation = model.generator()
                    .begin(
                            model.tokenize(PROMPT),
                            new GenerationExtent(GenerationExtent.ANY, -1, false),
                            new Sampler(GREEDY, pausing(closed), -1));
            Iterator<String> pieces = generation.iterator();
            pieces.next();
            pieces.next();
            assertThatIllegalStateException().isThrownBy(generation::report);
            generation.close();
            closed.countDown();
            assertThat(pieces.hasNext()).isFalse();
            assertThat(generation.report().stop()).isEqualTo(StopReason.CANCELLED);
            assertThat(generation.report().generated()).hasSizeLessThanOrEqualTo(3);
            // Without the close it would have continued to the end of the context.
            assertThat(generation.report().decode().tokens()).isLessThanOrEqualTo(9);
            // The model is still usable.
            try (Generation next = model.generate(PROMPT, 24, GREEDY)) {
                assertThat(String.join("", next)).isEqualTo(text(TWO, 24));
                assertThat(next.report().generated()).hasSize(24);
            }
        }
    }

    @Test
    void aGenerationClosedAtOnceComputesNothing() {
        try (LanguageModel model = Waterspout.loadEmbedded(Options.DEFAULT)) {
            Generation generation = model.generate(PROMPT, 100, GREEDY);
            generation.close();
            assertThat(generation.report().stop()).isEqualTo(StopReason.CANCELLED);
            assertThat(generation.report().prefill().tokens()).isZero();
            assertThat(generation).isEmpty();
        }
    }

    /** For any size of chunks and of batches of logits. */
    @Test
    void scoresDoNotDependOnChunkSizes() {
        String text = "We the people of the United States, in order to form a more perfect union";
        Host small = new Host(1, 5, Host.DEFAULT.activations(), Host.DEFAULT.machineCode());
        Score whole = score(Options.DEFAULT, text);
        Score cut = score(TWO.withHost(small).withContext(Context.DEFAULT.withLogitRows(3)), text);
        assertThat(whole.logProbabilities()).hasSize(whole.tokens().size() - 1).allMatch(each -> each < 0);
        assertThat(cut.tokens()).isEqualTo(whole.tokens());
        assertThat(cut.perplexity()).isCloseTo(whole.perplexity(), within(0.01 * whole.perplexity()));
        assertThat(score(Options.DEFAULT, "United We people the States form union perfect order the of a")
                        .perplexity())
                .isGreaterThan(whole.perplexity());
    }

    private static Score score(Options options, String text) {
        try (LanguageModel model = Waterspout.loadEmbedded(options)) {
            return model.score(text);
        }
    }

    @Test
    void statisticsCountTheWorkOfEveryRank() {
        try (LanguageModel model = Waterspout.loadEmbedded(TWO)) {
            model.score(PROMPT);
            assertThat(model.statistics()).hasSize(2).allSatisfy(work -> {
                assertThat(work.computeNanos()).isPositive();
                assertThat(work.exchange().total().bytesSent()).isPositive();
            });
        }
    }

    /** Failures after the ranks' memory is allocated, of the file, and of the devices. */
    @Test
    void failedLoadsReleaseEverything() throws IOException {
        FormatMap wrong = new FormatMap(
                "m", 256, 99, WireFormat.parse("bf16"), new TreeMap<>(Map.of(99, WireFormat.parse("f32"))), Map.of());
        Options late = TWO.withExchange(Exchange.DEFAULT.withFormats(new Formats.Mapped(wrong)));
        Path damaged = Files.createTempFile("damaged", ".gguf");
        try {
            Files.write(damaged, new byte[1 << 20]);
            failAll(late, damaged);
            int threads = ranksThreads();
            long before = residentBytes();
            for (int i = 0; i < 20; i++) {
                failAll(late, damaged);
            }
            assertThat(ranksThreads()).isLessThanOrEqualTo(threads);
            // Leaking 20 loads would need more than twice this limit; other tests of this JVM allocate meanwhile.
            assertThat(residentBytes() - before).isLessThan(96L << 20);
            assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain(damaged.toString());
        } finally {
            Files.delete(damaged);
        }
    }

    private static void failAll(Options late, Path damaged) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Waterspout.loadEmbedded(late).close())
                .withMessageContaining("exchange 99");
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> Waterspout.load(damaged, TWO).close());
        assertThatExceptionOfType(DeviceException.class)
                .isThrownBy(() -> Waterspout.loadEmbedded(Options.DEFAULT.withRanks(Ranks.on("nowhere")))
                        .close());
        System.gc();
    }

    private static long residentBytes() throws IOException {
        List<String> pages =
                List.of(Files.readString(Path.of("/proc/self/statm")).split(" ", -1));
        return Long.parseLong(pages.get(1)) * 4096;
    }

    private static int ranksThreads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("rank-"))
                .count();
    }
}

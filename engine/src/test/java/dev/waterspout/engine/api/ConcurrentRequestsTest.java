package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.generate.Generation;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One model with requests of several threads at the same time. */
@Timeout(240)
class ConcurrentRequestsTest {
    private static final List<String> PROMPTS = List.of(
            "We the people", "We the people of the", "Four score and", "It was the", "When in the course", "Call me");
    private static final SamplingParameters GREEDY = SamplingParameters.greedy();
    private static final int LENGTH = 20;
    private static final Options TWO =
            Options.DEFAULT.withRanks(Ranks.of(2)).withContext(Context.DEFAULT.withPositions(256));

    private static String text(LanguageModel model, String prompt) {
        try (Generation generation = model.generate(prompt, LENGTH, GREEDY)) {
            return String.join("", generation);
        }
    }

    /** Automatic choices depend on measured times; all exact ones give the same text. */
    private static Formats formats(String text) {
        return text.equals("auto")
                ? new Formats.Auto(5, List.of(WireFormat.parse("f32")), List.of(), Formats.Measuring.QUICK)
                : new Formats.Fixed(WireFormat.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"1, f32, 0", "4, f32, 0", "6, e2m1:32:e8m0, 384", "6, auto, 384"})
    void everyThreadGetsItsOwnText(int sequences, String format, long cachePositions) throws Exception {
        Options options = TWO.withContext(TWO.context().withSequences(sequences, cachePositions))
                .withExchange(Exchange.DEFAULT.withFormats(formats(format)));
        try (LanguageModel model = Waterspout.loadEmbedded(options);
                ExecutorService readers = Executors.newFixedThreadPool(PROMPTS.size())) {
            List<String> alone =
                    PROMPTS.stream().map(prompt -> text(model, prompt)).toList();
            List<Future<String>> together = new ArrayList<>();
            for (String prompt : PROMPTS) {
                together.add(readers.submit(() -> text(model, prompt)));
            }
            double perplexity =
                    model.score("We the people of the United States").perplexity();
            for (int i = 0; i < alone.size(); i++) {
                assertThat(together.get(i).get()).as(PROMPTS.get(i)).isEqualTo(alone.get(i));
            }
            assertThat(model.score("We the people of the United States").perplexity())
                    .isEqualTo(perplexity);
        }
    }

    @Test
    void parallelSequencesNeedMemoryAndAFormatOfIndependentRows() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Context.DEFAULT.withSequences(0, 0))
                .withMessageContaining("parallel sequences 0");
        Options narrow = TWO.withContext(TWO.context().withSequences(4, 100));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Waterspout.loadEmbedded(narrow).close())
                .withMessageContaining("KV cache of 128 positions; it must hold one sequence of the context size 256");
        Options few = TWO.withContext(TWO.context().withSequences(9, 0))
                .withHost(new Host(1, 8, Host.DEFAULT.activations(), Host.DEFAULT.machineCode()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Waterspout.loadEmbedded(few).close())
                .withMessageContaining("batch size 8 for 9 parallel sequences");
        Options mixing = TWO.withContext(TWO.context().withSequences(4, 0))
                .withExchange(Exchange.DEFAULT.withFormats(new Formats.Fixed(WireFormat.parse("int8:channel"))));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Waterspout.loadEmbedded(mixing).close())
                .withMessageContaining("wire format int8:channel has scales that all tokens of a pass share");
    }

    @Test
    void aClosedStreamFreesItsSlot() {
        try (LanguageModel model = Waterspout.loadEmbedded(TWO)) {
            Generation first = model.generate(PROMPTS.getFirst(), -1, GREEDY);
            Iterator<String> pieces = first.iterator();
            pieces.next();
            first.close();
            String second = text(model, PROMPTS.getLast());
            assertThat(second).isEqualTo(text(model, PROMPTS.getLast()));
            assertThat(first.report().stop()).isEqualTo(StopReason.CANCELLED);
            assertThat(first.report().generated()).hasSizeLessThan(4);
        }
    }

    /** A stream whose reader stops does not block the other streams. */
    @Test
    void anUnreadStreamBlocksNoOther() {
        try (LanguageModel model = Waterspout.loadEmbedded(TWO)) {
            Iterator<String> forgotten =
                    model.generate(PROMPTS.getFirst(), -1, GREEDY).iterator();
            assertThat(forgotten.next()).isNotEmpty();
            assertThat(text(model, PROMPTS.get(1))).isNotBlank();
        }
    }

    @Test
    void anInterruptEndsOnlyTheStreamOfItsReader() {
        try (LanguageModel model = Waterspout.loadEmbedded(TWO)) {
            Generation interrupted = model.generate(PROMPTS.getFirst(), 100, GREEDY);
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> String.join("", interrupted))
                    .isInstanceOf(GenerationException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(interrupted.report().stop()).isEqualTo(StopReason.CANCELLED);
            assertThat(text(model, PROMPTS.get(1))).isNotBlank();
        }
    }

    @Test
    void requestsToAClosedModelAreRefused() {
        LanguageModel model = Waterspout.loadEmbedded(TWO);
        Generation late = model.generate(PROMPTS.getFirst(), 3, GREEDY);
        model.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> String.join("", late))
                .withMessage("the model has been closed");
    }
}

package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.generate.ChosenToken;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.GbnfParser;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.kernels.host.Activations;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A reply that continues from the tokens of an interrupted attempt equals the uninterrupted reply. */
@Timeout(300)
class KnownTokensTest {
    private static LanguageModel model;

    @BeforeAll
    static void load() {
        model = Waterspout.loadEmbedded(Options.DEFAULT
                .withContext(Context.DEFAULT.withPositions(64))
                .withHost(new Host(1, 64, Activations.F32, false)));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** The content of a reply, without the number of cached prompt tokens. */
    private record Whole(
            List<ChatDelta> deltas,
            List<Integer> tokens,
            ChatReply.FinishReason reason,
            int replyTokens,
            List<ChosenToken> chosen) {}

    private static Whole read(ChatOptions options, List<Integer> known) {
        ChatPrompt prompt = ChatPrompt.continued(model.tokenize("We the people"));
        int[] tokens = known.stream().mapToInt(Integer::intValue).toArray();
        try (ChatReply reply = model.reply(prompt, options, tokens)) {
            List<ChatDelta> deltas = new ArrayList<>();
            reply.forEach(deltas::add);
            return new Whole(
                    deltas, reply.tokens(0), reply.finishReason(), reply.usage().replyTokens(), reply.chosen(0));
        }
    }

    private static void assertContinues(ChatOptions options) {
        Whole whole = read(options, List.of());
        int length = whole.tokens().size();
        assertThat(length).isGreaterThan(2);
        Set<Integer> places = new TreeSet<>(List.of(1, length / 2, length - 1, length));
        for (int place : places) {
            assertThat(read(options, whole.tokens().subList(0, place)))
                    .as("after " + place + " of " + length + " tokens")
                    .isEqualTo(whole);
        }
    }

    private static ChatOptions options(int predict, double temperature, List<String> stops, int likeliest) {
        return options(predict, temperature, stops, () -> TokenConstraint.NONE, likeliest);
    }

    private static ChatOptions options(
            int predict, double temperature, List<String> stops, Supplier<TokenConstraint> constraint, int likeliest) {
        return new ChatOptions(
                predict, new SamplingParameters(0, 0.95, 0, temperature, 11), stops, constraint, likeliest);
    }

    @Test
    void greedyRepliesContinue() {
        assertContinues(options(12, 0, List.of(), -1));
    }

    @Test
    void sampledRepliesContinueWithTheSameRandomNumbers() {
        assertContinues(options(12, 1, List.of(), -1));
    }

    @Test
    void theContextLimitAppliesAgain() {
        assertContinues(options(-1, 1.5, List.of(), -1));
    }

    @Test
    void aStopStringIsFoundAgain() {
        String text = String.join(
                "",
                read(options(12, 0, List.of(), -1), List.of()).deltas().stream()
                        .map(ChatDelta::text)
                        .toList());
        assertContinues(options(12, 0, List.of(text.substring(text.length() - 9, text.length() - 6)), -1));
    }

    @Test
    void aGrammarContinues() {
        Grammar grammar = GbnfParser.parse("root ::= [a-z]{4} [0-9]{3} \".\"");
        assertContinues(options(40, 1, List.of(), () -> model.constraint(grammar), -1));
    }

    @Test
    void probabilitiesAreComputedAgain() {
        assertContinues(options(8, 0, List.of(), 2));
    }
}

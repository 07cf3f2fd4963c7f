package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.api.ChatReply.FinishReason;
import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ChatException;
import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.generate.LogitAdjustments;
import dev.waterspout.engine.generate.SamplingParameters;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Conversations with the embedded model, whose file has no chat template. */
@Timeout(240)
class ChatTest {
    private static final String TEMPLATE =
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";
    private static final ChatMessage HELLO = ChatMessage.user("We the people of the United States");
    private static final Options ONE = Options.DEFAULT.withContext(Context.DEFAULT.withPositions(256));

    private static ChatOptions greedy(int predict, String... stops) {
        return new ChatOptions(predict, SamplingParameters.greedy(), List.of(stops));
    }

    private static ChatTemplate template(LanguageModel model) {
        return ChatTemplate.of(TEMPLATE, model.deployment().model().tokenizer().vocabulary(), Clock.systemUTC());
    }

    private static ChatReply chat(LanguageModel model, ChatOptions options, ChatMessage... messages) {
        return model.chat(Conversation.of(List.of(messages)), template(model), options);
    }

    private static String read(ChatReply reply) {
        StringBuilder text = new StringBuilder();
        for (ChatDelta delta : reply) {
            text.append(delta.text());
        }
        return text.toString();
    }

    @Test
    void aReplyComesInPiecesAndItsContextIsKept() {
        try (LanguageModel model = Waterspout.loadEmbedded(ONE);
                LanguageModel fresh = Waterspout.loadEmbedded(ONE)) {
            ChatReply first = chat(model, greedy(24), HELLO);
            String text = read(first);
            assertThat(text).isNotBlank().isEqualTo(first.message().content());
            assertThat(first.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(first.usage().replyTokens()).isEqualTo(24);
            assertThat(first.usage().heldTokens()).isZero();

            ChatMessage[] next = {HELLO, first.message(), ChatMessage.user("And justice?")};
            ChatReply kept = chat(model, greedy(24), next);
            ChatReply computed = chat(fresh, greedy(24), next);
            String keptText = read(kept);
            assertThat(keptText).isEqualTo(read(computed));
            // The cache holds the whole first prompt.
            assertThat(kept.usage().heldTokens())
                    .isGreaterThanOrEqualTo(first.usage().promptTokens());
            assertThat(computed.usage().heldTokens()).isZero();
            // Another conversation shares a shorter prefix, and the tokens in the cache do not change its reply.
            ChatMessage other = ChatMessage.user("Four score and seven years ago");
            String otherText = read(chat(model, greedy(24), other));
            assertThat(otherText).isEqualTo(read(chat(fresh, greedy(24), other)));
            // The same conversation again: only the last token is computed, for its logits.
            ChatReply again = chat(model, greedy(24), other);
            assertThat(read(again)).isEqualTo(otherText);
            assertThat(again.usage().heldTokens()).isEqualTo(again.usage().promptTokens() - 1);
        }
    }

    @Test
    void closingAReplyEndsItWithinOneStep() {
        try (LanguageModel model = Waterspout.loadEmbedded(ONE)) {
            ChatReply reply = chat(model, greedy(100), HELLO);
            Iterator<ChatDelta> deltas = reply.iterator();
            String first = deltas.next().text();
            reply.close();
            StringBuilder text = new StringBuilder(first);
            deltas.forEachRemaining(delta -> text.append(delta.text()));
            assertThat(reply.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(reply.usage().replyTokens()).isLessThan(5);
            assertThat(reply.message().content()).isEqualTo(text.toString());
        }
    }

    @Test
    void aStopStringEndsTheReplyWhereverItsTokensAreCut() {
        try (LanguageModel model = Waterspout.loadEmbedded(ONE)) {
            String whole = read(chat(model, greedy(48), HELLO));
            for (int from : List.of(whole.length() / 3, whole.length() / 2)) {
                String stop = whole.substring(from, from + 5);
                ChatReply reply = chat(model, greedy(48, stop, "never there"), HELLO);
                assertThat(read(reply)).isEqualTo(whole.substring(0, whole.indexOf(stop)));
                assertThat(reply.finishReason()).isEqualTo(FinishReason.STOP);
                assertThat(reply.usage().replyTokens()).isLessThan(48);
            }
        }
    }

    @Test
    void aBiasForbidsTokensAndPenaltiesEndRepetition() {
        try (LanguageModel model = Waterspout.loadEmbedded(ONE)) {
            ChatReply plain = chat(model, greedy(8), HELLO);
            read(plain);
            int first = plain.report().generated().getFirst();
            LogitAdjustments never = new LogitAdjustments(0, 1, 0, 0, Map.of(first, Double.NEGATIVE_INFINITY));
            ChatReply biased = chat(
                    model, new ChatOptions(8, SamplingParameters.greedy().withAdjustments(never), List.of()), HELLO);
            read(biased);
            assertThat(biased.report().generated()).doesNotContain(first);
            LogitAdjustments once = new LogitAdjustments(-1, 1, 1e6, 0, Map.of());
            ChatReply unlike = chat(
                    model, new ChatOptions(40, SamplingParameters.greedy().withAdjustments(once), List.of()), HELLO);
            read(unlike);
            List<Integer> all = new ArrayList<>(unlike.report().generated());
            assertThat(all)
                    .doesNotHaveDuplicates()
                    .doesNotContainAnyElementsOf(unlike.report().prompt());
        }
    }

    @Test
    void aModelWithoutATemplateIsRefused() {
        try (LanguageModel model = Waterspout.loadEmbedded(ONE)) {
            assertThatThrownBy(() -> model.chat(List.of(HELLO), greedy(1)))
                    .isInstanceOf(ChatException.class)
                    .hasMessageContaining("has no chat template")
                    .hasMessageContaining("--chat-template FILE");
        }
    }

    @Test
    void aConversationThatDoesNotFitIsRefused() {
        try (LanguageModel model = Waterspout.loadEmbedded(ONE)) {
            assertThatThrownBy(() -> chat(model, greedy(1), ChatMessage.user("word ".repeat(600))))
                    .hasMessageMatching("the conversation has \\d+ tokens; 1 to 256 fit in the context");
        }
    }
}

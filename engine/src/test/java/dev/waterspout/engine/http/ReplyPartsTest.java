package dev.waterspout.engine.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.engine.testing.TestServer;
import dev.waterspout.engine.testing.TestServer.Setup;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reasoning, stop strings, choices and probabilities, whole and in streams. */
@Timeout(600)
class ReplyPartsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "\"messages\":[{\"role\":\"user\",\"content\":\"We the people\"}],\"temperature\":0,\"max_tokens\":200";

    private static TestServer server;

    /** The template has the markers of reasoning, from which the server knows the family. */
    @BeforeAll
    static void start() throws IOException {
        server = TestServer.start(new Setup(
                TestServer.TEMPLATE + "{% if false %}<think></think>{% endif %}",
                Setup.USUAL.keys(),
                Setup.USUAL.mostWaiting(),
                Setup.USUAL.request(),
                Setup.USUAL.limits()));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A request whose grammar makes the model write a given text. */
    private static String request(String written, String more) {
        String grammar = "root ::= " + PlainJson.text(written);
        return "{" + HELLO + ",\"grammar\":" + PlainJson.text(grammar) + more + "}";
    }

    /** Returns the pieces of one field of a stream's deltas. */
    private static List<String> pieces(List<String> events, String field) throws IOException {
        assertThat(events.getLast()).isEqualTo("[DONE]");
        List<String> pieces = new ArrayList<>();
        for (String event : events.subList(0, events.size() - 1)) {
            if (TestServer.at(TestServer.json(event), "choices.0.delta." + field) instanceof String piece) {
                pieces.add(piece);
            }
        }
        return pieces;
    }

    @Test
    void reasoningIsSeparate() throws Exception {
        String written = "<think>well</think>yes";
        Map<String, Object> whole = server.answer(CHAT, request(written, ""));
        assertThat(TestServer.at(whole, "choices.0.message.reasoning_content")).isEqualTo("well");
        assertThat(TestServer.at(whole, "choices.0.message.content")).isEqualTo("yes");
        assertThat(TestServer.at(whole, "choices.0.finish_reason")).isEqualTo("stop");
        List<String> events = server.events(CHAT, request(written, ",\"stream\":true"));
        assertThat(String.join("", pieces(events, "reasoning_content"))).isEqualTo("well");
        assertThat(String.join("", pieces(events, "content"))).isEqualTo("yes");
    }

    /** The characters beyond ASCII are no tokens of the model: they are written byte by byte. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "caf\u00e9 noir, caf\u00e9 au lait|\u00e9 au|caf\u00e9 noir, caf",
                "one \u65e5\u65e5\u672c two|\u65e5\u672c|one \u65e5",
                "so \ud83d\ude00\ud83d\ude01 it ends|\ud83d\ude01|so \ud83d\ude00",
                "so \ud83d\ude00\ud83d\ude01 it ends|never|so \ud83d\ude00\ud83d\ude01 it ends"
            })
    void stopStringsMayBeSplitOverTokensAndBytes(String written, String stop, String text) throws Exception {
        String stops = ",\"stop\":[" + PlainJson.text(stop) + "]";
        Map<String, Object> whole = server.answer(CHAT, request(written, stops));
        assertThat(TestServer.at(whole, "choices.0.message.content")).isEqualTo(text);
        assertThat(TestServer.at(whole, "choices.0.finish_reason")).isEqualTo("stop");
        List<String> pieces = pieces(server.events(CHAT, request(written, stops + ",\"stream\":true")), "content");
        assertThat(String.join("", pieces)).isEqualTo(text);
        assertThat(pieces).noneMatch(piece -> piece.contains("\ufffd"));
    }

    @Test
    void choicesAndProbabilitiesAreStreamed() throws Exception {
        String request = "{\"messages\":[{\"role\":\"user\",\"content\":\"We the people\"}],\"temperature\":1,"
                + "\"seed\":5,\"max_tokens\":6,\"ignore_eos\":true,\"n\":2,\"logprobs\":true,\"top_logprobs\":3";
        Map<String, Object> whole = server.answer(CHAT, request + "}");
        List<String> events = server.events(CHAT, request + ",\"stream\":true}");
        assertThat(events.getLast()).isEqualTo("[DONE]");
        for (int choice = 0; choice < 2; choice++) {
            StringBuilder text = new StringBuilder();
            List<Object> tokens = new ArrayList<>();
            List<Object> reasons = new ArrayList<>();
            for (String event : events.subList(0, events.size() - 1)) {
                Object only = TestServer.at(TestServer.json(event), "choices.0");
                if (only == null || !Long.valueOf(choice).equals(TestServer.at(only, "index"))) {
                    continue;
                }
                text.append(Objects.requireNonNullElse(TestServer.at(only, "delta.content"), ""));
                if (TestServer.at(only, "logprobs.content") instanceof List<?> more) {
                    tokens.addAll(more);
                }
                if (TestServer.at(only, "finish_reason") instanceof String reason) {
                    reasons.add(reason);
                }
            }
            String path = "choices." + choice;
            assertThat(text.toString()).isNotEmpty().isEqualTo(TestServer.at(whole, path + ".message.content"));
            assertThat(reasons).containsExactly("length");
            assertThat(tokens).hasSize(6).isEqualTo(TestServer.at(whole, path + ".logprobs.content"));
            for (Object token : tokens) {
                assertThat((Double) TestServer.at(token, "logprob")).isNotPositive();
                assertThat((List<?>) TestServer.at(token, "top_logprobs"))
                        .hasSize(3)
                        .extracting(each -> (Double) TestServer.at(each, "logprob"))
                        .isSortedAccordingTo(Comparator.reverseOrder());
            }
        }
        assertThat(TestServer.at(whole, "choices.1.message.content"))
                .isNotEqualTo(TestServer.at(whole, "choices.0.message.content"));
    }

    @Test
    void aGrammarThatExceedsALimitOnTheWayEndsItsReply() throws Exception {
        String grammar = "root ::= \"union \" (" + "\"a\" | ".repeat(4100) + "\"b\")";
        String body = "{" + HELLO + ",\"grammar\":" + PlainJson.text(grammar);
        HttpResponse<String> refused = server.send(server.post(CHAT, body + "}"));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("must be made less ambiguous");
        List<String> events = server.events(CHAT, body + ",\"stream\":true}");
        assertThat(events.get(1)).contains("\"content\":\"un\"");
        assertThat(events.getLast()).contains("\"error\"").contains("must be made less ambiguous");
        assertThat(server.get("/health").statusCode()).isEqualTo(200);
        Map<String, Object> next = server.answer(CHAT, request("yes", ""));
        assertThat(TestServer.at(next, "choices.0.message.content")).isEqualTo("yes");
    }
}

package dev.waterspout.engine.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.testing.TestServer;
import dev.waterspout.engine.testing.TestServer.Held;
import dev.waterspout.engine.testing.TestServer.Setup;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The HTTP interface: answers, refusals, time-outs and cancellation. */
@Timeout(600)
class ModelServerTest {
    private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"We the people\"}]";
    private static final String CHAT = "/v1/chat/completions";

    private static final int LONG_TOKENS = TestServer.CONTEXT - 100;

    /** Fields of 16 replies that take seconds on any machine. Tokens that end a text are never chosen. */
    private static final String LONG = "\"max_tokens\":" + LONG_TOKENS + ",\"n\":16,\"temperature\":1,\"seed\":1,"
            + "\"logit_bias\":{\"0\":-100,\"1\":-100,\"2\":-100}";

    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = TestServer.start(Setup.USUAL);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void aStreamHasTheTextAndUsageOfTheAnswer() throws Exception {
        String request = "{" + HELLO + ",\"max_tokens\":9,\"temperature\":0";
        Map<String, Object> whole = server.answer(CHAT, request + "}");
        List<String> events = server.events(
                CHAT, request + ",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"unknown\":1}");
        assertThat(events.getLast()).isEqualTo("[DONE]");
        StringBuilder text = new StringBuilder();
        List<Object> reasons = new ArrayList<>();
        for (String event : events.subList(0, events.size() - 1)) {
            Map<String, Object> chunk = TestServer.json(event);
            if (TestServer.at(chunk, "choices.0.delta.content") instanceof String piece) {
                text.append(piece);
            }
            reasons.add(TestServer.at(chunk, "choices.0.finish_reason"));
        }
        assertThat(text.toString()).isNotBlank().isEqualTo(TestServer.at(whole, "choices.0.message.content"));
        assertThat(reasons).containsOnlyOnce("length");
        Map<String, Object> last = TestServer.json(events.get(events.size() - 2));
        assertThat(TestServer.at(last, "usage.completion_tokens")).isEqualTo(9L);
        assertThat(TestServer.at(last, "usage.total_tokens")).isEqualTo(TestServer.at(whole, "usage.total_tokens"));
    }

    @Test
    void seedsStopsBiasesAndChoicesTakeEffect() throws Exception {
        String drawn = "{" + HELLO + ",\"max_tokens\":12,\"temperature\":1,\"seed\":5,\"n\":2}";
        Map<String, Object> first = server.answer(CHAT, drawn);
        assertThat(TestServer.at(server.answer(CHAT, drawn), "choices.1.message.content"))
                .isEqualTo(TestServer.at(first, "choices.1.message.content"))
                .isNotEqualTo(TestServer.at(first, "choices.0.message.content"));
        String greedy = "{\"prompt\":\"We the people\",\"max_tokens\":12,\"temperature\":0";
        String text = String.valueOf(TestServer.at(server.answer("/v1/completions", greedy + "}"), "choices.0.text"));
        String stop = text.substring(3, 7);
        Map<String, Object> stopped =
                server.answer("/v1/completions", greedy + ",\"stop\":[\"" + stop + "\",\"never\"]}");
        assertThat(TestServer.at(stopped, "choices.0.text")).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(TestServer.at(stopped, "choices.0.finish_reason")).isEqualTo("stop");
        Map<String, Object> known = server.answer("/v1/completions", greedy + ",\"logprobs\":2}");
        String top = String.valueOf(TestServer.at(known, "choices.0.logprobs.tokens.0"));
        Map<String, Object> tokens = server.answer("/tokenize", "{\"content\":\"We the people" + top + "\"}");
        Object token = ((List<?>) Objects.requireNonNull(tokens.get("tokens"))).getLast();
        Map<String, Object> biased =
                server.answer("/v1/completions", greedy + ",\"logprobs\":1,\"logit_bias\":{\"" + token + "\":-100}}");
        assertThat(TestServer.at(biased, "choices.0.logprobs.tokens.0")).isNotEqualTo(top);
        Map<String, Object> paired =
                server.answer("/v1/completions", greedy + ",\"logprobs\":1,\"logit_bias\":[[" + token + ",false]]}");
        assertThat(TestServer.at(paired, "choices.0.text")).isEqualTo(TestServer.at(biased, "choices.0.text"));
    }

    @Test
    void theModelIsFoundByItsName() throws Exception {
        HttpResponse<String> found = server.get("/v1/models/orator");
        assertThat(found.statusCode()).isEqualTo(200);
        Map<String, Object> all = TestServer.json(server.get("/v1/models").body());
        assertThat(TestServer.json(found.body()).get("id"))
                .isEqualTo(TestServer.at(all, "data.0.id"))
                .isEqualTo("orator");
        assertThat(server.get("/v1/models/%6frator").statusCode()).isEqualTo(200);
        HttpResponse<String> unknown = server.get("/v1/models/gpt-9");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("model_not_found").contains("there is no model 'gpt-9'");
    }

    @Test
    void aReplyThatIgnoresTheEndHasAllTokens() throws Exception {
        // The bias makes the end the most likely token, unless that is forbidden.
        String request =
                "{\"prompt\":\"We\",\"max_tokens\":40,\"temperature\":0,\"logit_bias\":{\"" + endOfText() + "\":900}";
        Map<String, Object> ended = server.answer("/v1/completions", request + "}");
        assertThat(TestServer.at(ended, "choices.0.finish_reason")).isEqualTo("stop");
        Map<String, Object> whole = server.answer("/v1/completions", request + ",\"ignore_eos\":true}");
        assertThat(TestServer.at(whole, "choices.0.finish_reason")).isEqualTo("length");
        assertThat(TestServer.at(whole, "usage.completion_tokens")).isEqualTo(40L);
    }

    private static int endOfText() {
        return server.model()
                .deployment()
                .model()
                .tokenizer()
                .vocabulary()
                .eos()
                .orElseThrow();
    }

    @Test
    void eventsOfAResponseAddUpToTheAnswer() throws Exception {
        String request = "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"We the"
                + " people\"}]}],\"instructions\":\"Be brief.\",\"max_output_tokens\":6,\"temperature\":0";
        Map<String, Object> whole = server.answer("/v1/responses", request + "}");
        List<String> events = server.events("/v1/responses", request + ",\"stream\":true}");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < events.size(); i++) {
            Map<String, Object> event = TestServer.json(events.get(i));
            assertThat(event.get("sequence_number")).isEqualTo((long) i);
            if ("response.output_text.delta".equals(event.get("type"))) {
                text.append(event.get("delta"));
            }
        }
        assertThat(TestServer.at(whole, "output.0.content.0.text"))
                .isEqualTo(text.toString())
                .isEqualTo(TestServer.at(TestServer.json(events.getLast()), "response.output.0.content.0.text"));
        assertThat(TestServer.at(whole, "status")).isEqualTo("incomplete");
        assertThat(TestServer.at(whole, "incomplete_details.reason")).isEqualTo("max_output_tokens");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[1]||the request's body is not a JSON object",
                "{\"messages\":5}|messages|messages is the number 5; it must be a list",
                "{\"messages\":[{\"content\":\"x\"}]}|messages[0].role|messages[0].role is missing",
                "{}|messages|messages is missing",
                "{\"messages\":[]}|messages|messages is an empty list; it must be a list of one message or more",
                "{" + HELLO + ",\"max_tokens\":1.5}|max_tokens|max_tokens is the number 1.5; it must be an integer",
                "{" + HELLO
                        + ",\"logit_bias\":[[5]]}|logit_bias|logit_bias is a list; it must be an object, or a list of"
                        + " pairs of a token and a number or false",
                "{" + HELLO + ",\"logit_bias\":[[5,true]]}|logit_bias.5|logit_bias.5 is a boolean; it must be a number",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}|"
                        + "messages[0].content[0].type|messages[0].content[0].type"
                        + " is 'image_url'; only text is supported",
                "{" + HELLO + ",\"temperature\":\"hot\"}|temperature|temperature is a string; it must be a number",
                "{" + HELLO + ",\"top_p\":1.5}|top_p|top_p is 1.5; it must be within 0.0 to 1.0",
                "{" + HELLO + ",\"n\":true}|n|n is a boolean; it must be an integer",
                "{" + HELLO + ",\"stop\":[\"a\",4]}|stop[1]|stop[1] is the number 4; it must be a string",
                "{" + HELLO + ",\"stream\":\"yes\"}|stream|stream is a string; it must be true or false",
                "{" + HELLO
                        + ",\"logit_bias\":{\"x\":1}}|logit_bias.x|logit_bias names token 'x'; tokens are 0 to 2047",
            })
    void wrongRequestsAreRefusedWithTheNameOfTheField(String json, String parameter, String message) throws Exception {
        HttpResponse<String> response = server.send(server.post(CHAT, json));
        assertThat(response.statusCode()).isEqualTo(400);
        Map<String, Object> error = TestServer.json(response.body());
        assertThat(TestServer.at(error, "error.message")).isEqualTo(message);
        assertThat(TestServer.at(error, "error.param")).isEqualTo(parameter);
        assertThat(TestServer.at(error, "error.type")).isEqualTo("invalid_request_error");
        assertThat(server.problems(response)).isEmpty();
    }

    @Test
    void refusalsHaveTheStatusOfTheirKind() throws Exception {
        String words = "{\"messages\":[{\"role\":\"user\",\"content\":\"" + "word ".repeat(2000) + "\"}]}";
        HttpResponse<String> tooLong = server.send(server.post(CHAT, words));
        assertThat(tooLong.statusCode()).isEqualTo(400);
        assertThat(TestServer.at(TestServer.json(tooLong.body()), "error.code")).isEqualTo("context_length_exceeded");
        assertThat(server.send(server.post(CHAT, " ".repeat(100_001))).statusCode())
                .isEqualTo(413);
        assertThat(server.send(server.post("/v1/nothing", "{}")).statusCode()).isEqualTo(404);
        assertThat(server.get(CHAT).statusCode()).isEqualTo(405);
        HttpRequest.Builder form = HttpRequest.newBuilder(server.uri(CHAT))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("{}"));
        assertThat(server.send(form).statusCode()).isEqualTo(415);
        assertThat(server.send(server.post(CHAT, "")).body()).contains("the request's body is empty");
        String deep = "[".repeat(70) + "]".repeat(70);
        assertThat(server.send(server.post(CHAT, deep)).body()).contains("64 arrays and objects");
    }

    /** Browsers let pages of other sites use a server only if its headers allow that. */
    @Test
    void pagesOfOtherSitesAreNotAdmitted() throws Exception {
        HttpRequest.Builder preflight = HttpRequest.newBuilder(server.uri(CHAT))
                .header("Origin", "https://example.org")
                .header("Access-Control-Request-Method", "POST")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody());
        HttpRequest.Builder models =
                HttpRequest.newBuilder(server.uri("/v1/models")).header("Origin", "https://example.org");
        assertThat(server.send(preflight).statusCode()).isEqualTo(405);
        for (HttpRequest.Builder request : List.of(preflight, models)) {
            assertThat(server.send(request).headers().map().keySet())
                    .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control"));
        }
    }

    @Test
    void aBodyThatDoesNotArriveTimesOut() throws Exception {
        Setup setup = new Setup(
                TestServer.TEMPLATE, List.of(), 1, Duration.ofMinutes(10), Setup.bodyWithin(Duration.ofSeconds(1)));
        try (TestServer hasty = TestServer.start(setup);
                Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), hasty.server().port())) {
            OutputStream out = socket.getOutputStream();
            out.write(("POST " + CHAT + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                            + "Content-Length: 100\r\n\r\n{")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            socket.setSoTimeout(200_000);
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 408");
        }
    }

    private static double metric(String name) throws IOException, InterruptedException {
        return metric(server.get("/metrics").body(), name);
    }

    private static double metric(String metrics, String name) {
        Matcher matcher = Pattern.compile("(?m)^" + name + " ([0-9.]+)$").matcher(metrics);
        assertThat(matcher.find()).as(name).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    private static void await(String metric, double value) throws IOException, InterruptedException {
        for (int i = 0; i < 30_000 && metric(metric) != value; i++) {
            Thread.sleep(10);
        }
        assertThat(metric(metric)).as(metric).isEqualTo(value);
    }

    /** The request is seen to run while the model is held, so that it cannot have ended before. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aDisconnectCancelsStreamedAndWholeReplies(boolean streams) throws Exception {
        double before = metric("waterspout_generated_tokens_total");
        double left = metric("waterspout_clients_left_total");
        try (Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), server.server().port());
                Held _ = server.hold()) {
            String json = "{\"prompt\":\"We\"," + LONG + ",\"stream\":" + streams + "}";
            socket.getOutputStream()
                    .write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                    + "Content-Length: " + json.length() + "\r\n\r\n" + json)
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            await("waterspout_requests_running", 1);
        }
        await("waterspout_clients_left_total", left + 1);
        await("waterspout_requests_running", 0);
        assertThat(metric("waterspout_generated_tokens_total") - before).isLessThan(15 * LONG_TOKENS);
    }

    @Test
    void requestsBeyondTheQueueAreRefusedAndMayRetry() throws Exception {
        Setup setup = new Setup(TestServer.TEMPLATE, List.of(), 1, Duration.ofMinutes(10), Setup.USUAL.limits());
        try (TestServer narrow = TestServer.start(setup)) {
            String json = "{\"prompt\":\"We\",\"max_tokens\":4,\"temperature\":0}";
            CountDownLatch refusals = new CountDownLatch(4);
            List<CompletableFuture<HttpResponse<String>>> sent = new ArrayList<>();
            // While the model is held, one request runs and one waits.
            try (Held _ = narrow.hold()) {
                for (int i = 0; i < 6; i++) {
                    sent.add(narrow.client()
                            .sendAsync(narrow.post("/v1/completions", json).build(), BodyHandlers.ofString())
                            .whenComplete((_, _) -> refusals.countDown()));
                }
                refusals.await();
            }
            List<Integer> statuses = new ArrayList<>();
            for (CompletableFuture<HttpResponse<String>> each : sent) {
                HttpResponse<String> response = each.get();
                statuses.add(response.statusCode());
                if (response.statusCode() == 429) {
                    assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
                    assertThat(response.body()).contains("the largest number of waiting requests is 1");
                }
            }
            assertThat(statuses).containsExactlyInAnyOrder(200, 200, 429, 429, 429, 429);
        }
    }

    @Test
    void keysAreRequiredAndAStoppingServerFinishesRunningRequests() throws Exception {
        Setup setup = new Setup(
                TestServer.TEMPLATE, List.of("sesame", "other"), 4, Duration.ofMinutes(10), Setup.USUAL.limits());
        try (TestServer locked = TestServer.start(setup)) {
            assertThat(locked.get("/health").statusCode()).isEqualTo(200);
            HttpResponse<String> refused = locked.get("/v1/models");
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
            assertThat(locked.send(locked.post(CHAT, "{}").header("Authorization", "Bearer sesam"))
                            .statusCode())
                    .isEqualTo(401);
            CompletableFuture<HttpResponse<String>> running;
            try (Held _ = locked.hold()) {
                String json = "{\"prompt\":\"We\",\"max_tokens\":60,\"temperature\":0}";
                running = locked.client()
                        .sendAsync(
                                locked.post("/v1/completions", json)
                                        .header("Authorization", "bearer other")
                                        .build(),
                                BodyHandlers.ofString());
                HttpRequest.Builder metrics =
                        HttpRequest.newBuilder(locked.uri("/metrics")).header("X-Api-Key", "sesame");
                while (metric(locked.send(metrics).body(), "waterspout_requests_running") != 1) {
                    Thread.sleep(1);
                }
                locked.server().end();
                assertThat(locked.get("/health").statusCode()).isEqualTo(503);
                assertThat(locked.send(locked.post(CHAT, "{}").header("X-Api-Key", "sesame"))
                                .statusCode())
                        .isEqualTo(503);
            }
            assertThat(locked.server().drain(Duration.ofMinutes(10))).isTrue();
            assertThat(running.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aRequestBeyondItsTimeLimitIsCancelled() throws Exception {
        Setup setup = new Setup(TestServer.TEMPLATE, List.of(), 1, Duration.ofMillis(50), Setup.USUAL.limits());
        try (TestServer hasty = TestServer.start(setup)) {
            HttpResponse<String> late = hasty.send(hasty.post("/v1/completions", "{\"prompt\":\"We\"," + LONG + "}"));
            assertThat(late.statusCode()).isEqualTo(504);
        }
    }

    @Test
    void theChatPageLoadsNoOtherResource() throws Exception {
        HttpResponse<String> page = server.get("/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'", "connect-src 'self'");
        assertThat(page.body())
                .contains("<title>Waterspout</title>")
                .doesNotContain("http://", "https://", "innerHTML");
    }
}

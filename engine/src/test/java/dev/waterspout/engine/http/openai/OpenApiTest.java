package dev.waterspout.engine.http.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.api.ReplyQueue;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.engine.testing.OpenApi;
import dev.waterspout.engine.testing.TestServer;
import dev.waterspout.engine.testing.TestServer.Setup;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The OpenAPI description has exactly the fields that the server reads and writes. */
@Timeout(600)
class OpenApiTest {
    private static final String MESSAGES = """
        "messages": [
          {"role": "system", "content": "Be brief.", "name": "x", "reasoning_content": "", "tool_call_id": ""},
          {"role": "user", "content": [{"type": "text", "text": "We"}, {"type": "refusal", "refusal": "no"}]},
          {"role": "assistant", "content": null, "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "vote", "arguments": "{}"}}]},
          {"role": "tool", "tool_call_id": "1", "content": "done"}],
        "tools": [{"type": "function", "function": {
          "name": "vote", "description": "d", "strict": true, "parameters": {"type": "object"}}}]\
        """;
    private static final String SAMPLING = """
        "temperature": 0, "top_p": 1, "min_p": 0, "top_k": 4, "seed": 1, "stop": ["x"], "logit_bias": {"5": 1},
        "ignore_eos": true, "presence_penalty": 0, "frequency_penalty": 0, "repeat_penalty": 1, "repeat_last_n": 9\
        """;
    private static final String STREAM = """
        "model": "any", "stream": true, "stream_options": {"include_usage": true}\
        """;

    /** Requests that have, together, all fields; the name of a component, then its JSON. */
    private static final List<List<String>> REQUESTS = List.of(
            List.of("ChatRequest", "{" + MESSAGES + "," + SAMPLING + "," + STREAM + """
                , "max_completion_tokens": 2, "n": 1, "logprobs": true, "top_logprobs": 2,
                "tool_choice": {"type": "function", "function": {"name": "vote"}}, "parallel_tool_calls": true}\
                """),
            List.of("ChatRequest", """
                {"messages": [{"role": "user", "content": "We"}], "max_tokens": 2, "repetition_penalty": 1,
                "response_format": {"type": "json_object", "schema": {"type": "object"}}, "stop": "x"}\
                """),
            List.of("ChatRequest", """
                {"messages": [{"role": "user", "content": "We"}], "max_tokens": 2, "grammar": "root ::= [a]"}\
                """),
            List.of("ChatRequest", """
                {"messages": [{"role": "user", "content": "We"}], "tool_choice": "auto",
                "response_format": {"type": "json_schema", "json_schema": {
                  "name": "n", "description": "d", "strict": true, "schema": {"type": "object"}}}}\
                """),
            List.of("CompletionRequest", "{" + SAMPLING + "," + STREAM + """
                , "prompt": ["We", [5]], "suffix": "", "max_tokens": 2, "n": 2, "logprobs": 1, "echo": true,
                "grammar": "root ::= [a]", "repetition_penalty": 1}\
                """),
            List.of("ChatRequest", """
                {"messages": [{"role": "user", "content": "We"}], "max_tokens": 2, "repetition_penalty": 1,
                "json_schema": {"type": "integer"}, "logit_bias": [[5, 1], [6, false]]}\
                """),
            List.of("CompletionRequest", """
                {"prompt": [5, 6], "n_predict": 2, "json_schema": {"type": "integer"}, "repetition_penalty": 1}\
                """),
            List.of("CompletionRequest", """
                {"prompt": [5, 6], "n_predict": 2, "repetition_penalty": 1.5, "response_format": {"type": "text"}}\
                """),
            List.of("ResponseRequest", "{" + SAMPLING + """
                , "input": [
                  {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "We"}]},
                  {"type": "message", "role": "assistant", "id": "m", "status": "completed", "content": [
                    {"type": "output_text", "text": "We", "annotations": [], "logprobs": []}]},
                  {"type": "reasoning", "summary": []},
                  {"type": "function_call", "call_id": "1", "name": "vote", "arguments": "{}"},
                  {"type": "function_call_output", "call_id": "1", "output": "done"}],
                "instructions": "Be brief.", "max_output_tokens": 2, "stream": true, "store": false,
                "tools": [{"type": "function", "name": "vote", "description": "d", "strict": true,
                  "parameters": {"type": "object"}}],
                "tool_choice": {"type": "function", "name": "vote"}, "parallel_tool_calls": true,
                "metadata": {"a": "b"}, "reasoning": {"effort": "low"}, "background": false,
                "previous_response_id": null, "conversation": null, "repetition_penalty": 1}\
                """),
            List.of("ResponseRequest", """
                {"model": "any", "input": "We", "repetition_penalty": 1, "text": {"verbosity": "low", "format":
                  {"type": "json_schema", "name": "n", "strict": true, "schema": {"type": "object"}}}}\
                """),
            List.of("TokenizeRequest", """
                {"content": "We", "add_special": true, "parse_special": true, "with_pieces": true}\
                """),
            List.of("DetokenizeRequest", "{\"tokens\": [5, 6]}"),
            List.of("Conversation", "{" + MESSAGES + "}"));

    private static TestServer server;
    private static OpenApi described;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        server = TestServer.start(Setup.USUAL);
        described = new OpenApi(server.get("/openapi.json").body());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static void withEndpoints(Consumer<Endpoints> use) {
        try (ReplyQueue queue = new ReplyQueue(1, 1)) {
            use.accept(new Endpoints(server.served(), queue, Duration.ofSeconds(1)));
        }
    }

    @Test
    void everyRouteIsDescribed() {
        Set<String> routes = new TreeSet<>(List.of("GET /", "GET /openapi.json", "GET " + Endpoints.HEALTH));
        withEndpoints(endpoints -> routes.addAll(endpoints.routes()));
        assertThat(described.routes()).isEqualTo(routes);
    }

    /** The names that were read from objects: names by the schema that has them, and names without a schema. */
    private static final class Asked {
        private final IdentityHashMap<Map<String, Object>, Set<String>> listed = new IdentityHashMap<>();
        private final Set<String> unlisted = new TreeSet<>();

        private void note(String path, List<Map<String, Object>> parts, String name) {
            List<Map<String, Object>> listing = parts.stream()
                    .filter(part -> properties(part).containsKey(name))
                    .toList();
            listing.forEach(part -> names(part).add(name));
            if (listing.isEmpty()) {
                unlisted.add(path + "." + name);
            }
        }

        private Set<String> names(Map<String, Object> part) {
            return listed.computeIfAbsent(part, _ -> new TreeSet<>());
        }
    }

    private static Map<String, Object> properties(Map<String, Object> schema) {
        return schema.get("properties") instanceof Map<?, ?> properties ? cast(properties) : Map.of();
    }

    /** Requests are read from maps that record the names of the fields read. */
    @Test
    void theFieldsReadAreTheFieldsDescribed() {
        Asked asked = new Asked();
        Map<String, BiConsumer<Endpoints, Fields>> readers = Map.of(
                "ChatRequest",
                (endpoints, fields) -> endpoints.chat(fields, Stamp.now()),
                "CompletionRequest",
                (endpoints, fields) -> endpoints.completion(fields, Stamp.now()),
                "ResponseRequest",
                (endpoints, fields) -> endpoints.response(fields, Stamp.now()),
                "TokenizeRequest",
                Endpoints::tokenize,
                "DetokenizeRequest",
                Endpoints::detokenize,
                "Conversation",
                Endpoints::render);
        withEndpoints(endpoints -> {
            for (List<String> request : REQUESTS) {
                String name = request.getFirst();
                assertThat(described.problems(name, request.getLast()))
                        .as(request.getLast())
                        .isEmpty();
                Object watched = watch(name, described.component(name), read(request.getLast()), asked);
                Objects.requireNonNull(readers.get(name)).accept(endpoints, Fields.of(name, watched));
            }
        });
        assertThat(asked.unlisted).isEmpty();
        assertThat(asked.listed).hasSizeGreaterThan(20);
        asked.listed.forEach((schema, names) -> {
            Set<String> used = new TreeSet<>();
            properties(schema).forEach((name, property) -> {
                if (!cast((Map<?, ?>) property).containsKey("x-ignored")) {
                    used.add(name);
                }
            });
            assertThat(names).containsAll(used);
        });
    }

    private static @Nullable Object read(String json) {
        try {
            return PlainJson.read("request", json);
        } catch (IOException malformed) {
            throw new IllegalArgumentException(json, malformed);
        }
    }

    /** Returns a value whose described objects record the names of the fields read. */
    private static @Nullable Object watch(
            String path, Map<String, Object> schema, @Nullable Object value, Asked asked) {
        List<Map<String, Object>> parts = described.parts(schema);
        if (value instanceof List<?> list) {
            List<Object> kinds = parts.stream()
                    .filter(part -> part.containsKey("items"))
                    .map(part -> part.get("items"))
                    .toList();
            List<@Nullable Object> items = new ArrayList<>();
            list.forEach(item -> items.add(watch(path, Map.of("anyOf", kinds), item, asked)));
            return items;
        }
        Map<String, Object> properties = new LinkedHashMap<>();
        parts.forEach(part -> properties.putAll(properties(part)));
        if (!(value instanceof Map<?, ?> object) || properties.isEmpty()) {
            return value;
        }
        parts.forEach(asked::names);
        Map<String, @Nullable Object> watched = new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            public @Nullable Object get(Object name) {
                asked.note(path, parts, String.valueOf(name));
                return super.get(name);
            }

            @Override
            public void forEach(BiConsumer<? super String, ? super @Nullable Object> use) {
                properties.keySet().forEach(name -> asked.note(path, parts, name));
                super.forEach(use);
            }
        };
        object.forEach((key, each) -> {
            String name = String.valueOf(key);
            watched.put(
                    name,
                    properties.get(name) instanceof Map<?, ?> known
                            ? watch(path + "." + name, cast(known), each, asked)
                            : each);
        });
        return watched;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> cast(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }

    private static void assertDescribed(HttpResponse<String> response) throws Exception {
        assertThat(server.problems(response)).as(response.body()).isEmpty();
    }

    @Test
    void requestsWithoutABodyAreAnsweredAsDescribed() throws Exception {
        for (String route : described.routes()) {
            if (route.startsWith("GET ")) {
                HttpResponse<String> answer = server.get(route.substring(4).replace("{model}", "orator"));
                assertThat(answer.statusCode()).isEqualTo(200);
                assertDescribed(answer);
            }
        }
    }

    @Test
    void requestsAreAnsweredAsDescribedStreamedOrNot() throws Exception {
        Map<String, String> paths = Map.of(
                "ChatRequest", "/v1/chat/completions",
                "CompletionRequest", "/v1/completions",
                "ResponseRequest", "/v1/responses",
                "TokenizeRequest", "/tokenize",
                "DetokenizeRequest", "/detokenize",
                "Conversation", "/apply-template");
        for (List<String> request : REQUESTS) {
            String path = Objects.requireNonNull(paths.get(request.getFirst()));
            String json = request.getLast();
            if (path.startsWith("/v1")) {
                json = json.contains("max_")
                        ? json
                        : json.replaceFirst("\\{", "{\"max_tokens\": 2, \"max_output_tokens\": 2, ");
                json = json.contains("seed") ? json : json.replaceFirst("\\{", "{\"seed\": 1, ");
            }
            HttpResponse<String> whole =
                    server.send(server.post(path, json.replace("\"stream\": true", "\"stream\": false")));
            assertThat(whole.statusCode()).as(whole.body()).isEqualTo(200);
            assertDescribed(whole);
            assertDescribed(server.send(server.post(path, "[]")));
            if (json.contains("\"stream\": true")) {
                HttpResponse<String> stream = server.send(server.post(path, json));
                Map<String, String> components = Map.of(
                        "/v1/chat/completions", "ChatChunk",
                        "/v1/completions", "CompletionAnswer",
                        "/v1/responses", "ResponseEvent");
                String component = Objects.requireNonNull(components.get(path));
                List<String> events = stream.body()
                        .lines()
                        .filter(line -> line.startsWith("data: {"))
                        .map(line -> line.substring(6))
                        .toList();
                assertThat(events).hasSizeGreaterThan(2);
                events.forEach(event -> assertThat(described.problems(component, event))
                        .as(event)
                        .isEmpty());
            }
        }
    }
}

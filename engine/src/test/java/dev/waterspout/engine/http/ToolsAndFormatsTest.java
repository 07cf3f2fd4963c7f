package dev.waterspout.engine.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.engine.testing.TestServer;
import dev.waterspout.engine.testing.TestServer.Setup;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Replies constrained by a grammar. The model was trained on speeches, so only the grammar can produce this output. */
@Timeout(600)
class ToolsAndFormatsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "\"messages\":[{\"role\":\"user\",\"content\":\"We the people\"}],\"temperature\":1,"
                    + "\"seed\":3,\"max_tokens\":200";
    private static final String SCHEMA =
            "{\"type\":\"object\",\"properties\":{\"mood\":{\"enum\":[\"calm\",\"stern\"]},"
                    + "\"year\":{\"type\":\"integer\",\"minimum\":1700,\"maximum\":1999}},\"required\":[\"mood\","
                    + "\"year\"],"
                    + "\"additionalProperties\":false}";
    private static final String TOOLS =
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"vote\",\"description\":"
                    + "\"Votes.\",\"parameters\":" + SCHEMA + "}}]";

    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = TestServer.start(Setup.USUAL);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static void assertVote(@Nullable Object text) throws IOException {
        Map<String, Object> vote = TestServer.json(String.valueOf(text));
        assertThat(vote).containsOnlyKeys("mood", "year");
        assertThat(vote.get("mood")).isIn("calm", "stern");
        assertThat((Long) vote.get("year")).isBetween(1700L, 1999L);
    }

    @Test
    void repliesFollowASchema() throws Exception {
        Map<String, Object> reply = server.answer(
                CHAT,
                "{" + HELLO
                        + ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"v\",\"schema\":"
                        + SCHEMA + "}}}");
        assertVote(TestServer.at(reply, "choices.0.message.content"));
        assertThat(TestServer.at(reply, "choices.0.finish_reason")).isEqualTo("stop");
        Map<String, Object> response = server.answer(
                "/v1/responses",
                "{\"input\":\"We the people\",\"temperature\":1,\"seed\":3,\"max_output_tokens\":200,"
                        + "\"text\":{\"format\":{\"type\":"
                        + "\"json_schema\",\"name\":\"v\",\"schema\":" + SCHEMA + "}}}");
        assertVote(TestServer.at(response, "output.0.content.0.text"));
        Map<String, Object> continued = server.answer(
                "/v1/completions",
                "{\"prompt\":\"We the people\",\"temperature\":1,\"seed\":3,\"max_tokens\":200,\"json_schema\":"
                        + SCHEMA + "}");
        assertVote(TestServer.at(continued, "choices.0.text"));
    }

    @Test
    void repliesFollowAGrammar() throws Exception {
        Map<String, Object> reply = server.answer(
                CHAT, "{" + HELLO + ",\"grammar\":\"root ::= (\\\"yes\\\" | \\\"nay\\\") \\\", sir\\\"{2}\"}");
        assertThat(TestServer.at(reply, "choices.0.message.content")).isIn("yes, sir, sir", "nay, sir, sir");
        Map<String, Object> completion = server.answer(
                "/v1/completions",
                "{\"prompt\":\"We\",\"max_tokens\":40,\"n\":2,\"seed\":3,\"grammar\":\"root ::= [0-9]{4}\"}");
        for (int choice = 0; choice < 2; choice++) {
            assertThat(TestServer.at(completion, "choices." + choice + ".text"))
                    .asString()
                    .matches("[0-9]{4}");
        }
    }

    @Test
    void aRequiredToolIsCalled() throws Exception {
        for (String choice : List.of("\"required\"", "{\"type\":\"function\",\"function\":{\"name\":\"vote\"}}")) {
            Map<String, Object> reply = server.answer(
                    CHAT, "{" + HELLO + "," + TOOLS + ",\"parallel_tool_calls\":false,\"tool_choice\":" + choice + "}");
            assertThat(TestServer.at(reply, "choices.0.finish_reason")).isEqualTo("tool_calls");
            assertThat(TestServer.at(reply, "choices.0.message.content")).isNull();
            assertThat(TestServer.at(reply, "choices.0.message.tool_calls.0.function.name"))
                    .isEqualTo("vote");
            assertVote(TestServer.at(reply, "choices.0.message.tool_calls.0.function.arguments"));
        }
    }

    @Test
    void callsAreStreamedAndTheirResultsReachTheModel() throws Exception {
        String request = "{" + HELLO + "," + TOOLS + ",\"parallel_tool_calls\":false,\"tool_choice\":\"required\"";
        StringBuilder arguments = new StringBuilder();
        String id = "";
        List<String> events = server.events(CHAT, request + ",\"stream\":true}");
        assertThat(events.getLast()).isEqualTo("[DONE]");
        for (String event : events.subList(0, events.size() - 1)) {
            Map<String, Object> chunk = TestServer.json(event);
            if (TestServer.at(chunk, "choices.0.delta.tool_calls.0.id") instanceof String named) {
                id = named;
            }
            if (TestServer.at(chunk, "choices.0.delta.tool_calls.0.function.arguments") instanceof String piece) {
                arguments.append(piece);
            }
        }
        assertVote(arguments);
        String told = PlainJson.text(arguments.toString());
        Map<String, Object> prompt = server.answer(
                "/apply-template",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"Vote.\"},{\"role\":\"assistant\",\"content\":null,"
                        + "\"tool_calls\":[{\"id\":\"" + id
                        + "\",\"type\":\"function\",\"function\":{\"name\":\"vote\","
                        + "\"arguments\":" + told + "}}]},{\"role\":\"tool\",\"tool_call_id\":\"" + id
                        + "\",\"content\":\"done\"}]," + TOOLS + "}");
        assertThat(prompt.get("prompt"))
                .asString()
                .contains("You may call these functions")
                .contains("<tool_call>{\"name\":\"vote\",\"arguments\":{\"mood\":")
                .contains("<tool_response>done</tool_response>");
    }

    @Test
    void responsesCallFunctionsToo() throws Exception {
        String request = "{\"input\":\"We the people\",\"temperature\":1,\"seed\":3,\"max_output_tokens\":200,"
                + "\"tool_choice\":\"required\",\"parallel_tool_calls\":false,"
                + "\"tools\":[{\"type\":\"function\",\"name\":\"vote\",\"parameters\":" + SCHEMA + "}]";
        Map<String, Object> response = server.answer("/v1/responses", request + "}");
        assertThat(TestServer.at(response, "output.0.type")).isEqualTo("function_call");
        assertVote(TestServer.at(response, "output.0.arguments"));
        List<String> events = server.events("/v1/responses", request + ",\"stream\":true}");
        StringBuilder arguments = new StringBuilder();
        for (String event : events) {
            Map<String, Object> json = TestServer.json(event);
            if ("response.function_call_arguments.delta".equals(json.get("type"))) {
                arguments.append(json.get("delta"));
            }
        }
        assertVote(arguments);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"response_format\":{\"type\":\"xml\"}|response_format.type is 'xml'",
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"not\":{}}}}"
                        + "|the keyword not, which is not supported",
                "\"grammar\":\"root ::= nothing\"|no rule nothing",
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"type\":[]}}}"
                        + "|schema.type is empty; it must have at least one type",
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"anyOf\":[]}}}"
                        + "|schema.anyOf is empty; it must have at least one schema",
                "\"tool_choice\":\"required\"|tools is missing",
                "\"json_schema\":{},\"response_format\":{\"type\":\"json_object\"}|json_schema is given and"
                        + " response_format",
                "\"tool_choice\":\"often\"|tool_choice is 'often'",
                "\"tools\":[{\"type\":\"function\"}]|tools[0].function is missing",
            })
    void unsupportedFormatsAreRefused(String field, String message) throws Exception {
        HttpResponse<String> response = server.send(server.post(CHAT, "{" + HELLO + "," + field + "}"));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(TestServer.at(TestServer.json(response.body()), "error.message"))
                .asString()
                .contains(message);
    }
}

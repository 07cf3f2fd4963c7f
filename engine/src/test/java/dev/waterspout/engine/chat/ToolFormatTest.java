package dev.waterspout.engine.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.chat.ReplyFormat.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tool calls in the format of each model family. */
class ToolFormatTest {
    private static final String WEATHER = "{\"city\": \"Bern, \\\"BE\\\" {}\", \"days\": [1, 2]}";

    /** The markers in a template, a reply, the reply's text, and the number of its calls. */
    static Stream<Arguments> replies() {
        String object = "{\"name\": \"weather\", \"arguments\": " + WEATHER + "}";
        return Stream.of(
                Arguments.of("<tool_call>", "Well.\n<tool_call>\n" + object + "\n</tool_call>", "Well.\n", 1),
                Arguments.of(
                        "<tool_call>",
                        "<tool_call>" + object + "</tool_call>\n<tool_call>{\"arguments\":" + WEATHER
                                + ",\"name\":\"weather\"}</tool_call>",
                        "",
                        2),
                Arguments.of("[TOOL_CALLS]", "[TOOL_CALLS][" + object + ", " + object + "]", "", 2),
                Arguments.of(
                        "[TOOL_CALLS] [ARGS]",
                        "I look.[TOOL_CALLS]weather[CALL_ID]123456789[ARGS]" + WEATHER + "[TOOL_CALLS]weather[ARGS]"
                                + WEATHER,
                        "I look.",
                        2),
                Arguments.of(
                        "<|START_ACTION|>",
                        "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"weather\", \"parameters\": "
                                + WEATHER + "}\n]<|END_ACTION|>",
                        "",
                        1),
                Arguments.of(
                        "<｜tool▁call▁begin｜> ```json",
                        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n" + WEATHER
                                + "\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n"
                                + WEATHER + "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
                        "",
                        2),
                Arguments.of(
                        "<｜tool▁call▁begin｜>",
                        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>" + WEATHER
                                + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
                        "",
                        1),
                Arguments.of(
                        "<|tool_call_begin|> <|tool_call_argument_begin|>",
                        "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>"
                                + WEATHER + "<|tool_call_end|><|tool_calls_section_end|>",
                        "",
                        1),
                Arguments.of(
                        "<|channel|>analysis functions.",
                        "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>" + WEATHER,
                        "",
                        1),
                Arguments.of("<function=", "<function=weather>" + WEATHER + "</function>", "", 1),
                Arguments.of("functools[", "functools[" + object + "]", "", 1),
                Arguments.of(
                        "\"parameters\" <|start_header_id|>",
                        "{\"name\": \"weather\", \"parameters\": " + WEATHER + "}",
                        "",
                        1),
                Arguments.of(
                        "<function= <parameter= <tool_call>",
                        "<tool_call>\n<function=weather>\n<parameter=city>\nBern, \"BE\" {}\n</parameter>\n"
                                + "<parameter=days>\n[1, 2]\n</parameter>\n</function>\n</tool_call>",
                        "",
                        1),
                Arguments.of(
                        "<tool_call> <arg_key>",
                        "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Bern, \"BE\" {}</arg_value>\n"
                                + "<arg_key>days</arg_key>\n<arg_value>[1, 2]</arg_value>\n</tool_call>",
                        "",
                        1));
    }

    private static List<ChatDelta> parse(String template, String reply, int piece) {
        ReplyFormat format =
                ReplyFormat.of(template).calling(ToolFormat.of(template).orElseThrow());
        ReplyParser parser = new ReplyParser(format, Section.START, List.of("Bern"));
        List<ChatDelta> deltas = new ArrayList<>();
        for (int at = 0; at < reply.length(); at += piece) {
            deltas.addAll(parser.take(reply.substring(at, Math.min(reply.length(), at + piece))));
        }
        deltas.addAll(parser.finish());
        return deltas;
    }

    /** Stop strings are not applied within a call; "Bern" is one of them here. */
    @ParameterizedTest
    @MethodSource("replies")
    void callsAreSeparatedForAnyPiecesOfTheReply(String template, String reply, String text, int calls) {
        for (int piece : new int[] {1, 2, 3, 7, 1000}) {
            ToolCalls found = new ToolCalls();
            StringBuilder rest = new StringBuilder();
            for (ChatDelta delta : parse(template, reply, piece)) {
                if (delta.kind() == Kind.TEXT) {
                    rest.append(delta.text());
                } else {
                    found.take(delta);
                }
            }
            assertThat(rest.toString()).as("pieces of %d", piece).isEqualTo(text);
            assertThat(found.calls()).hasSize(calls).allSatisfy(call -> {
                assertThat(call.name()).isEqualTo("weather");
                assertThat(call.id()).hasSize(9);
                assertThat(call.arguments()).isEqualTo(Map.of("city", "Bern, \"BE\" {}", "days", List.of(1L, 2L)));
            });
        }
    }

    @Test
    void argumentsAreStreamedAndMissingOnesAreAnEmptyObject() {
        List<ChatDelta> deltas = parse(
                "<tool_call>", "<tool_call>{\"name\": \"a\", \"arguments\": {\"x\": \"long text\"}}</tool_call>", 4);
        assertThat(deltas).hasSizeGreaterThan(4);
        assertThat(deltas.getFirst()).isEqualTo(new ChatDelta(Kind.TOOL_CALL, "a"));
        assertThat(parse("<tool_call>", "<tool_call>{\"name\": \"a\"}</tool_call>", 4))
                .containsExactly(new ChatDelta(Kind.TOOL_CALL, "a"), new ChatDelta(Kind.TOOL_ARGUMENTS, "{}"));
    }

    @Test
    void bracesInTextAreNoCall() {
        List<ChatDelta> deltas =
                parse("\"parameters\" <|start_header_id|>", "So: {\"name\": \"weather\", \"parameters\": {}}", 1000);
        assertThat(deltas).extracting(ChatDelta::kind).containsOnly(Kind.TEXT);
    }
}

package dev.waterspout.engine.chat;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The syntax of tool calls of a family of models.
 *
 * @param signs texts all of which a chat template of the family contains
 * @param begin text that begins a call, or a list of calls
 * @param kept whether this text is part of the call
 * @param shape JSON shape of a call
 * @param close text that ends a call, or a list of calls; empty if the end of the JSON value ends it
 * @param around texts around calls that are ignored
 */
public record ToolFormat(
        List<String> signs, String begin, boolean kept, Shape shape, String close, List<String> around) {
    /**
     * Known formats, of which the first with all its signs is used. Sources: the published chat templates of the
     * families.
     */
    private static final List<ToolFormat> KNOWN = List.of(
            new ToolFormat(
                    List.of("functions.", "<|channel|>analysis"),
                    "<|channel|>commentary to=functions.",
                    false,
                    new Named("<|message|>"),
                    "",
                    List.of()),
            new ToolFormat(
                    List.of("<|tool_call_begin|>", "<|tool_call_argument_begin|>"),
                    "<|tool_call_begin|>functions.",
                    false,
                    new Named("<|tool_call_argument_begin|>"),
                    "<|tool_call_end|>",
                    List.of("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>")),
            new ToolFormat(
                    List.of("<｜tool▁call▁begin｜>", "```json"),
                    "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
                    false,
                    new Named("\n```json\n"),
                    "\n```<｜tool▁call▁end｜>",
                    List.of("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")),
            new ToolFormat(
                    List.of("<｜tool▁call▁begin｜>"),
                    "<｜tool▁call▁begin｜>",
                    false,
                    new Named("<｜tool▁sep｜>"),
                    "<｜tool▁call▁end｜>",
                    List.of("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")),
            new ToolFormat(
                    List.of("[TOOL_CALLS]", "[ARGS]"), "[TOOL_CALLS]", false, new Named("[ARGS]"), "", List.of()),
            new ToolFormat(
                    List.of("[TOOL_CALLS]"), "[TOOL_CALLS]", false, new Listed("name", "arguments"), "", List.of()),
            new ToolFormat(
                    List.of("<|START_ACTION|>"),
                    "<|START_ACTION|>",
                    false,
                    new Listed("tool_name", "parameters"),
                    "<|END_ACTION|>",
                    List.of()),
            new ToolFormat(
                    List.of("<seed:tool_call>", "<parameter="),
                    "<function=",
                    false,
                    new Elements(">", "<parameter=", ">", "</parameter>"),
                    "</function>",
                    List.of("<seed:tool_call>", "</seed:tool_call>")),
            new ToolFormat(
                    List.of("<function=", "<parameter="),
                    "<function=",
                    false,
                    new Elements(">", "<parameter=", ">", "</parameter>"),
                    "</function>",
                    List.of("<tool_call>", "</tool_call>")),
            new ToolFormat(
                    List.of("<tool_call>", "<arg_key>"),
                    "<tool_call>",
                    false,
                    new Elements("<arg_key>", "<arg_key>", "</arg_key>", "</arg_value>"),
                    "</tool_call>",
                    List.of()),
            new ToolFormat(List.of("<function="), "<function=", false, new Named(">"), "</function>", List.of()),
            new ToolFormat(
                    List.of("<|tool_call|>"),
                    "<|tool_call|>",
                    false,
                    new Listed("name", "arguments"),
                    "",
                    List.of("<|/tool_call|>")),
            new ToolFormat(List.of("functools["), "functools", false, new Listed("name", "arguments"), "", List.of()),
            new ToolFormat(
                    List.of("\"parameters\"", "<|start_header_id|>"),
                    "{\"name\":",
                    true,
                    new Single("name", "parameters"),
                    "",
                    List.of("<|python_tag|>")));

    /** The format of Hermes and Qwen, which is also used for models whose template has no tools. */
    public static final ToolFormat HERMES = new ToolFormat(
            List.of("<tool_call>"), "<tool_call>", false, new Single("name", "arguments"), "</tool_call>", List.of());

    /** Copies the lists. */
    public ToolFormat {
        signs = List.copyOf(signs);
        around = List.copyOf(around);
    }

    /** Structure of a call. */
    public sealed interface Shape {}

    /** An object of JSON with two keys. */
    public record Single(String name, String arguments) implements Shape {}

    /** A list of such objects. */
    public record Listed(String name, String arguments) implements Shape {}

    /** A name, a separator, and a JSON object with the arguments. */
    public record Named(String separator) implements Shape {}

    /** A name, and for each argument its name and its value, each enclosed in two texts. */
    public record Elements(String nameEnd, String keyBegin, String keyEnd, String valueEnd) implements Shape {}

    /**
     * Returns the format of a model's calls.
     *
     * @param template the text of its chat template
     */
    public static Optional<ToolFormat> of(String template) {
        return Stream.concat(KNOWN.stream(), Stream.of(HERMES))
                .filter(format -> format.signs.stream().allMatch(template::contains))
                .findFirst();
    }

    /** Returns the texts that delimit names and arguments. */
    Stream<String> texts() {
        Stream<String> inner = switch (shape) {
            case Named(String separator) -> Stream.of(separator);
            case Elements elements -> Stream.of(elements.keyBegin(), elements.keyEnd(), elements.valueEnd());
            case Single _, Listed _ -> Stream.empty();
        };
        return Stream.concat(Stream.of(begin, close), Stream.concat(inner, around.stream()))
                .filter(text -> !text.isEmpty());
    }
}

package dev.waterspout.engine.chat;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a call written as a name and one pair of tags per argument. A value that is a JSON object, list, number, true,
 * false or null is taken as such, and any other value as a string. The call is reported when it has ended.
 */
final class ElementCallReader implements ToolCallReader {
    private final ToolFormat.Elements elements;
    private final String close;
    private boolean ended;

    ElementCallReader(ToolFormat.Elements elements, String close) {
        this.elements = elements;
        this.close = close;
    }

    @Override
    public int take(String text, List<ChatDelta> deltas) {
        int end = text.indexOf(close);
        if (end < 0) {
            return 0;
        }
        ended = true;
        String call = text.substring(0, end);
        int nameEnd = call.indexOf(elements.nameEnd());
        deltas.add(ToolCallReader.call((nameEnd < 0 ? call : call.substring(0, nameEnd)).strip()));
        Map<String, @Nullable Object> arguments = PlainJson.object();
        int at = call.indexOf(elements.keyBegin());
        while (at >= 0) {
            int key = at + elements.keyBegin().length();
            int keyEnd = call.indexOf(elements.keyEnd(), key);
            int valueEnd = keyEnd < 0 ? -1 : call.indexOf(elements.valueEnd(), keyEnd);
            if (valueEnd < 0) {
                break;
            }
            String value = call.substring(keyEnd + elements.keyEnd().length(), valueEnd);
            arguments.put(call.substring(key, keyEnd).strip(), value(value));
            at = call.indexOf(elements.keyBegin(), valueEnd);
        }
        deltas.add(ToolCallReader.arguments(PlainJson.text(arguments)));
        return end + close.length();
    }

    /** Parses a value, which may begin with a tag such as {@code <arg_value>} and be surrounded by line feeds. */
    private static @Nullable Object value(String written) {
        String stripped = written.strip();
        String text = stripped.startsWith("<arg_value>") ? stripped.substring("<arg_value>".length()) : stripped;
        try {
            Object read = PlainJson.read("value", text);
            return read instanceof String ? text : read;
        } catch (IOException noJson) {
            return text;
        }
    }

    @Override
    public boolean ended() {
        return ended;
    }
}

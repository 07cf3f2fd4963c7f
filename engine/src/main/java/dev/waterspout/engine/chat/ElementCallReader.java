package dev.waterspout.engine.chat;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a name, and arguments each between texts of their own. A value that is an object, a list, a number, true, false
 * or null of JSON is taken for that, and any other for a string. The call is known when it has ended.
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

    /** A value may begin with a text of its own, as in {@code <arg_value>}, and stand on lines of its own. */
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

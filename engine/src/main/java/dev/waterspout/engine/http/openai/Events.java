package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.json.PlainJson;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Server-sent events. */
final class Events {
    /** The event at the end of a stream. */
    static final String DONE = "data: [DONE]\n\n";

    private Events() {}

    /** Returns an event without a name. */
    static String data(Map<String, @Nullable Object> json) {
        return "data: " + PlainJson.text(json) + "\n\n";
    }

    /** Returns an event with a name. */
    static String named(String name, Map<String, @Nullable Object> json) {
        return "event: " + name + "\n" + data(json);
    }
}

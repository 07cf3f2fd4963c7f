package dev.waterspout.engine.chat;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tool call requested by a model.
 *
 * @param id id of the call, unique in the conversation
 * @param name name of the tool
 * @param arguments values by argument name: null, booleans, numbers, strings, and lists and maps of these
 */
public record ToolCall(String id, String name, Map<String, @Nullable Object> arguments) {
    /** Copies the map, and keeps its order. */
    public ToolCall {
        arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
    }
}

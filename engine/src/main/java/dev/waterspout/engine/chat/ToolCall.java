package dev.waterspout.engine.chat;

import java.util.Map;

/**
 * A call of a tool that a model asked for.
 *
 * @param id tells calls apart
 * @param name of the tool
 * @param arguments by name: booleans, numbers, strings, and lists and maps of these
 */
public record ToolCall(String id, String name, Map<String, Object> arguments) {
    /** Copies the map. */
    public ToolCall {
        arguments = Map.copyOf(arguments);
    }
}

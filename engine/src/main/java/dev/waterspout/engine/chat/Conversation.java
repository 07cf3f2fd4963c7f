package dev.waterspout.engine.chat;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation that a model is to answer.
 *
 * @param messages messages in order
 * @param tools functions that the model may call, each described in the form that templates expect: booleans, numbers,
 *     strings, and lists and maps of these
 */
public record Conversation(List<ChatMessage> messages, List<Map<String, @Nullable Object>> tools) {
    /** Copies the lists. */
    public Conversation {
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
    }

    /**
     * Returns a conversation without tools.
     *
     * @param messages messages in order
     */
    public static Conversation of(List<ChatMessage> messages) {
        return new Conversation(messages, List.of());
    }
}

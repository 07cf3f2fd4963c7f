package dev.waterspout.engine.chat;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Collects the tool calls of a streamed reply. Used by one thread. */
public final class ToolCalls {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    /** Length of an id; some templates accept only this length. */
    private static final int ID_LETTERS = 9;

    private final List<Written> calls = new ArrayList<>();

    /**
     * A call with its arguments as the model wrote them.
     *
     * @param id identifier of the call
     * @param name name of the tool
     * @param arguments JSON text, which is incomplete if the reply ended early
     */
    public record Written(String id, String name, String arguments) {}

    /**
     * Adds a delta.
     *
     * @param delta a piece of a call
     */
    public void take(ChatDelta delta) {
        if (delta.kind() == Kind.TOOL_CALL) {
            calls.add(new Written(newId(), delta.text(), ""));
        } else if (!calls.isEmpty()) {
            Written last = calls.removeLast();
            calls.add(new Written(last.id(), last.name(), last.arguments() + delta.text()));
        }
    }

    private static String newId() {
        StringBuilder id = new StringBuilder();
        for (int i = 0; i < ID_LETTERS; i++) {
            id.append(LETTERS.charAt(ThreadLocalRandom.current().nextInt(LETTERS.length())));
        }
        return id.toString();
    }

    /** Returns the calls as the model wrote them. */
    public List<Written> written() {
        return List.copyOf(calls);
    }

    /** Returns the calls, as the model wrote them, whose arguments are JSON objects. */
    public List<Written> whole() {
        List<String> ids = calls().stream().map(ToolCall::id).toList();
        return calls.stream().filter(call -> ids.contains(call.id())).toList();
    }

    /** Returns the parsed calls whose arguments are JSON objects. */
    public List<ToolCall> calls() {
        List<ToolCall> whole = new ArrayList<>();
        for (Written call : calls) {
            try {
                if (PlainJson.read("arguments", call.arguments()) instanceof Map<?, ?> object) {
                    Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
                    object.forEach((key, value) -> arguments.put(String.valueOf(key), value));
                    whole.add(new ToolCall(call.id(), call.name(), arguments));
                }
            } catch (IOException malformed) {
                // The arguments are incomplete or malformed.
            }
        }
        return whole;
    }
}

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

/** The calls of a reply, as far as they have come. Used by one thread. */
public final class ToolCalls {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    /** Letters of an id: some templates take no other number. */
    private static final int ID_LETTERS = 9;

    private final List<Written> calls = new ArrayList<>();

    /**
     * A call as the model wrote it.
     *
     * @param id tells calls apart
     * @param name name of the tool
     * @param arguments JSON, not whole where the reply ended before it
     */
    public record Written(String id, String name, String arguments) {}

    /**
     * Takes a piece.
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

    /** Returns those calls as the model wrote them whose arguments are objects of JSON. */
    public List<Written> whole() {
        List<String> ids = calls().stream().map(ToolCall::id).toList();
        return calls.stream().filter(call -> ids.contains(call.id())).toList();
    }

    /** Returns the calls whose arguments are objects of JSON. */
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
                // The reply ended within it, or the model wrote something else.
            }
        }
        return whole;
    }
}

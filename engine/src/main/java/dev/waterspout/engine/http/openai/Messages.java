package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatMessage.Role;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.chat.ToolCall;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The conversation of a request. */
final class Messages {
    private Messages() {}

    /**
     * Reads {@code messages} and {@code tools}.
     *
     * @throws ApiException with the path of the wrong field
     */
    static Conversation conversation(Fields fields) {
        List<ChatMessage> messages = new ArrayList<>();
        for (Fields message : fields.objects("messages")) {
            messages.add(message(message));
        }
        if (messages.isEmpty()) {
            throw fields.any("messages")
                    .map(none -> fields.wrong("messages", none, "a list of one message or more"))
                    .orElseGet(() -> fields.missing("messages"));
        }
        List<Map<String, @Nullable Object>> tools = new ArrayList<>();
        for (Fields tool : fields.objects("tools")) {
            Fields function = tool.object("function").orElseThrow(() -> tool.missing("function"));
            function.requiredText("name");
            tools.add(tool.plain());
        }
        return new Conversation(messages, tools);
    }

    private static ChatMessage message(Fields fields) {
        Role role = switch (fields.requiredText("role")) {
            case "system", "developer" -> Role.SYSTEM;
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            case "tool", "function" -> Role.TOOL;
            default ->
                throw ApiException.field(
                        fields.path("role"),
                        fields.path("role") + " is '" + fields.requiredText("role")
                                + "'; system, developer, user, assistant and tool are allowed");
        };
        List<ToolCall> calls = new ArrayList<>();
        for (Fields call : fields.objects("tool_calls")) {
            Fields function = call.object("function").orElseThrow(() -> call.missing("function"));
            calls.add(new ToolCall(call.text("id").orElse(""), function.requiredText("name"), arguments(function)));
        }
        return new ChatMessage(
                role,
                content(fields, "content"),
                fields.text("reasoning_content").orElse(""),
                calls,
                fields.text("tool_call_id").orElse(""));
    }

    /** Reads the arguments of a tool call, which are JSON in a string. */
    static Map<String, @Nullable Object> arguments(Fields function) {
        String text = function.text("arguments").orElse("");
        if (text.isBlank()) {
            return Map.of();
        }
        try {
            if (PlainJson.read(function.path("arguments"), text) instanceof Map<?, ?> object) {
                Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
                object.forEach((key, value) -> arguments.put(String.valueOf(key), value));
                return arguments;
            }
            throw ApiException.field(function.path("arguments"), function.path("arguments") + " is not a JSON object");
        } catch (IOException malformed) {
            throw ApiException.field(function.path("arguments"), String.valueOf(malformed.getMessage()));
        }
    }

    /** Reads a text, or a list of parts that are texts; empty if the field is absent. */
    static String content(Fields fields, String name) {
        if (fields.any(name).filter(value -> value instanceof List<?>).isEmpty()) {
            return fields.text(name).orElse("");
        }
        StringBuilder text = new StringBuilder();
        for (Fields part : fields.objects(name)) {
            String type = part.requiredText("type");
            if (!List.of("text", "input_text", "output_text", "refusal").contains(type)) {
                throw ApiException.field(
                        part.path("type"), part.path("type") + " is '" + type + "'; only text is supported");
            }
            text.append(part.requiredText(type.equals("refusal") ? "refusal" : "text"));
        }
        return text.toString();
    }
}

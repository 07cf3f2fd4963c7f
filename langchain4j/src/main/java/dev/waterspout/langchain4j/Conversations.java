package dev.waterspout.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatMessage.Role;
import dev.waterspout.engine.chat.ToolCall;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Converts LangChain4j's messages and tools to those of the engine. */
final class Conversations {
    private Conversations() {}

    static ChatMessage message(dev.langchain4j.data.message.ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> ChatMessage.system(system.text());
            case UserMessage user -> ChatMessage.user(text(user.contents()));
            case AiMessage assistant ->
                new ChatMessage(
                        Role.ASSISTANT,
                        assistant.text() == null ? "" : assistant.text(),
                        assistant.thinking() == null ? "" : assistant.thinking(),
                        assistant.toolExecutionRequests().stream()
                                .map(Conversations::call)
                                .toList(),
                        "");
            case ToolExecutionResultMessage result ->
                ChatMessage.tool(result.id() == null ? "" : result.id(), result.text());
            default -> throw new UnsupportedFeatureException("messages of " + message.type() + " are not supported");
        };
    }

    private static String text(List<Content> contents) {
        StringBuilder text = new StringBuilder();
        for (Content content : contents) {
            if (!(content instanceof TextContent part)) {
                throw new UnsupportedFeatureException("content of type "
                        + content.type().name().toLowerCase(Locale.ROOT) + " is not supported; only text is supported");
            }
            text.append(text.isEmpty() ? "" : "\n").append(part.text());
        }
        return text.toString();
    }

    private static ToolCall call(ToolExecutionRequest request) {
        String arguments = request.arguments() == null || request.arguments().isBlank() ? "{}" : request.arguments();
        try {
            if (PlainJson.read("the arguments of " + request.name(), arguments) instanceof Map<?, ?> object) {
                Map<String, @Nullable Object> values = new LinkedHashMap<>();
                object.forEach((key, value) -> values.put(String.valueOf(key), value));
                return new ToolCall(request.id() == null ? "" : request.id(), request.name(), values);
            }
            throw new InvalidRequestException("the arguments of " + request.name() + " are not a JSON object");
        } catch (IOException malformed) {
            throw new InvalidRequestException(malformed);
        }
    }

    /** Returns tools in the form that chat templates expect. */
    static List<Map<String, @Nullable Object>> tools(List<ToolSpecification> tools) {
        List<Map<String, @Nullable Object>> described = new ArrayList<>();
        for (ToolSpecification tool : tools) {
            Map<String, @Nullable Object> function = PlainJson.object("name", tool.name());
            if (tool.description() != null) {
                function.put("description", tool.description());
            }
            function.put(
                    "parameters",
                    tool.parameters() == null
                            ? PlainJson.object("type", "object", "properties", Map.of())
                            : plain(JsonSchemaElementUtils.toMap(tool.parameters())));
            described.add(PlainJson.object("type", "function", "function", function));
        }
        return described;
    }

    /** Returns a schema with the engine's types of numbers, lists and maps. */
    static Object plain(Map<String, Object> schema) {
        try {
            return Objects.requireNonNull(PlainJson.read("schema", PlainJson.text(schema)));
        } catch (IOException impossible) { // it was written as JSON
            throw new IllegalStateException(impossible);
        }
    }
}

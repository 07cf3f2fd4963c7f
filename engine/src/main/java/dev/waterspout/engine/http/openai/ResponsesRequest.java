package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.ReplyForm;
import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatMessage.Role;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.chat.ToolCall;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the requests of OpenAI's Responses interface. The server stores no responses, so each request contains its
 * whole conversation.
 */
final class ResponsesRequest {
    private ResponsesRequest() {}

    /** Reads a request. */
    static ReplyRequest read(Fields fields, ServedModel served, Stamp stamp) {
        for (String kept : List.of("previous_response_id", "conversation")) {
            if (fields.any(kept).isPresent()) {
                throw ApiException.field(
                        kept,
                        kept + " is given; this server stores no responses: send the whole conversation as input");
            }
        }
        if (fields.flag("background").orElse(false)) {
            throw ApiException.field("background", "background is true; this server has no background mode");
        }
        List<Map<String, @Nullable Object>> described = tools(fields);
        ReplyForm form = Forms.readResponse(fields, described);
        Conversation conversation =
                new Conversation(messages(fields), form.tools().isEmpty() ? List.of() : described);
        ChatPrompt prompt = served.prompt(conversation);
        ChatOptions usual = served.usual();
        ChatOptions options = new ChatOptions(
                ReplyRequest.predict(fields, List.of("max_output_tokens"), usual.predict()),
                SamplingFields.sampling(
                        fields, usual.sampling(), stamp, served.tokenizer().vocabulary()),
                SamplingFields.stops(fields),
                Forms.constraint(form, prompt, served, "text.format.schema"),
                -1);
        return new ReplyRequest(
                List.of(prompt), List.of(options), fields.flag("stream").orElse(false), true);
    }

    /** Returns the fields of a request that its response repeats. */
    static Map<String, @Nullable Object> echoed(Fields fields) {
        return PlainJson.object(
                "instructions",
                fields.text("instructions").orElse(null),
                "max_output_tokens",
                fields.any("max_output_tokens").orElse(null),
                "metadata",
                fields.any("metadata").orElse(Map.of()),
                "parallel_tool_calls",
                fields.flag("parallel_tool_calls").orElse(true),
                "previous_response_id",
                null,
                "reasoning",
                fields.any("reasoning").orElse(PlainJson.object("effort", null, "summary", null)),
                "temperature",
                fields.any("temperature").orElse(null),
                "text",
                fields.any("text").orElse(PlainJson.object("format", PlainJson.object("type", "text"))),
                "tool_choice",
                fields.any("tool_choice").orElse("auto"),
                "tools",
                fields.list("tools"),
                "top_p",
                fields.any("top_p").orElse(null),
                "truncation",
                "disabled");
    }

    /** Reads the tools. Chat templates expect each function within an object, which this interface omits. */
    private static List<Map<String, @Nullable Object>> tools(Fields fields) {
        List<Map<String, @Nullable Object>> tools = new ArrayList<>();
        for (Fields tool : fields.objects("tools")) {
            if (!tool.requiredText("type").equals("function")) {
                throw ApiException.field(
                        tool.path("type"),
                        tool.path("type") + " is '" + tool.requiredText("type") + "'; only function is supported");
            }
            tool.requiredText("name");
            Map<String, @Nullable Object> function = tool.plain();
            function.remove("type");
            tools.add(PlainJson.object("type", "function", "function", function));
        }
        return tools;
    }

    private static List<ChatMessage> messages(Fields fields) {
        List<ChatMessage> messages = new ArrayList<>();
        fields.text("instructions")
                .filter(text -> !text.isEmpty())
                .ifPresent(instructions -> messages.add(ChatMessage.system(instructions)));
        Object input = fields.any("input").orElseThrow(() -> fields.missing("input"));
        if (input instanceof String text) {
            messages.add(ChatMessage.user(text));
        } else if (input instanceof List<?>) {
            fields.objects("input").forEach(item -> add(item, messages));
        }
        if (messages.isEmpty() || !(input instanceof String || input instanceof List<?>)) {
            throw fields.wrong("input", input, "a string, or a list of one item or more");
        }
        return messages;
    }

    private static void add(Fields item, List<ChatMessage> messages) {
        switch (item.text("type").orElse("message")) {
            case "message" -> messages.add(message(item));
            case "reasoning" -> {
                // The reasoning of earlier replies is not part of the prompt.
            }
            case "function_call" ->
                addCall(
                        new ToolCall(item.requiredText("call_id"), item.requiredText("name"), Messages.arguments(item)),
                        messages);
            case "function_call_output" ->
                messages.add(ChatMessage.tool(item.requiredText("call_id"), Messages.content(item, "output")));
            default ->
                throw ApiException.field(
                        item.path("type"),
                        item.path("type") + " is '" + item.requiredText("type")
                                + "'; message, reasoning, function_call and function_call_output are allowed");
        }
    }

    /** Adds a tool call to the assistant's message before it, or to a new one. */
    private static void addCall(ToolCall call, List<ChatMessage> messages) {
        boolean follows = !messages.isEmpty() && messages.getLast().role() == Role.ASSISTANT;
        ChatMessage message = follows ? messages.removeLast() : ChatMessage.assistant("");
        List<ToolCall> calls = new ArrayList<>(message.toolCalls());
        calls.add(call);
        messages.add(new ChatMessage(Role.ASSISTANT, message.content(), message.reasoning(), calls, ""));
    }

    private static ChatMessage message(Fields item) {
        String content = Messages.content(item, "content");
        return switch (item.requiredText("role")) {
            case "system", "developer" -> ChatMessage.system(content);
            case "user" -> ChatMessage.user(content);
            case "assistant" -> ChatMessage.assistant(content);
            default ->
                throw ApiException.field(
                        item.path("role"),
                        item.path("role") + " is '" + item.requiredText("role")
                                + "'; system, developer, user and assistant are allowed");
        };
    }
}

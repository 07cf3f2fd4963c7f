package dev.waterspout.engine.chat;

import dev.waterspout.engine.chat.ChatMessage.Role;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;

/** Describes tools in the system message, in the format of Hermes, for models whose chat template has no tools. */
final class ToolInstructions {
    private ToolInstructions() {}

    /** Returns the conversation without tools, with messages that any template accepts. */
    static Conversation told(Conversation conversation) {
        if (conversation.tools().isEmpty()) {
            return conversation;
        }
        StringBuilder text = new StringBuilder("You may call these functions:\n");
        conversation.tools().forEach(tool -> text.append(PlainJson.text(tool)).append('\n'));
        text.append("To call one, answer with its name and arguments as JSON:\n<tool_call>{\"name\": \"NAME\","
                + " \"arguments\": {}}</tool_call>");
        List<ChatMessage> messages = new ArrayList<>(conversation.messages());
        boolean system = !messages.isEmpty() && messages.getFirst().role() == Role.SYSTEM;
        String before = system ? messages.removeFirst().content() + "\n\n" : "";
        messages.addFirst(ChatMessage.system(before + text));
        return new Conversation(messages.stream().map(ToolInstructions::plain).toList(), List.of());
    }

    /** Returns a message in which calls and their results are text. */
    private static ChatMessage plain(ChatMessage message) {
        if (message.role() == Role.TOOL) {
            return ChatMessage.user("<tool_response>" + message.content() + "</tool_response>");
        }
        StringBuilder content = new StringBuilder(message.content());
        for (ToolCall call : message.toolCalls()) {
            content.append("<tool_call>")
                    .append(PlainJson.text(PlainJson.object("name", call.name(), "arguments", call.arguments())))
                    .append("</tool_call>");
        }
        return new ChatMessage(message.role(), content.toString(), message.reasoning(), List.of(), "");
    }
}

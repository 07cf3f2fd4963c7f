package dev.waterspout.engine.chat;

import java.util.List;

/**
 * One message of a conversation.
 *
 * @param role role of the message's author
 * @param content the text
 * @param reasoning the assistant's reasoning before the answer; empty if there was none
 * @param toolCalls tool calls requested by the assistant
 * @param toolCallId the call that a tool's message answers; empty for all other roles
 */
public record ChatMessage(Role role, String content, String reasoning, List<ToolCall> toolCalls, String toolCallId) {
    /** Copies the list. */
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** Author of a message. */
    public enum Role {
        /** Instructions for the whole conversation. */
        SYSTEM,
        /** The user. */
        USER,
        /** The model. */
        ASSISTANT,
        /** The result of a call. */
        TOOL
    }

    /**
     * Returns instructions for the whole conversation.
     *
     * @param content the text
     */
    public static ChatMessage system(String content) {
        return new ChatMessage(Role.SYSTEM, content, "", List.of(), "");
    }

    /**
     * Returns a message of the user.
     *
     * @param content the text
     */
    public static ChatMessage user(String content) {
        return new ChatMessage(Role.USER, content, "", List.of(), "");
    }

    /**
     * Returns a message of the model.
     *
     * @param content the text
     */
    public static ChatMessage assistant(String content) {
        return new ChatMessage(Role.ASSISTANT, content, "", List.of(), "");
    }

    /**
     * Returns the result of a call.
     *
     * @param callId id of the call
     * @param content the result
     */
    public static ChatMessage tool(String callId, String content) {
        return new ChatMessage(Role.TOOL, content, "", List.of(), callId);
    }
}

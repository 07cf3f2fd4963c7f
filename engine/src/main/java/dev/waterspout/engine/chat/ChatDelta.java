package dev.waterspout.engine.chat;

/**
 * A piece of a streamed reply.
 *
 * @param kind kind of the piece
 * @param text whole characters, at least one
 */
public record ChatDelta(Kind kind, String text) {
    /** Parts of a reply. */
    public enum Kind {
        /** Reasoning of the model before its answer. */
        REASONING,
        /** The answer. */
        TEXT,
        /** The name of a called tool, which begins a tool call. */
        TOOL_CALL,
        /** A piece of the arguments of the current tool call; the pieces of a call concatenate to a JSON object. */
        TOOL_ARGUMENTS
    }
}

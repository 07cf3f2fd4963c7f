package dev.waterspout.engine.chat;

/**
 * A piece of a reply, as it comes.
 *
 * @param kind kind of the piece
 * @param text whole characters, at least one
 */
public record ChatDelta(Kind kind, String text) {
    /** Parts of a reply. */
    public enum Kind {
        /** What the model thinks before it answers. */
        REASONING,
        /** The answer. */
        TEXT,
        /** A tool is called: its name. */
        TOOL_CALL,
        /** A piece of the arguments of the call that came last: all pieces of a call are an object of JSON. */
        TOOL_ARGUMENTS
    }
}

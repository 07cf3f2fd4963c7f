package dev.waterspout.engine.chat;

/**
 * A piece of a reply, as it comes.
 *
 * @param kind what it is a piece of
 * @param text whole characters, at least one
 */
public record ChatDelta(Kind kind, String text) {
    /** Parts of a reply that people see. */
    public enum Kind {
        /** What the model thinks before it answers. */
        REASONING,
        /** The answer. */
        TEXT
    }
}

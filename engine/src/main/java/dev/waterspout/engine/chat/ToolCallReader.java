package dev.waterspout.engine.chat;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads one call, or one list of calls, while it comes: the name as soon as it is whole, and its arguments piece by
 * piece.
 */
interface ToolCallReader {
    /**
     * Takes text.
     *
     * @param text all that waits
     * @param deltas gets what is known
     * @return how many characters of the text are used up; what still may become the end of the call is not
     */
    int take(String text, List<ChatDelta> deltas);

    /** Returns whether the call has ended. */
    boolean ended();

    /** Returns a reader for a format. */
    static ToolCallReader of(ToolFormat format) {
        return switch (format.shape()) {
            case ToolFormat.Single(String name, String arguments) ->
                new ObjectCallReader(name, arguments, false, format.close());
            case ToolFormat.Listed(String name, String arguments) ->
                new ObjectCallReader(name, arguments, true, format.close());
            case ToolFormat.Named(String separator) -> new NamedCallReader(separator, format.close());
            case ToolFormat.Elements elements -> new ElementCallReader(elements, format.close());
        };
    }

    /** Returns the piece that a call begins with. */
    static ChatDelta call(String name) {
        return new ChatDelta(Kind.TOOL_CALL, name);
    }

    /** Returns a piece of its arguments. */
    static ChatDelta arguments(String text) {
        return new ChatDelta(Kind.TOOL_ARGUMENTS, text);
    }

    /** Returns how many characters at the end of a text may be the beginning of another one. */
    static int held(String text, String wanted) {
        return wanted.isEmpty() ? 0 : ReplyFormat.overlap(text, Stream.of(wanted));
    }
}

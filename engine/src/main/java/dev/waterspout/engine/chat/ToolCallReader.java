package dev.waterspout.engine.chat;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads one streamed call, or one list of calls: it reports the name as soon as it is complete, and the arguments
 * piece by piece.
 */
interface ToolCallReader {
    /**
     * Processes text.
     *
     * @param text all unprocessed text
     * @param deltas receives the deltas that are certain
     * @return the number of processed characters; a possible beginning of the closing text is not processed
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

    /** Returns the delta that begins a call. */
    static ChatDelta call(String name) {
        return new ChatDelta(Kind.TOOL_CALL, name);
    }

    /** Returns a delta of its arguments. */
    static ChatDelta arguments(String text) {
        return new ChatDelta(Kind.TOOL_ARGUMENTS, text);
    }

    /** Returns the length of the longest end of a text that is a proper beginning of the wanted text. */
    static int held(String text, String wanted) {
        return wanted.isEmpty() ? 0 : ReplyFormat.overlap(text, Stream.of(wanted));
    }
}

package dev.waterspout.engine.chat;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.chat.ReplyFormat.Marker;
import dev.waterspout.engine.chat.ReplyFormat.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Separates the reasoning, answer and tool calls of a streamed reply, and ends it at stop strings. Text that may be
 * the beginning of a marker or a stop string is withheld. White space at the beginning of a part is removed, unless
 * the reply continues a text. Stop strings end an answer, not its reasoning. Used by one thread.
 */
public final class ReplyParser {
    private final ReplyFormat format;
    private final List<String> stops;
    private final StringBuilder waiting = new StringBuilder();
    private Section section;
    private @Nullable ToolCallReader reader;
    private boolean blank = true;
    private boolean stopped;

    /**
     * @param format markers of the parts of a reply
     * @param section the section with which the reply begins
     * @param stops texts that end the reply and are not part of it; none of them is empty
     */
    public ReplyParser(ReplyFormat format, Section section, List<String> stops) {
        if (stops.contains("")) {
            throw new IllegalArgumentException("a stop string is empty; it must have at least 1 character");
        }
        this.format = format;
        this.section = format.markers().isEmpty() ? Section.TEXT : section;
        this.stops = List.copyOf(stops);
    }

    /**
     * Returns a parser for the reply to a prompt.
     *
     * @param prompt the prompt to answer
     * @param stops texts that end the reply and are not part of it; none of them is empty
     */
    public static ReplyParser of(ChatPrompt prompt, List<String> stops) {
        ReplyParser parser = new ReplyParser(prompt.format(), prompt.section(), stops);
        parser.blank = !prompt.continues();
        return parser;
    }

    /**
     * Processes a piece of the reply.
     *
     * @param text whole characters; ignored once the reply has {@link #stopped}
     * @return the deltas that are now certain
     */
    public List<ChatDelta> take(String text) {
        waiting.append(text);
        List<ChatDelta> deltas = new ArrayList<>();
        boolean moved = true;
        while (moved && !stopped) {
            moved = step(deltas);
        }
        return deltas;
    }

    /**
     * Processes a control token of the reply, which prints nothing.
     *
     * @param token spelling in the vocabulary; ignored if it is no marker
     * @return the deltas that are now certain
     */
    public List<ChatDelta> takeControl(String token) {
        return format.marks(token) ? take(token) : List.of();
    }

    /** Ends the reply and returns the withheld text. */
    public List<ChatDelta> finish() {
        List<ChatDelta> deltas = new ArrayList<>();
        if (!stopped && section != Section.TOOLS) {
            emit(waiting.length(), deltas);
        }
        return deltas;
    }

    /** Returns whether a stop string was found. */
    public boolean stopped() {
        return stopped;
    }

    /** Emits the text that is certain; returns whether a part ended, so that more may follow. */
    private boolean step(List<ChatDelta> deltas) {
        if (section == Section.TOOLS) {
            return call(deltas);
        }
        if (section == Section.START && settle()) {
            return true;
        }
        List<Marker> markers = format.within(section);
        Marker first = first(markers);
        int marked = first == null ? Integer.MAX_VALUE : waiting.indexOf(first.text());
        List<String> ends = section == Section.TEXT || section == Section.START ? stops : List.of();
        int end = ReplyFormat.firstOf(waiting, ends);
        if (end >= 0 && end < marked) {
            emit(end, deltas);
            waiting.setLength(0);
            stopped = true;
            return false;
        }
        if (first != null) {
            emit(marked, deltas);
            if (!first.kept()) {
                waiting.delete(0, first.text().length());
            }
            section = first.next();
            blank = true;
            reader = section == Section.TOOLS ? ToolCallReader.of(format.tools().orElseThrow()) : null;
            return true;
        }
        if (section != Section.START) {
            int held = Math.max(
                    ReplyFormat.overlap(waiting, markers.stream().map(Marker::text)),
                    ReplyFormat.overlap(waiting, ends.stream()));
            emit(waiting.length() - held, deltas);
        }
        return false;
    }

    private boolean call(List<ChatDelta> deltas) {
        ToolCallReader reading = Objects.requireNonNull(reader);
        waiting.delete(0, reading.take(waiting.toString(), deltas));
        if (reading.ended()) {
            section = Section.START;
            blank = true;
        }
        return reading.ended();
    }

    /** Decides whether the beginning of the reply is a marker or text. */
    private boolean settle() {
        String text = waiting.toString().stripLeading();
        boolean open = text.isEmpty()
                || format.within(Section.START).stream()
                        .anyMatch(marker -> marker.text().startsWith(text) || text.startsWith(marker.text()));
        if (!open) {
            section = Section.TEXT;
        }
        return !open;
    }

    private @Nullable Marker first(List<Marker> markers) {
        Marker first = null;
        for (Marker marker : markers) {
            int at = waiting.indexOf(marker.text());
            if (at >= 0 && (first == null || at < waiting.indexOf(first.text()))) {
                first = marker;
            }
        }
        return first;
    }

    private void emit(int length, List<ChatDelta> deltas) {
        String text = waiting.substring(0, length);
        waiting.delete(0, length);
        if (blank) {
            text = text.stripLeading();
        }
        if (text.isEmpty() || section == Section.HIDDEN) {
            return;
        }
        blank = false;
        deltas.add(new ChatDelta(section == Section.REASONING ? Kind.REASONING : Kind.TEXT, text));
    }
}

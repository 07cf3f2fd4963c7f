package dev.waterspout.engine.chat;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.chat.ReplyFormat.Marker;
import dev.waterspout.engine.chat.ReplyFormat.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Divides a reply into reasoning and answer while it comes, and ends it at stop strings. What may still become a marker
 * or a stop string is held back. Space at the beginning of a part is left out, but for a reply that continues a text.
 * Stop strings end an answer, not its reasoning. Used by one thread.
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
     * @param section the section at its beginning
     * @param stops texts that end it and are not part of it; none of them empty
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
     * Returns the parser of a prompt's reply.
     *
     * @param prompt the prompt to answer
     * @param stops texts that end the reply and are not part of it; none of them empty
     */
    public static ReplyParser of(ChatPrompt prompt, List<String> stops) {
        ReplyParser parser = new ReplyParser(prompt.format(), prompt.section(), stops);
        parser.blank = !prompt.continues();
        return parser;
    }

    /**
     * Takes text of the reply.
     *
     * @param text whole characters; nothing of it counts once the reply has {@link #stopped}
     * @return what is known of it
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
     * Takes a control token of the reply, which prints nothing.
     *
     * @param token spelling in the vocabulary; left out where it marks nothing
     * @return what is known with it
     */
    public List<ChatDelta> takeControl(String token) {
        return format.marks(token) ? take(token) : List.of();
    }

    /** Returns what was held back when the reply is at its end. */
    public List<ChatDelta> finish() {
        List<ChatDelta> deltas = new ArrayList<>();
        if (!stopped && section != Section.TOOLS) {
            emit(waiting.length(), deltas);
        }
        return deltas;
    }

    /** Returns whether a stop string has come. */
    public boolean stopped() {
        return stopped;
    }

    /** Emits what is certain; returns whether a part ended and there may be more. */
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

    /** At the start of a reply only a marker begins anything but text. */
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

package dev.waterspout.engine.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How a family of models marks the parts of a reply.
 *
 * @param signs texts of which a chat template of the family has at least one
 * @param markers markers of the parts of a reply
 * @param tools syntax of tool calls; empty where a call is ordinary text
 */
public record ReplyFormat(List<String> signs, List<Marker> markers, Optional<ToolFormat> tools) {
    /** A reply that is all text. */
    public static final ReplyFormat PLAIN = new ReplyFormat(List.of(), List.of());

    /** The first whose signs fit is taken. Sources: the published chat templates of the families. */
    private static final List<ReplyFormat> KNOWN = List.of(
            new ReplyFormat(
                    List.of("<|channel|>analysis"),
                    List.of(
                            new Marker(
                                    "<|channel|>analysis<|message|>", EnumSet.allOf(Section.class), Section.REASONING),
                            new Marker(
                                    "<|channel|>commentary<|message|>",
                                    EnumSet.allOf(Section.class),
                                    Section.REASONING),
                            new Marker("<|channel|>final<|message|>", EnumSet.allOf(Section.class), Section.TEXT),
                            new Marker("<|end|>", EnumSet.allOf(Section.class), Section.HIDDEN),
                            new Marker("<|start|>assistant", EnumSet.allOf(Section.class), Section.HIDDEN))),
            enclosed("[THINK]", "[/THINK]"),
            enclosed("<|START_THINKING|>", "<|END_THINKING|>"),
            enclosed("<seed:think>", "</seed:think>"),
            enclosed("<think>", "</think>"));

    /** Copies the lists. */
    public ReplyFormat {
        signs = List.copyOf(signs);
        markers = List.copyOf(markers);
    }

    /**
     * A format without tools.
     *
     * @param signs texts of which a chat template of the family has at least one
     * @param markers markers of the parts of a reply
     */
    public ReplyFormat(List<String> signs, List<Marker> markers) {
        this(signs, markers, Optional.empty());
    }

    /** A part of a reply. */
    public enum Section {
        /** Nothing but space has come yet. */
        START,
        /** What the model thinks before it answers. */
        REASONING,
        /** The answer. */
        TEXT,
        /** Calls of tools. */
        TOOLS,
        /** None of them: names of parts. */
        HIDDEN
    }

    /**
     * A text that begins another part.
     *
     * @param text text of the token
     * @param within parts that it ends; elsewhere it is text like any other
     * @param next the part that it begins
     * @param kept whether the text is itself in that part
     */
    public record Marker(String text, Set<Section> within, Section next, boolean kept) {
        /** Copies the set. */
        public Marker {
            within = Set.copyOf(within);
        }

        /**
         * A text that is itself in no part.
         *
         * @param text begins another part
         * @param within parts that it ends; elsewhere it is text like any other
         * @param next the part that it begins
         */
        public Marker(String text, Set<Section> within, Section next) {
            this(text, within, next, false);
        }
    }

    private static ReplyFormat enclosed(String open, String close) {
        return new ReplyFormat(
                List.of(open, close),
                List.of(
                        new Marker(open, EnumSet.of(Section.START), Section.REASONING),
                        new Marker(close, EnumSet.of(Section.START, Section.REASONING), Section.TEXT)));
    }

    /**
     * Returns the format of a model's replies.
     *
     * @param template the text of its chat template
     */
    public static ReplyFormat of(String template) {
        return KNOWN.stream()
                .filter(format -> format.signs.stream().anyMatch(template::contains))
                .findFirst()
                .orElse(PLAIN);
    }

    /**
     * Returns the same with calls of tools told from text.
     *
     * @param format syntax of tool calls
     */
    public ReplyFormat calling(ToolFormat format) {
        // Where a call begins with the brace of its JSON, text may have such a brace anywhere but at the beginning.
        Set<Section> within = format.kept()
                ? EnumSet.of(Section.START)
                : format.begin().startsWith("<|channel|>")
                        ? EnumSet.allOf(Section.class)
                        : EnumSet.of(Section.START, Section.TEXT);
        List<Marker> all = new ArrayList<>();
        all.add(new Marker(format.begin(), within, Section.TOOLS, format.kept()));
        all.addAll(markers);
        format.around()
                .forEach(text -> all.add(new Marker(text, EnumSet.of(Section.START, Section.TEXT), Section.START)));
        return new ReplyFormat(signs, all, Optional.of(format));
    }

    /**
     * Returns the part that a reply begins with: templates may open the reasoning themselves.
     *
     * @param prompt output of the template
     */
    Section sectionAfter(String prompt) {
        String written = prompt.stripTrailing();
        return markers.stream()
                .filter(marker -> written.endsWith(marker.text()))
                .map(Marker::next)
                .findFirst()
                .orElse(Section.START);
    }

    /** Returns whether a token's text is one of the markers, or a part of one. */
    boolean marks(String token) {
        return !token.isEmpty() && texts().anyMatch(text -> text.contains(token));
    }

    private Stream<String> texts() {
        return Stream.concat(markers.stream().map(Marker::text), tools.stream().flatMap(ToolFormat::texts));
    }

    /** Returns how many characters at the end of a text may be the beginning of one of some others. */
    static int overlap(CharSequence text, Stream<String> wanted) {
        return wanted.mapToInt(each -> overlap(text, each)).max().orElse(0);
    }

    /** Returns how many characters at the end of a text are the beginning, and not all, of another. */
    private static int overlap(CharSequence text, String wanted) {
        int most = Math.min(text.length(), wanted.length() - 1);
        String end = text.subSequence(text.length() - most, text.length()).toString();
        for (int length = most; length > 0; length--) {
            if (wanted.startsWith(end.substring(most - length))) {
                return length;
            }
        }
        return 0;
    }

    /** Returns the markers that count in a part. */
    List<Marker> within(Section section) {
        return markers.stream()
                .filter(marker -> marker.within().contains(section))
                .toList();
    }

    /** Returns the first of some texts that a text has, or -1. */
    static int firstOf(CharSequence text, List<String> wanted) {
        String all = text.toString();
        return wanted.stream()
                .mapToInt(all::indexOf)
                .filter(at -> at >= 0)
                .min()
                .orElse(-1);
    }

    @Override
    public String toString() {
        return "ReplyFormat" + Arrays.toString(texts().toArray());
    }
}

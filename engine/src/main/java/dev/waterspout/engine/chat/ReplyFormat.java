package dev.waterspout.engine.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The markers that a family of models writes between the parts of a reply.
 *
 * @param signs texts of which a chat template of the family contains at least one
 * @param markers markers of the parts of a reply
 * @param tools syntax of tool calls; empty if calls are treated as text
 */
public record ReplyFormat(List<String> signs, List<Marker> markers, Optional<ToolFormat> tools) {
    /** A reply without markers, which is all text. */
    public static final ReplyFormat PLAIN = new ReplyFormat(List.of(), List.of());

    /**
     * Known formats, of which the first with a matching sign is used. Sources: the published chat templates of the
     * families.
     */
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
     * @param signs texts of which a chat template of the family contains at least one
     * @param markers markers of the parts of a reply
     */
    public ReplyFormat(List<String> signs, List<Marker> markers) {
        this(signs, markers, Optional.empty());
    }

    /** A part of a reply. */
    public enum Section {
        /** The beginning, with only white space so far. */
        START,
        /** Reasoning of the model before its answer. */
        REASONING,
        /** The answer. */
        TEXT,
        /** Tool calls. */
        TOOLS,
        /** Text that belongs to no part, such as the name of a channel. */
        HIDDEN
    }

    /**
     * A marker that begins another part.
     *
     * @param text text of the token
     * @param within parts that the marker ends; in other parts it is ordinary text
     * @param next the part that the marker begins
     * @param kept whether the marker itself belongs to that part
     */
    public record Marker(String text, Set<Section> within, Section next, boolean kept) {
        /** Copies the set. */
        public Marker {
            within = Set.copyOf(within);
        }

        /**
         * A marker that belongs to no part.
         *
         * @param text text of the marker
         * @param within parts that the marker ends; in other parts it is ordinary text
         * @param next the part that the marker begins
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
     * Returns this format with tool calls recognised.
     *
     * @param format syntax of tool calls
     */
    public ReplyFormat calling(ToolFormat format) {
        // If a call begins with the brace of its JSON object, a brace is a marker only at the beginning of the reply.
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
     * Returns the part with which a reply begins; a template may itself end with the marker of reasoning.
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

    /** Returns whether the text of a token is a marker or a part of one. */
    boolean marks(String token) {
        return !token.isEmpty() && texts().anyMatch(text -> text.contains(token));
    }

    private Stream<String> texts() {
        return Stream.concat(markers.stream().map(Marker::text), tools.stream().flatMap(ToolFormat::texts));
    }

    /** Returns the length of the longest end of a text that is a proper beginning of one of the wanted texts. */
    static int overlap(CharSequence text, Stream<String> wanted) {
        return wanted.mapToInt(each -> overlap(text, each)).max().orElse(0);
    }

    /** Returns the length of the longest end of a text that is a proper beginning of the wanted text. */
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

    /** Returns the markers that apply in a part. */
    List<Marker> within(Section section) {
        return markers.stream()
                .filter(marker -> marker.within().contains(section))
                .toList();
    }

    /** Returns the index of the first occurrence of any of the wanted texts, or -1. */
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

package dev.waterspout.engine.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An immutable text that knows which of its characters came from a user. Every operation keeps the marks: a substring
 * of a user's text is a user's text, and so is its upper case. Two texts are equal when their characters are, whatever
 * the marks. Offsets count UTF-16 units, as those of {@link String} do.
 */
public final class MarkedText {
    /** The text without characters. */
    public static final MarkedText EMPTY = new MarkedText(List.of(), "");

    private final List<Piece> pieces;
    private final String text;

    private MarkedText(List<Piece> pieces, String text) {
        this.pieces = pieces;
        this.text = text;
    }

    /**
     * A run of characters of one origin.
     *
     * @param text the characters, at least one
     * @param fromUser whether they came from a user, and thus must not become control tokens
     */
    public record Piece(String text, boolean fromUser) {}

    /**
     * Returns a text of one origin.
     *
     * @param text the characters
     * @param fromUser whether they came from a user
     */
    public static MarkedText of(String text, boolean fromUser) {
        return text.isEmpty() ? EMPTY : new MarkedText(List.of(new Piece(text, fromUser)), text);
    }

    /** Returns the characters of a template or of the program. */
    static MarkedText trusted(String text) {
        return of(text, false);
    }

    /** Returns the runs of characters in order; neighbours differ in origin. */
    public List<Piece> pieces() {
        return pieces;
    }

    /** Returns whether the text has no characters. */
    public boolean isEmpty() {
        return text.isEmpty();
    }

    int length() {
        return text.length();
    }

    MarkedText substring(int from, int to) {
        if (from >= to) {
            return EMPTY;
        }
        if (from == 0 && to == text.length()) {
            return this;
        }
        Builder builder = new Builder();
        int start = 0;
        for (Piece piece : pieces) {
            int end = start + piece.text().length();
            if (end > from && start < to) {
                builder.append(
                        piece.text().substring(Math.max(from, start) - start, Math.min(to, end) - start),
                        piece.fromUser());
            }
            start = end;
        }
        return builder.build();
    }

    MarkedText plus(MarkedText other) {
        return new Builder().append(this).append(other).build();
    }

    /** Changes the characters of each run by themselves. */
    MarkedText map(UnaryOperator<String> change) {
        Builder builder = new Builder();
        for (Piece piece : pieces) {
            builder.append(change.apply(piece.text()), piece.fromUser());
        }
        return builder.build();
    }

    /** {@return the text without leading and trailing characters that are in a set; null stands for white space} */
    MarkedText strip(@Nullable String characters, boolean leading, boolean trailing) {
        int from = 0;
        int to = text.length();
        while (leading && from < to && isIn(characters, text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (trailing && to > from && isIn(characters, text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return substring(from, to);
    }

    private static boolean isIn(@Nullable String characters, int character) {
        return characters == null ? isSpace(character) : characters.indexOf(character) >= 0;
    }

    /** {@return whether Python's {@code str.isspace} holds for a code point} */
    static boolean isSpace(int character) {
        return Character.isWhitespace(character) || Character.isSpaceChar(character) || character == 0x85;
    }

    /**
     * Replaces occurrences of a text from left to right; an empty one is found before each character and at the end.
     */
    MarkedText replace(String old, MarkedText replacement, long count) {
        Builder builder = new Builder();
        int from = 0;
        int search = 0;
        long left = count < 0 ? Long.MAX_VALUE : count;
        while (left > 0) {
            int found = text.indexOf(old, search);
            if (found < 0) {
                break;
            }
            builder.append(substring(from, found)).append(replacement);
            from = found + old.length();
            left--;
            if (old.isEmpty()) {
                if (found == text.length()) {
                    break;
                }
                search = found + Character.charCount(text.codePointAt(found));
            } else {
                search = from;
            }
        }
        return builder.append(substring(from, text.length())).build();
    }

    /** {@return the parts between occurrences of a separator, at most {@code most} cuts where that is not negative} */
    List<MarkedText> split(String separator, long most) {
        List<MarkedText> parts = new ArrayList<>();
        int from = 0;
        int found = text.indexOf(separator);
        while (found >= 0 && (most < 0 || parts.size() < most)) {
            parts.add(substring(from, found));
            from = found + separator.length();
            found = text.indexOf(separator, from);
        }
        parts.add(substring(from, text.length()));
        return parts;
    }

    /** {@return the words between runs of white space, at most {@code most} cuts where that is not negative} */
    List<MarkedText> words(long most) {
        List<MarkedText> words = new ArrayList<>();
        int from = wordAt(0);
        while (from < text.length()) {
            if (most >= 0 && words.size() >= most) {
                words.add(substring(from, text.length()).strip(null, false, true));
                break;
            }
            int to = from;
            while (to < text.length() && !isSpace(text.codePointAt(to))) {
                to += Character.charCount(text.codePointAt(to));
            }
            words.add(substring(from, to));
            from = wordAt(to);
        }
        return words;
    }

    /** {@return where the next word begins, from a place on; the end where there is none} */
    private int wordAt(int place) {
        int at = place;
        while (at < text.length() && isSpace(text.codePointAt(at))) {
            at += Character.charCount(text.codePointAt(at));
        }
        return at;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MarkedText that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** Returns the characters without their marks. */
    @Override
    public String toString() {
        return text;
    }

    /** Joins texts; neighbours of one origin become one piece. */
    static final class Builder {
        private final List<Piece> pieces = new ArrayList<>();
        private final StringBuilder all = new StringBuilder();
        private final StringBuilder last = new StringBuilder();
        private boolean lastFromUser;

        Builder append(String text, boolean fromUser) {
            if (!text.isEmpty()) {
                if (fromUser != lastFromUser) {
                    flush();
                    lastFromUser = fromUser;
                }
                last.append(text);
                all.append(text);
            }
            return this;
        }

        Builder append(String text) {
            return append(text, false);
        }

        Builder append(MarkedText text) {
            text.pieces.forEach(piece -> append(piece.text(), piece.fromUser()));
            return this;
        }

        int length() {
            return all.length();
        }

        MarkedText build() {
            flush();
            return pieces.isEmpty() ? EMPTY : new MarkedText(List.copyOf(pieces), all.toString());
        }

        private void flush() {
            if (!last.isEmpty()) {
                pieces.add(new Piece(last.toString(), lastFromUser));
                last.setLength(0);
            }
        }
    }
}

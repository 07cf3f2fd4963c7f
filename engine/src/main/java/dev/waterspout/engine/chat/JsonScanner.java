package dev.waterspout.engine.chat;

/** Finds the end of a JSON value, character by character. */
final class JsonScanner {
    private int depth;
    private boolean begun;
    private boolean string;
    private boolean escaped;

    /** Position of a character relative to the value. */
    enum Place {
        /** White space before the value. */
        BEFORE,
        /** A character of the value. */
        INSIDE,
        /** The last character of the value. */
        LAST,
        /** The first character after the value; numbers and literals end only there. */
        AFTER
    }

    /** Takes a character. */
    Place take(char character) {
        if (!begun && Character.isWhitespace(character)) {
            return Place.BEFORE;
        }
        boolean first = !begun;
        begun = true;
        if (string) {
            if (escaped) {
                escaped = false;
            } else if (character == '\\') {
                escaped = true;
            } else if (character == '"') {
                string = false;
                return depth == 0 ? Place.LAST : Place.INSIDE;
            }
            return Place.INSIDE;
        }
        if (character == '"') {
            string = true;
            return Place.INSIDE;
        }
        if (character == '{' || character == '[') {
            depth++;
            return Place.INSIDE;
        }
        if (depth == 0) {
            boolean ends = !first && (Character.isWhitespace(character) || ",}]<".indexOf(character) >= 0);
            return ends ? Place.AFTER : Place.INSIDE;
        }
        if (character == '}' || character == ']') {
            depth--;
            return depth == 0 ? Place.LAST : Place.INSIDE;
        }
        return Place.INSIDE;
    }
}

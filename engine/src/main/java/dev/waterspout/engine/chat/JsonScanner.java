package dev.waterspout.engine.chat;

/** Finds where a value of JSON ends, character by character. */
final class JsonScanner {
    private int depth;
    private boolean begun;
    private boolean string;
    private boolean escaped;

    /** What a character is to the value. */
    enum Place {
        /** Space before it. */
        BEFORE,
        /** A part of it. */
        INSIDE,
        /** Its last one. */
        LAST,
        /** The one after it: of a number or a word, nothing else shows the end. */
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

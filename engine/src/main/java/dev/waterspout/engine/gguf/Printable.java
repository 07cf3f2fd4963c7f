package dev.waterspout.engine.gguf;

/** Makes text from a file safe to print in one line of a terminal, also where the file is hostile. */
public final class Printable {
    private static final int QUOTED_CHARACTERS = 60;

    private Printable() {}

    /** Returns the text with everything that is not a visible character or a space written as an escape. */
    public static String line(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(point -> append(out, point));
        return out.toString();
    }

    /** Returns the text in quotes, in one line, cut after its first characters if it is long. */
    public static String quote(String text) {
        boolean whole = text.length() <= QUOTED_CHARACTERS;
        int end = whole ? text.length() : QUOTED_CHARACTERS;
        if (!whole && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return "\"" + line(text.substring(0, end)) + (whole ? "\"" : "...\"");
    }

    private static void append(StringBuilder out, int point) {
        switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> appendEscape(out, point);
            default -> out.appendCodePoint(point);
        }
    }

    private static void appendEscape(StringBuilder out, int point) {
        switch (point) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> out.append(String.format("\\u%04x", point));
        }
    }
}

package dev.waterspout.engine.cli.chat;

/**
 * Messages of several lines: a message continues after a backslash at the end of a line, and between two {@code """}.
 */
final class MultiLine {
    private static final String FENCE = "\"\"\"";

    private MultiLine() {}

    /** {@return whether lines are a complete message} */
    static boolean isWhole(String lines) {
        if (lines.startsWith(FENCE)) {
            return lines.length() >= 2 * FENCE.length() && lines.stripTrailing().endsWith(FENCE);
        }
        return !lines.endsWith("\\");
    }

    /** {@return the message without backslashes and quotes of continuation} */
    static String message(String lines) {
        if (lines.startsWith(FENCE)) {
            String text = lines.substring(FENCE.length()).stripTrailing();
            text = text.endsWith(FENCE) ? text.substring(0, text.length() - FENCE.length()) : text;
            return text.strip();
        }
        String text = lines.replace("\\\n", "\n");
        return text.endsWith("\\") ? text.substring(0, text.length() - 1) : text;
    }
}

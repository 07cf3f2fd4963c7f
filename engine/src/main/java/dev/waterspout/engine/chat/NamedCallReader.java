package dev.waterspout.engine.chat;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a call written as a name, a separator, a JSON object of arguments, and a closing text. */
final class NamedCallReader implements ToolCallReader {
    private static final Pattern NAME = Pattern.compile("\\s*([\\w.-]+).*", Pattern.DOTALL);

    private final String separator;
    private final ClosingText close;
    private final JsonScanner scanner = new JsonScanner();
    private Part part = Part.NAME;

    private enum Part {
        NAME,
        ARGUMENTS,
        CLOSE
    }

    NamedCallReader(String separator, String close) {
        this.separator = separator;
        this.close = new ClosingText(close);
    }

    @Override
    public int take(String text, List<ChatDelta> deltas) {
        int used = 0;
        if (part == Part.NAME) {
            int end = text.indexOf(separator);
            if (end < 0) {
                return 0;
            }
            Matcher name = NAME.matcher(text.substring(0, end));
            deltas.add(ToolCallReader.call(name.matches() ? name.group(1) : text.substring(0, end)));
            used = end + separator.length();
            part = Part.ARGUMENTS;
        }
        if (part == Part.ARGUMENTS) {
            used += arguments(text.substring(used), deltas);
        }
        return part == Part.CLOSE ? used + close.take(text.substring(used)) : used;
    }

    private int arguments(String text, List<ChatDelta> deltas) {
        int from = 0;
        int at = 0;
        while (at < text.length() && part == Part.ARGUMENTS) {
            switch (scanner.take(text.charAt(at))) {
                case BEFORE -> from = ++at;
                case INSIDE -> at++;
                case LAST -> {
                    at++;
                    part = Part.CLOSE;
                }
                case AFTER -> part = Part.CLOSE;
            }
        }
        if (at > from) {
            deltas.add(ToolCallReader.arguments(text.substring(from, at)));
        }
        return at;
    }

    @Override
    public boolean ended() {
        return close.complete();
    }
}

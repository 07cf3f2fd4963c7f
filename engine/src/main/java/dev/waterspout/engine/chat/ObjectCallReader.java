package dev.waterspout.engine.chat;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.List;

/** Reads calls written as a JSON object with a name and arguments, or as a list of such objects. */
final class ObjectCallReader implements ToolCallReader {
    private final String nameKey;
    private final String argumentsKey;
    private final boolean listed;
    private final ClosingText close;
    private Part part = Part.OPEN;
    private JsonScanner scanner = new JsonScanner();
    private final StringBuilder key = new StringBuilder();
    private final StringBuilder value = new StringBuilder();
    /** Arguments that preceded the name. */
    private final StringBuilder early = new StringBuilder();

    private boolean named;
    private boolean argued;

    private enum Part {
        /** Before an object. */
        OPEN,
        /** Before a key, or the object's end. */
        KEY,
        /** Between a key and its value. */
        COLON,
        VALUE,
        CLOSE
    }

    ObjectCallReader(String nameKey, String argumentsKey, boolean listed, String close) {
        this.nameKey = nameKey;
        this.argumentsKey = argumentsKey;
        this.listed = listed;
        this.close = new ClosingText(close);
    }

    @Override
    public int take(String text, List<ChatDelta> deltas) {
        int used = 0;
        while (used < text.length() && part != Part.CLOSE) {
            used += step(text.charAt(used), deltas);
        }
        if (part == Part.VALUE) {
            flush(deltas);
        }
        return part == Part.CLOSE ? used + close.take(text.substring(used)) : used;
    }

    /** Processes one character; returns 1 if it is consumed, otherwise 0. */
    private int step(char character, List<ChatDelta> deltas) {
        switch (part) {
            case OPEN -> {
                if (character == '{') {
                    part = Part.KEY;
                    scanner = new JsonScanner();
                    named = false;
                    argued = false;
                } else if (character == ']' && listed) {
                    part = Part.CLOSE;
                }
            }
            case KEY -> {
                if (character == '}' && key.isEmpty()) {
                    end(deltas);
                } else if (character != ',' || !key.isEmpty()) {
                    switch (scanner.take(character)) {
                        case BEFORE, AFTER -> {}
                        case INSIDE -> key.append(character);
                        case LAST -> {
                            key.append(character);
                            part = Part.COLON;
                        }
                    }
                }
            }
            case COLON -> {
                if (character == ':') {
                    part = Part.VALUE;
                    scanner = new JsonScanner();
                }
            }
            case VALUE -> {
                JsonScanner.Place place = scanner.take(character);
                if (place == JsonScanner.Place.INSIDE || place == JsonScanner.Place.LAST) {
                    value.append(character);
                }
                if (place == JsonScanner.Place.LAST || place == JsonScanner.Place.AFTER) {
                    endValue(deltas);
                }
                return place == JsonScanner.Place.AFTER ? 0 : 1;
            }
            case CLOSE -> {}
        }
        return 1;
    }

    private boolean isArguments() {
        return text(key.toString()).equals(argumentsKey);
    }

    /** Emits the arguments read so far, once the name is known. */
    private void flush(List<ChatDelta> deltas) {
        if (isArguments() && !value.isEmpty()) {
            argued = true;
            if (named) {
                deltas.add(ToolCallReader.arguments(value.toString()));
            } else {
                early.append(value);
            }
            value.setLength(0);
        }
    }

    private void endValue(List<ChatDelta> deltas) {
        if (isArguments()) {
            flush(deltas);
        } else if (text(key.toString()).equals(nameKey) && !named) {
            named = true;
            deltas.add(ToolCallReader.call(text(value.toString())));
            if (!early.isEmpty()) {
                deltas.add(ToolCallReader.arguments(early.toString()));
                early.setLength(0);
            }
        }
        value.setLength(0);
        key.setLength(0);
        part = Part.KEY;
        scanner = new JsonScanner();
    }

    private void end(List<ChatDelta> deltas) {
        if (named && !argued) {
            deltas.add(ToolCallReader.arguments("{}"));
        }
        early.setLength(0);
        part = listed ? Part.OPEN : Part.CLOSE;
    }

    /** Decodes a JSON string; returns any other value unchanged. */
    private static String text(String json) {
        try {
            return PlainJson.read("string", json) instanceof String text ? text : json;
        } catch (IOException malformed) {
            return json;
        }
    }

    @Override
    public boolean ended() {
        return close.complete();
    }
}

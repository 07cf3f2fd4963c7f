package dev.waterspout.engine.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as Python's {@code json.dumps} writes them. */
final class JsonText {
    private final Style style;
    private final Budget budget;
    private final MarkedText.Builder builder = new MarkedText.Builder();

    private JsonText(Style style, Budget budget) {
        this.style = style;
        this.budget = budget;
    }

    /**
     * Format of the JSON text.
     *
     * @param indent indentation of each level, or null for one line
     * @param itemSeparator between items
     * @param keySeparator between a key and its value
     * @param asciiOnly whether other characters are escaped
     * @param sorted whether keys are sorted
     */
    record Style(
            @Nullable String indent, String itemSeparator, String keySeparator, boolean asciiOnly, boolean sorted) {}

    /** {@return a value as JSON; characters of user strings keep their mark} */
    static MarkedText write(Value value, Style style, Budget budget) {
        JsonText json = new JsonText(style, budget);
        json.write(value, 0);
        return budget.produced(json.builder.build());
    }

    private void write(Value value, int level) {
        budget.enter();
        switch (value) {
            case Value.None _ -> builder.append("null");
            case Value.Bool flag -> builder.append(flag.value() ? "true" : "false");
            case Value.Int number -> builder.append(Long.toString(number.value()));
            case Value.Real number -> builder.append(real(number.value()));
            case Value.Text text -> string(text.text());
            case Value.Sequence sequence
            when sequence.kind() == Value.Sequence.Kind.LIST || sequence.kind() == Value.Sequence.Kind.TUPLE -> {
                builder.append("[");
                for (int i = 0; i < sequence.items().size(); i++) {
                    between(i == 0, level + 1);
                    write(sequence.items().get(i), level + 1);
                }
                end(sequence.items().isEmpty(), level, "]");
            }
            case Value.Mapping mapping -> {
                builder.append("{");
                List<Map.Entry<Value, Value>> entries =
                        new ArrayList<>(mapping.entries().entrySet());
                if (style.sorted()) {
                    entries.sort((a, b) -> Operators.compare(a.getKey(), b.getKey()));
                }
                for (int i = 0; i < entries.size(); i++) {
                    between(i == 0, level + 1);
                    string(key(entries.get(i).getKey()));
                    builder.append(style.keySeparator());
                    write(entries.get(i).getValue(), level + 1);
                }
                end(entries.isEmpty(), level, "}");
            }
            default -> throw new JinjaException("a " + value.typeName() + " cannot be written as JSON");
        }
        budget.leave();
    }

    private static String real(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        return Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : PythonText.real(value);
    }

    private MarkedText key(Value key) {
        return switch (key) {
            case Value.Text text -> text.text();
            case Value.None _ -> MarkedText.trusted("null");
            case Value.Bool flag -> MarkedText.trusted(flag.value() ? "true" : "false");
            case Value.Int _, Value.Real _ -> PythonText.str(key, budget);
            default -> throw new JinjaException("a " + key.typeName() + " cannot be a key of JSON");
        };
    }

    private void between(boolean first, int level) {
        if (!first) {
            builder.append(style.itemSeparator());
        }
        newLine(level);
    }

    private void end(boolean empty, int level, String bracket) {
        if (!empty) {
            newLine(level);
        }
        builder.append(bracket);
    }

    private void newLine(int level) {
        String indent = style.indent();
        if (indent != null) {
            builder.append("\n").append(indent.repeat(level));
        }
    }

    private void string(MarkedText text) {
        builder.append("\"").append(text.map(this::escape)).append("\"");
    }

    private String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            int known = "\"\\\n\r\t\b\f".indexOf(character);
            if (known >= 0) {
                escaped.append('\\').append("\"\\nrtbf".charAt(known));
            } else if (character < 0x20 || (style.asciiOnly() && character > 0x7e)) {
                escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) character));
            } else {
                escaped.append(character);
            }
        }
        return escaped.toString();
    }
}

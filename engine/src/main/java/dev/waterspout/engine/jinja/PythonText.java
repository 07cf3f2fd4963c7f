package dev.waterspout.engine.jinja;

import dev.waterspout.engine.jinja.Value.Sequence.Kind;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Values as Python's {@code str} and {@code repr} write them. */
final class PythonText {
    private PythonText() {}

    /** {@return a value as text, as Python's {@code str} gives it} */
    static MarkedText str(Value value, Budget budget) {
        return switch (value) {
            case Value.Text text -> text.text();
            case Value.Undefined _ -> MarkedText.EMPTY;
            default -> repr(value, budget);
        };
    }

    private static MarkedText repr(Value value, Budget budget) {
        MarkedText.Builder builder = new MarkedText.Builder();
        write(value, builder, budget);
        return budget.produced(builder.build());
    }

    private static void write(Value value, MarkedText.Builder builder, Budget budget) {
        budget.enter();
        switch (value) {
            case Value.Text text -> quote(text.text(), builder);
            case Value.Undefined _ -> builder.append("Undefined");
            case Value.None _ -> builder.append("None");
            case Value.Bool flag -> builder.append(flag.value() ? "True" : "False");
            case Value.Int number -> builder.append(Long.toString(number.value()));
            case Value.Real number -> builder.append(real(number.value()));
            case Value.Sequence sequence -> sequence(sequence, builder, budget);
            case Value.Mapping mapping -> mapping(mapping.entries(), builder, budget);
            case Value.Namespace _, Value.Loop _, Value.Callable _ -> builder.append("<" + value.typeName() + ">");
        }
        budget.leave();
    }

    private static void sequence(Value.Sequence sequence, MarkedText.Builder builder, Budget budget) {
        List<Value> items = sequence.items();
        switch (sequence.kind()) {
            case LIST -> builder.append("[");
            case TUPLE -> builder.append("(");
            case VIEW -> builder.append("dict_items([");
            case GENERATOR -> builder.append("<generator");
        }
        if (sequence.kind() != Kind.GENERATOR) {
            for (int i = 0; i < items.size(); i++) {
                builder.append(i == 0 ? "" : ", ");
                write(items.get(i), builder, budget);
            }
        }
        builder.append(
                switch (sequence.kind()) {
                    case LIST -> "]";
                    case TUPLE -> items.size() == 1 ? ",)" : ")";
                    case VIEW -> "])";
                    case GENERATOR -> ">";
                });
    }

    private static void mapping(Map<Value, Value> entries, MarkedText.Builder builder, Budget budget) {
        builder.append("{");
        for (Iterator<Map.Entry<Value, Value>> i = entries.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<Value, Value> entry = i.next();
            write(entry.getKey(), builder, budget);
            builder.append(": ");
            write(entry.getValue(), builder, budget);
            builder.append(i.hasNext() ? ", " : "");
        }
        builder.append("}");
    }

    /** Quotes with apostrophes, or with quotation marks where the text has apostrophes and no quotation marks. */
    private static void quote(MarkedText text, MarkedText.Builder builder) {
        String all = text.toString();
        char mark = all.indexOf('\'') >= 0 && all.indexOf('"') < 0 ? '"' : '\'';
        builder.append(String.valueOf(mark));
        builder.append(text.map(piece -> escape(piece, mark)));
        builder.append(String.valueOf(mark));
    }

    private static String escape(String text, char mark) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(character -> {
            if (character == mark || character == '\\') {
                escaped.append('\\').appendCodePoint(character);
            } else if (character == '\n') {
                escaped.append("\\n");
            } else if (character == '\r') {
                escaped.append("\\r");
            } else if (character == '\t') {
                escaped.append("\\t");
            } else if (character < 0x20 || (character >= 0x7f && character < 0xa1) || character == 0xad) {
                escaped.append(String.format(Locale.ROOT, "\\x%02x", character));
            } else {
                escaped.appendCodePoint(character);
            }
        });
        return escaped.toString();
    }

    /** {@return a float as Python writes it: shortest digits, an exponent below 1e-4 and from 1e16 on} */
    static String real(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        double magnitude = Math.abs(value);
        if (magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
            BigDecimal digits = new BigDecimal(Double.toString(magnitude)).stripTrailingZeros();
            String all = digits.unscaledValue().toString();
            int exponent = all.length() - 1 - digits.scale();
            String fraction = all.length() == 1 ? "" : "." + all.substring(1);
            return (value < 0 ? "-" : "")
                    + all.charAt(0)
                    + fraction
                    + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
        }
        String plain = new BigDecimal(Double.toString(value)).toPlainString();
        return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
}

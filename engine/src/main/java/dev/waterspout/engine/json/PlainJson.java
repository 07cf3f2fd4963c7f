package dev.waterspout.engine.json;

import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * JSON as plain values: null, {@code Boolean}, {@code Long} for integers of 64 bits, {@code Double} for other numbers,
 * {@code String}, and lists and maps of these in the order of the text.
 */
public final class PlainJson {
    private PlainJson() {}

    /**
     * Reads a text.
     *
     * @param name name of the text in messages
     * @param text JSON
     * @throws IOException as {@link JsonInput#parse} does
     */
    public static @Nullable Object read(String name, String text) throws IOException {
        try {
            return plain(JsonInput.parse(name, new StringReader(text)));
        } catch (ArithmeticException beyond) {
            throw new IOException(name + " has a number beyond those of 64 bits: " + beyond.getMessage(), beyond);
        }
    }

    /**
     * Converts a value of the library.
     *
     * @param value any JSON
     * @throws ArithmeticException naming a number that is too large for a {@code Double}
     */
    public static @Nullable Object plain(JsonValue value) {
        return switch (value.getValueType()) {
            case NULL -> null;
            case TRUE -> true;
            case FALSE -> false;
            case STRING -> ((JsonString) value).getString();
            case NUMBER -> number(((JsonNumber) value).bigDecimalValue());
            case ARRAY -> {
                List<@Nullable Object> items = new ArrayList<>();
                value.asJsonArray().forEach(item -> items.add(plain(item)));
                yield items;
            }
            case OBJECT -> {
                Map<String, @Nullable Object> entries = new LinkedHashMap<>();
                value.asJsonObject().forEach((key, item) -> entries.put(key, plain(item)));
                yield entries;
            }
        };
    }

    private static Object number(BigDecimal number) {
        boolean whole = number.scale() <= 0 && (long) number.precision() - number.scale() <= 19;
        if (whole && number.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
            return number.longValueExact();
        }
        double real = number.doubleValue();
        if (Double.isInfinite(real)) {
            throw new ArithmeticException(number.toString());
        }
        return real;
    }

    /**
     * Makes an object.
     *
     * @param keysAndValues keys and values alternately; a key whose value is an empty {@code Optional} is left out,
     *     one that is present is taken out of it
     * @return a new map in that order
     */
    public static Map<String, @Nullable Object> object(@Nullable Object... keysAndValues) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            String key = String.valueOf(keysAndValues[i]);
            Object value = keysAndValues[i + 1];
            if (value instanceof Optional<?> optional) {
                optional.ifPresent(present -> object.put(key, present));
            } else {
                object.put(key, value);
            }
        }
        return object;
    }

    /**
     * Writes a value on one line.
     *
     * @param value a plain value; numbers may be of any type of Java's, and must be finite
     */
    public static String text(@Nullable Object value) {
        StringBuilder text = new StringBuilder();
        write(value, text);
        return text.toString();
    }

    private static void write(@Nullable Object value, StringBuilder text) {
        switch (value) {
            case null -> text.append("null");
            case Boolean flag -> text.append(flag);
            case Double number -> text.append(finite(number));
            case Number number -> text.append(number);
            case List<?> items -> {
                text.append('[');
                String separator = "";
                for (Object item : items) {
                    text.append(separator);
                    write(item, text);
                    separator = ",";
                }
                text.append(']');
            }
            case Map<?, ?> entries -> {
                text.append('{');
                String separator = "";
                for (Map.Entry<?, ?> entry : entries.entrySet()) {
                    text.append(separator);
                    quote(String.valueOf(entry.getKey()), text);
                    text.append(':');
                    write(entry.getValue(), text);
                    separator = ",";
                }
                text.append('}');
            }
            default -> quote(value.toString(), text);
        }
    }

    private static Double finite(Double number) {
        if (number.isInfinite() || number.isNaN()) {
            throw new IllegalArgumentException(number + " is not a number of JSON");
        }
        return number;
    }

    /** Unpaired surrogates cannot be written in UTF-8, and are escaped. */
    private static void quote(String string, StringBuilder text) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char character = string.charAt(i);
            int known = "\"\\\n\r\t\b\f".indexOf(character);
            if (known >= 0) {
                text.append('\\').append("\"\\nrtbf".charAt(known));
            } else if (character < 0x20 || character == 0x7f || unpaired(string, i)) {
                text.append(String.format("\\u%04x", (int) character));
            } else {
                text.append(character);
            }
        }
        text.append('"');
    }

    private static boolean unpaired(String string, int at) {
        char character = string.charAt(at);
        if (Character.isHighSurrogate(character)) {
            return at + 1 == string.length() || !Character.isLowSurrogate(string.charAt(at + 1));
        }
        return Character.isLowSurrogate(character) && (at == 0 || !Character.isHighSurrogate(string.charAt(at - 1)));
    }
}

package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a JSON object in a request. A null field counts as absent. A field of a wrong type is refused, and the
 * message gives its path. Unknown fields are ignored.
 */
public final class Fields {
    private final String prefix;
    private final Map<?, ?> values;

    private Fields(String prefix, Map<?, ?> values) {
        this.prefix = prefix;
        this.values = values;
    }

    /**
     * Reads a request's body.
     *
     * @param body JSON in UTF-8
     * @throws ApiException if it is empty, not UTF-8, not JSON, or not an object
     */
    public static Fields read(byte[] body) {
        if (body.length == 0) {
            throw ApiException.request(400, "the request's body is empty; it must be a JSON object");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            if (PlainJson.read("the request's body", text) instanceof Map<?, ?> object) {
                return new Fields("", object);
            }
            throw ApiException.request(400, "the request's body is not a JSON object");
        } catch (CharacterCodingException notUtf8) {
            throw ApiException.request(400, "the request's body is not UTF-8");
        } catch (IOException malformed) {
            throw ApiException.request(400, String.valueOf(malformed.getMessage()));
        }
    }

    /**
     * Returns the fields of an object.
     *
     * @param name name of the object in messages
     * @param value the object
     * @throws ApiException if it is not an object
     */
    static Fields of(String name, @Nullable Object value) {
        if (value instanceof Map<?, ?> object) {
            return new Fields(name + ".", object);
        }
        throw ApiException.field(name, name + " is " + kind(value) + "; it must be an object");
    }

    /** Returns the path of a field for messages. */
    String path(String name) {
        return prefix + name;
    }

    /** Returns a field of any type. */
    Optional<Object> any(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** Returns a text. */
    Optional<String> text(String name) {
        return any(name).map(value -> {
            if (value instanceof String text) {
                return text;
            }
            throw wrong(name, value, "a string");
        });
    }

    /** Returns a text; refuses the request if it is absent. */
    String requiredText(String name) {
        return text(name).orElseThrow(() -> missing(name));
    }

    /** Returns a Boolean value. */
    Optional<Boolean> flag(String name) {
        return any(name).map(value -> {
            if (value instanceof Boolean flag) {
                return flag;
            }
            throw wrong(name, value, "true or false");
        });
    }

    /** Returns an integer within a range. */
    Optional<Long> integer(String name, long least, long most) {
        return any(name).map(value -> {
            Long number = value instanceof Double real && real == Math.rint(real) && Math.abs(real) < 1e15
                    ? Long.valueOf(real.longValue())
                    : value instanceof Long whole ? whole : null;
            if (number == null) {
                throw wrong(name, value, "an integer");
            }
            if (number < least || number > most) {
                throw ApiException.field(
                        path(name), path(name) + " is " + number + "; it must be within " + least + " to " + most);
            }
            return number;
        });
    }

    /** Returns a number within a range. */
    Optional<Double> number(String name, double least, double most) {
        return any(name).map(value -> {
            if (!(value instanceof Number number)) {
                throw wrong(name, value, "a number");
            }
            double real = number.doubleValue();
            if (!(real >= least && real <= most)) {
                throw ApiException.field(
                        path(name), path(name) + " is " + real + "; it must be within " + least + " to " + most);
            }
            return real;
        });
    }

    /** Returns a list; empty if the field is absent. */
    List<@Nullable Object> list(String name) {
        Optional<Object> found = any(name);
        if (found.isEmpty()) {
            return List.of();
        }
        if (found.get() instanceof List<?> list) {
            return new ArrayList<>(list);
        }
        throw wrong(name, found.get(), "a list");
    }

    /** Returns a list of objects; empty if the field is absent. */
    List<Fields> objects(String name) {
        List<Fields> objects = new ArrayList<>();
        for (Object item : list(name)) {
            objects.add(of(path(name) + "[" + objects.size() + "]", item));
        }
        return objects;
    }

    /** Returns an object. */
    Optional<Fields> object(String name) {
        return any(name).map(value -> of(path(name), value));
    }

    /** Returns all fields as plain values. */
    Map<String, @Nullable Object> plain() {
        Map<String, @Nullable Object> plain = PlainJson.object();
        values.forEach((key, value) -> plain.put(String.valueOf(key), value));
        return plain;
    }

    /** Returns the refusal of a request that lacks a field. */
    ApiException missing(String name) {
        return ApiException.field(path(name), path(name) + " is missing");
    }

    /** Returns the refusal of a field whose value has a wrong type. */
    ApiException wrong(String name, @Nullable Object value, String allowed) {
        return ApiException.field(path(name), path(name) + " is " + kind(value) + "; it must be " + allowed);
    }

    private static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String _ -> "a string";
            case Boolean _ -> "a boolean";
            case Number number -> "the number " + number;
            case List<?> list -> list.isEmpty() ? "an empty list" : "a list";
            default -> "an object";
        };
    }
}

package dev.waterspout.engine.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a call.
 *
 * @param positional positional arguments in order
 * @param named arguments by keyword
 */
record Arguments(List<Value> positional, Map<String, Value> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** {@return the argument at a position or of a name, or null} */
    @Nullable
    Value find(int index, String name) {
        return index < positional.size() ? positional.get(index) : named.get(name);
    }

    Value get(int index, String name) {
        Value value = find(index, name);
        if (value == null) {
            throw new JinjaException("argument '" + name + "' is missing");
        }
        return value;
    }

    String text(int index, String name) {
        return Operators.requireText(get(index, name)).toString();
    }

    long integer(int index, String name, long otherwise) {
        Value value = find(index, name);
        return switch (value) {
            case null -> otherwise;
            case Value.None _ -> otherwise;
            case Value.Int number -> number.value();
            case Value.Bool flag -> flag.value() ? 1 : 0;
            default -> throw new JinjaException("argument '" + name + "' is a " + value.typeName() + ", not an int");
        };
    }

    boolean flag(int index, String name, boolean otherwise) {
        Value value = find(index, name);
        return value == null ? otherwise : value.truthy();
    }

    /** {@return these arguments without the first positional ones} */
    Arguments after(int count) {
        return new Arguments(positional.subList(Math.min(count, positional.size()), positional.size()), named);
    }
}

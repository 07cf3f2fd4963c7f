package dev.waterspout.engine.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A value of the template language, with the meaning that Python gives it. */
sealed interface Value {
    /** A variable, attribute or item that does not exist; {@code what} describes it, as in jinja2. */
    record Undefined(String what) implements Value {}

    /** Python's {@code None}. */
    record None() implements Value {
        static final None NONE = new None();
    }

    /** {@code true} or {@code false}. */
    record Bool(boolean value) implements Value {
        static final Bool TRUE = new Bool(true);
        static final Bool FALSE = new Bool(false);
    }

    /** An integer; Python's have no bounds, these have 64 bits. */
    record Int(long value) implements Value {}

    /** A float of 64 bits. */
    record Real(double value) implements Value {}

    /**
     * A string.
     *
     * @param markup whether filter {@code safe} made it: text added to it by {@code +} is then escaped for HTML, as in
     *     Python
     */
    record Text(MarkedText text, boolean markup) implements Value {
        Text(MarkedText text) {
            this(text, false);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Text that && text.equals(that.text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }
    }

    /** A list, a tuple, or the items that a filter or {@code dict.items()} yields. */
    record Sequence(Kind kind, List<Value> items) implements Value {
        enum Kind {
            LIST("list"),
            TUPLE("tuple"),
            /** Has a length but no items by index. */
            VIEW("dict_items"),
            /** Has neither. */
            GENERATOR("generator");

            final String typeName;

            Kind(String typeName) {
                this.typeName = typeName;
            }
        }
    }

    /** A dict, in order of insertion. */
    record Mapping(Map<Value, Value> entries) implements Value {}

    /** The one kind of object whose attributes templates may assign. */
    record Namespace(Map<String, Value> attributes) implements Value {}

    /** The {@code loop} of a for block: position and neighbours. */
    record Loop(int index, List<Value> items) implements Value {}

    /** A macro, a function or a method bound to its object. */
    record Callable(String name, Body body) implements Value {}

    /** The code of a callable. */
    interface Body {
        Value call(Arguments arguments);
    }

    static Bool of(boolean value) {
        return value ? Bool.TRUE : Bool.FALSE;
    }

    static Text of(MarkedText text) {
        return new Text(text);
    }

    static Text of(String text) {
        return new Text(MarkedText.trusted(text));
    }

    static Sequence list(List<Value> items) {
        return new Sequence(Sequence.Kind.LIST, items);
    }

    static Sequence generator(List<Value> items) {
        return new Sequence(Sequence.Kind.GENERATOR, items);
    }

    static Sequence pair(Value first, Value second) {
        return new Sequence(Sequence.Kind.TUPLE, List.of(first, second));
    }

    /**
     * Converts an object of Java.
     *
     * @param object null, a {@code Boolean}, a number, a {@code String}, a {@link MarkedText}, or a list or a map of
     *     such
     */
    static Value from(@Nullable Object object) {
        return switch (object) {
            case null -> None.NONE;
            case Boolean flag -> of(flag);
            case Integer number -> new Int(number);
            case Long number -> new Int(number);
            case Number number -> new Real(number.doubleValue());
            case String text -> of(text);
            case MarkedText text -> of(text);
            case List<?> list -> {
                List<Value> items = new ArrayList<>(list.size());
                list.forEach(item -> items.add(from(item)));
                yield list(items);
            }
            case Map<?, ?> map -> {
                Map<Value, Value> entries = new LinkedHashMap<>();
                map.forEach((key, value) -> entries.put(from(key), from(value)));
                yield new Mapping(entries);
            }
            default ->
                throw new IllegalArgumentException("a template variable of " + object.getClass()
                        + ": allowed are null, booleans, numbers, texts, lists and maps");
        };
    }

    /** {@return the name of the value's type in Python} */
    default String typeName() {
        return switch (this) {
            case Undefined _ -> "Undefined";
            case None _ -> "NoneType";
            case Bool _ -> "bool";
            case Int _ -> "int";
            case Real _ -> "float";
            case Text _ -> "str";
            case Sequence sequence -> sequence.kind().typeName;
            case Mapping _ -> "dict";
            case Namespace _ -> "Namespace";
            case Loop _ -> "LoopContext";
            case Callable _ -> "function";
        };
    }

    /** {@return whether the value counts as true in a condition} */
    default boolean truthy() {
        return switch (this) {
            case Undefined _, None _ -> false;
            case Bool bool -> bool.value();
            case Int number -> number.value() != 0;
            case Real number -> number.value() != 0;
            case Text text -> !text.text().isEmpty();
            case Sequence sequence ->
                sequence.kind() == Sequence.Kind.GENERATOR || !sequence.items().isEmpty();
            case Mapping mapping -> !mapping.entries().isEmpty();
            case Namespace _, Loop _, Callable _ -> true;
        };
    }
}

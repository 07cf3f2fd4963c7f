package dev.waterspout.engine.jinja;

import dev.waterspout.engine.jinja.Value.Sequence.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Attributes, items and slices. */
final class Lookup {
    private static final Set<String> MUTATORS =
            Set.of("append", "pop", "insert", "extend", "remove", "clear", "update", "setdefault", "popitem", "sort");

    private final Budget budget;
    private final Methods methods;

    Lookup(Budget budget) {
        this.budget = budget;
        this.methods = new Methods(budget);
    }

    /** {@return {@code object.name}: an attribute, else the item of that name} */
    Value attribute(Value object, String name) {
        Value attribute = attributeOnly(object, name);
        if (attribute != null) {
            return attribute;
        }
        Value item = object instanceof Value.Mapping mapping ? mapping.entries().get(Value.of(name)) : null;
        return item == null ? missing(object, name) : item;
    }

    /** {@return {@code object[key]}: an item, else the attribute of that name} */
    Value item(Value object, Value key) {
        Value item = switch (object) {
            case Value.Mapping mapping -> mapping.entries().get(key);
            case Value.Sequence sequence
            when key instanceof Value.Int index && hasIndex(sequence) -> at(sequence.items(), index.value());
            case Value.Text text when key instanceof Value.Int index -> character(text.text(), index.value());
            case Value.Undefined undefined -> throw new JinjaException(undefined.what() + " is undefined");
            default -> null;
        };
        if (item == null && key instanceof Value.Text name) {
            item = attributeOnly(object, name.text().toString());
        }
        return item == null ? missing(object, PythonText.str(key, budget).toString()) : item;
    }

    private static boolean hasIndex(Value.Sequence sequence) {
        return sequence.kind() == Kind.LIST || sequence.kind() == Kind.TUPLE;
    }

    private static @Nullable Value at(List<Value> items, long index) {
        long from = index < 0 ? index + items.size() : index;
        return from >= 0 && from < items.size() ? items.get((int) from) : null;
    }

    private static @Nullable Value character(MarkedText text, long index) {
        String all = text.toString();
        int count = all.codePointCount(0, all.length());
        long at = index < 0 ? index + count : index;
        if (at < 0 || at >= count) {
            return null;
        }
        int from = all.offsetByCodePoints(0, (int) at);
        return Value.of(text.substring(from, all.offsetByCodePoints(from, 1)));
    }

    private static Value missing(Value object, String name) {
        return new Value.Undefined("'" + name + "' of a " + object.typeName());
    }

    private @Nullable Value attributeOnly(Value object, String name) {
        return switch (object) {
            case Value.Undefined undefined ->
                throw new JinjaException(undefined.what() + " is undefined, and has no '" + name + "'");
            case Value.Text text -> bound(name, methods.ofText(name), text);
            case Value.Mapping mapping -> {
                refuseMutator(object, name, mapping.entries().containsKey(Value.of(name)));
                yield bound(name, methods.ofMapping(name), mapping);
            }
            case Value.Sequence sequence -> {
                refuseMutator(object, name, false);
                yield null;
            }
            case Value.Namespace namespace -> namespace.attributes().get(name);
            case Value.Loop loop -> ofLoop(loop, name);
            case Value.None _, Value.Bool _, Value.Int _, Value.Real _, Value.Callable _ -> null;
        };
    }

    /** A template must not change lists and dicts: neither can the sandbox's templates. */
    private static void refuseMutator(Value object, String name, boolean isKey) {
        if (MUTATORS.contains(name) && !isKey) {
            throw new JinjaException("method '" + name + "' would change a " + object.typeName());
        }
    }

    private static <T extends Value> @Nullable Value bound(
            String name, @Nullable BiFunction<T, Arguments, Value> method, T object) {
        return method == null ? null : new Value.Callable(name, arguments -> method.apply(object, arguments));
    }

    private static @Nullable Value ofLoop(Value.Loop loop, String name) {
        int index = loop.index();
        int size = loop.items().size();
        return switch (name) {
            case "index" -> new Value.Int(index + 1L);
            case "index0" -> new Value.Int(index);
            case "revindex" -> new Value.Int(size - index);
            case "revindex0" -> new Value.Int(size - index - 1L);
            case "first" -> Value.of(index == 0);
            case "last" -> Value.of(index == size - 1);
            case "length" -> new Value.Int(size);
            case "previtem" ->
                index == 0
                        ? new Value.Undefined("the first item's previous item")
                        : loop.items().get(index - 1);
            case "nextitem" ->
                index == size - 1
                        ? new Value.Undefined("the last item's next item")
                        : loop.items().get(index + 1);
            default -> null;
        };
    }

    /** {@return {@code object[from:to:step]} of a list, a tuple or a text} */
    Value slice(Value object, Value from, Value to, Value step) {
        long stride = step instanceof Value.None ? 1 : integer(step);
        if (stride == 0) {
            throw new JinjaException("the step of a slice is 0");
        }
        if (stride == 1 && object instanceof Value.Text text) {
            return slice(text.text(), from, to);
        }
        List<Value> items = switch (object) {
            case Value.Sequence sequence when hasIndex(sequence) -> sequence.items();
            case Value.Text text -> Operators.items(text, budget);
            default -> throw new JinjaException(Operators.describe(object) + " cannot be sliced");
        };
        int size = items.size();
        long lowest = stride > 0 ? 0 : -1;
        long highest = stride > 0 ? size : size - 1L;
        long first = from instanceof Value.None
                ? (stride > 0 ? lowest : highest)
                : bound(integer(from), size, lowest, highest);
        long end =
                to instanceof Value.None ? (stride > 0 ? highest : lowest) : bound(integer(to), size, lowest, highest);
        List<Value> chosen = new ArrayList<>();
        for (long i = first; stride > 0 ? i < end : i > end; i += stride) {
            chosen.add(items.get((int) i));
        }
        budget.items(chosen.size());
        if (object instanceof Value.Sequence sequence) {
            return new Value.Sequence(sequence.kind(), chosen);
        }
        MarkedText.Builder builder = new MarkedText.Builder();
        chosen.forEach(item -> builder.append(Operators.requireText(item)));
        return Value.of(builder.build());
    }

    /** Takes characters that follow each other without making a text of each. */
    private Value slice(MarkedText text, Value from, Value to) {
        budget.spend(text.length());
        String all = text.toString();
        int size = all.codePointCount(0, all.length());
        int first = from instanceof Value.None ? 0 : (int) bound(integer(from), size, 0, size);
        int end = to instanceof Value.None ? size : (int) bound(integer(to), size, 0, size);
        int begin = all.offsetByCodePoints(0, first);
        return Value.of(text.substring(begin, all.offsetByCodePoints(begin, Math.max(0, end - first))));
    }

    private static long integer(Value value) {
        if (value instanceof Value.Int number) {
            return number.value();
        }
        throw new JinjaException(Operators.describe(value) + " bounds a slice where an int is expected");
    }

    private static long bound(long index, int size, long lowest, long highest) {
        return Math.clamp(index < 0 ? index + size : index, lowest, highest);
    }

    /** Methods of texts and dicts by name. */
    private record Methods(Budget budget) {
        @Nullable
        BiFunction<Value.Text, Arguments, Value> ofText(String name) {
            return switch (name) {
                case "split" -> this::split;
                case "strip" -> (text, arguments) -> strip(text, arguments, true, true);
                case "lstrip" -> (text, arguments) -> strip(text, arguments, true, false);
                case "rstrip" -> (text, arguments) -> strip(text, arguments, false, true);
                case "startswith" ->
                    (text, arguments) -> anyOf(arguments, text.text().toString()::startsWith);
                case "endswith" ->
                    (text, arguments) -> anyOf(arguments, text.text().toString()::endsWith);
                case "replace" -> (text, arguments) -> Texts.replace(text, arguments, budget);
                case "upper" -> (text, _) -> Value.of(text.text().map(Texts::upper));
                case "lower" -> (text, _) -> Value.of(text.text().map(Texts::lower));
                case "title" -> (text, _) -> Value.of(Texts.title(text.text()));
                default -> null;
            };
        }

        private Value split(Value.Text text, Arguments arguments) {
            Value separator = arguments.find(0, "sep");
            long most = arguments.integer(1, "maxsplit", -1);
            List<MarkedText> parts;
            if (separator == null || separator instanceof Value.None) {
                parts = text.text().words(most);
            } else {
                String between = Operators.requireText(separator).toString();
                if (between.isEmpty()) {
                    throw new JinjaException("split takes a separator of at least one character");
                }
                budget.search(text.text(), between);
                parts = text.text().split(between, most);
            }
            budget.spend(text.text().length());
            budget.items(parts.size());
            return Value.list(parts.stream().<Value>map(Value::of).toList());
        }

        private static Value strip(Value.Text text, Arguments arguments, boolean leading, boolean trailing) {
            Value set = arguments.find(0, "chars");
            String characters = set == null || set instanceof Value.None
                    ? null
                    : Operators.requireText(set).toString();
            return Value.of(text.text().strip(characters, leading, trailing));
        }

        private static Value anyOf(Arguments arguments, java.util.function.Predicate<String> test) {
            Value wanted = arguments.get(0, "prefix");
            if (wanted instanceof Value.Sequence several && several.kind() == Kind.TUPLE) {
                return Value.of(several.items().stream()
                        .anyMatch(each -> test.test(Operators.requireText(each).toString())));
            }
            return Value.of(test.test(Operators.requireText(wanted).toString()));
        }

        @Nullable
        BiFunction<Value.Mapping, Arguments, Value> ofMapping(String name) {
            return switch (name) {
                case "get" ->
                    (mapping, arguments) -> {
                        Value value = mapping.entries().get(arguments.get(0, "key"));
                        Value otherwise = arguments.find(1, "default");
                        return value != null ? value : otherwise != null ? otherwise : Value.None.NONE;
                    };
                case "items" -> (mapping, _) -> new Value.Sequence(Kind.VIEW, pairs(mapping.entries()));
                case "keys" ->
                    (mapping, _) -> new Value.Sequence(
                            Kind.VIEW, List.copyOf(mapping.entries().keySet()));
                case "values" ->
                    (mapping, _) -> new Value.Sequence(
                            Kind.VIEW, List.copyOf(mapping.entries().values()));
                default -> null;
            };
        }
    }

    /** {@return the entries of a dict as tuples of key and value} */
    static List<Value> pairs(Map<Value, Value> entries) {
        List<Value> pairs = new ArrayList<>(entries.size());
        entries.forEach((key, value) -> pairs.add(Value.pair(key, value)));
        return pairs;
    }
}

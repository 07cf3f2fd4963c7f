package dev.waterspout.engine.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The filters that chat templates use, by name. */
final class Filters {
    private final Budget budget;
    private final Lookup lookup;

    Filters(Budget budget, Lookup lookup) {
        this.budget = budget;
        this.lookup = lookup;
    }

    /** A filter: its input, and the arguments behind its name. */
    interface Filter {
        Value apply(Value input, Arguments arguments);
    }

    /**
     * Applies a filter.
     *
     * @throws JinjaException for an unknown filter, and for input that the filter does not accept
     */
    Value apply(String name, Value input, Arguments arguments) {
        Filter filter = byName(name);
        if (filter == null) {
            throw new JinjaException("filter '" + name + "' is not one that chat templates use");
        }
        return filter.apply(input, arguments);
    }

    private @Nullable Filter byName(String name) {
        return switch (name) {
            case "tojson" -> this::toJson;
            case "length", "count" -> (input, _) -> new Value.Int(Operators.length(input));
            case "string" -> (input, _) -> Value.of(text(input));
            case "safe" -> (input, _) -> new Value.Text(text(input), true);
            case "trim" -> this::trim;
            case "lower" -> (input, _) -> Value.of(text(input).map(Texts::lower));
            case "upper" -> (input, _) -> Value.of(text(input).map(Texts::upper));
            case "capitalize" -> (input, _) -> Value.of(Texts.capitalize(text(input)));
            case "title" -> (input, _) -> Value.of(Texts.title(text(input)));
            case "replace" -> (input, arguments) -> Texts.replace(new Value.Text(text(input)), arguments, budget);
            case "indent" -> this::indent;
            case "join" -> this::join;
            case "default", "d" -> Filters::orDefault;
            case "int" -> (input, arguments) -> new Value.Int(integer(input, arguments.integer(0, "default", 0)));
            case "items" -> Filters::entries;
            case "list" -> (input, _) -> Value.list(List.copyOf(Operators.items(input, budget)));
            case "first" -> (input, _) -> end(input, true);
            case "last" -> (input, _) -> end(input, false);
            case "map" -> this::map;
            case "select" -> (input, arguments) -> select(input, arguments, true);
            case "reject" -> (input, arguments) -> select(input, arguments, false);
            case "selectattr" -> (input, arguments) -> selectByAttribute(input, arguments, true);
            case "rejectattr" -> (input, arguments) -> selectByAttribute(input, arguments, false);
            case "dictsort" -> this::dictSort;
            case "sort" -> this::sort;
            case "unique" -> this::unique;
            default -> null;
        };
    }

    private MarkedText text(Value input) {
        return PythonText.str(input, budget);
    }

    private Value toJson(Value input, Arguments arguments) {
        Value indent = arguments.find(1, "indent");
        String by = switch (indent) {
            case null -> null;
            case Value.None _ -> null;
            case Value.Text text -> text.text().toString();
            case Value.Int count -> " ".repeat(Math.clamp(count.value(), 0, 64));
            default -> throw new JinjaException("tojson's indent is " + Operators.describe(indent));
        };
        String items = by == null ? ", " : ",";
        String keys = ": ";
        if (arguments.find(2, "separators") instanceof Value.Sequence separators
                && separators.items().size() == 2) {
            items = Operators.requireText(separators.items().get(0)).toString();
            keys = Operators.requireText(separators.items().get(1)).toString();
        }
        boolean ascii = arguments.flag(0, "ensure_ascii", false);
        boolean sorted = arguments.flag(3, "sort_keys", false);
        return Value.of(JsonText.write(input, new JsonText.Style(by, items, keys, ascii, sorted), budget));
    }

    private Value trim(Value input, Arguments arguments) {
        Value set = arguments.find(0, "chars");
        String characters = set == null || set instanceof Value.None
                ? null
                : Operators.requireText(set).toString();
        return Value.of(text(input).strip(characters, true, true));
    }

    private Value indent(Value input, Arguments arguments) {
        Value width = arguments.find(0, "width");
        String by = width instanceof Value.Text text
                ? text.text().toString()
                : " ".repeat(Math.clamp(arguments.integer(0, "width", 4), 0, 1000));
        boolean first = arguments.flag(1, "first", false);
        boolean blank = arguments.flag(2, "blank", false);
        List<MarkedText> lines = text(input).split("\n", -1);
        MarkedText.Builder builder = new MarkedText.Builder();
        for (int i = 0; i < lines.size(); i++) {
            builder.append(i == 0 ? "" : "\n");
            if (i == 0 ? first : blank || !lines.get(i).isEmpty()) {
                builder.append(by);
            }
            builder.append(lines.get(i));
            budget.spend(by.length());
        }
        return Value.of(budget.produced(builder.build()));
    }

    private Value join(Value input, Arguments arguments) {
        Value separator = arguments.find(0, "d");
        MarkedText between = separator == null ? MarkedText.EMPTY : text(separator);
        Value attribute = arguments.find(1, "attribute");
        MarkedText.Builder builder = new MarkedText.Builder();
        boolean first = true;
        for (Value item : Operators.items(input, budget)) {
            if (!first) {
                builder.append(between);
            }
            first = false;
            builder.append(text(attribute == null ? item : path(item, attribute)));
            budget.checkOutput(builder.length());
        }
        return Value.of(budget.produced(builder.build()));
    }

    private static Value orDefault(Value input, Arguments arguments) {
        Value otherwise = arguments.find(0, "default_value");
        boolean replaced = input instanceof Value.Undefined || (arguments.flag(1, "boolean", false) && !input.truthy());
        return replaced ? (otherwise == null ? Value.of("") : otherwise) : input;
    }

    private static long integer(Value input, long otherwise) {
        return switch (input) {
            case Value.Int number -> number.value();
            case Value.Bool flag -> flag.value() ? 1 : 0;
            case Value.Real number -> (long) number.value();
            case Value.Text text -> parse(text.text().strip(null, true, true).toString(), otherwise);
            default -> otherwise;
        };
    }

    private static long parse(String text, long otherwise) {
        try {
            return text.matches("[-+]?[0-9]+") ? Long.parseLong(text) : (long) Double.parseDouble(text);
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    private static Value entries(Value input, Arguments arguments) {
        return switch (input) {
            case Value.Mapping mapping -> Value.generator(Lookup.pairs(mapping.entries()));
            case Value.Undefined _ -> Value.generator(List.of());
            default -> throw new JinjaException("filter items takes a dict, not " + Operators.describe(input));
        };
    }

    private Value end(Value input, boolean first) {
        List<Value> items = Operators.items(input, budget);
        if (items.isEmpty()) {
            return new Value.Undefined("the " + (first ? "first" : "last") + " item of an empty " + input.typeName());
        }
        return first ? items.getFirst() : items.getLast();
    }

    /** {@return the attribute of an item at a path of names and positions separated by dots} */
    private Value path(Value item, Value path) {
        if (path instanceof Value.Int) {
            return lookup.item(item, path);
        }
        Value value = item;
        for (String name : Operators.requireText(path).toString().split("\\.", -1)) {
            boolean position = name.matches("[0-9]{1,9}");
            value = lookup.item(value, position ? new Value.Int(Integer.parseInt(name)) : Value.of(name));
        }
        return value;
    }

    /** {@return the items of a value; empty if the value counts as false} */
    private List<Value> itemsOrNone(Value input) {
        return input.truthy() ? Operators.items(input, budget) : List.of();
    }

    private Value map(Value input, Arguments arguments) {
        List<Value> results = new ArrayList<>();
        Value attribute = arguments.named().get("attribute");
        Value otherwise = arguments.named().get("default");
        for (Value item : itemsOrNone(input)) {
            budget.spend(1);
            if (attribute == null) {
                results.add(apply(arguments.text(0, "filter"), item, arguments.after(1)));
            } else {
                Value value = path(item, attribute);
                results.add(value instanceof Value.Undefined && otherwise != null ? otherwise : value);
            }
        }
        return Value.generator(results);
    }

    private Value select(Value input, Arguments arguments, boolean wanted) {
        List<Value> results = new ArrayList<>();
        for (Value item : itemsOrNone(input)) {
            budget.spend(1);
            boolean holds = arguments.positional().isEmpty()
                    ? item.truthy()
                    : Tests.holds(arguments.text(0, "test"), item, arguments.after(1), budget);
            if (holds == wanted) {
                results.add(item);
            }
        }
        return Value.generator(results);
    }

    private Value selectByAttribute(Value input, Arguments arguments, boolean wanted) {
        List<Value> results = new ArrayList<>();
        for (Value item : itemsOrNone(input)) {
            budget.spend(1);
            Value value = path(item, arguments.get(0, "attribute"));
            boolean holds = arguments.positional().size() < 2
                    ? value.truthy()
                    : Tests.holds(arguments.text(1, "test"), value, arguments.after(2), budget);
            if (holds == wanted) {
                results.add(item);
            }
        }
        return Value.generator(results);
    }

    private Value dictSort(Value input, Arguments arguments) {
        if (!(input instanceof Value.Mapping mapping)) {
            throw new JinjaException("filter dictsort takes a dict, not " + Operators.describe(input));
        }
        boolean exact = arguments.flag(0, "case_sensitive", false);
        Value by = arguments.find(1, "by");
        int part = by != null && Operators.requireText(by).toString().equals("value") ? 1 : 0;
        return ordered(
                Lookup.pairs(mapping.entries()),
                Comparator.comparing(
                        pair -> folded(((Value.Sequence) pair).items().get(part), exact), Operators::compare),
                arguments.flag(2, "reverse", false));
    }

    private Value sort(Value input, Arguments arguments) {
        boolean exact = arguments.flag(1, "case_sensitive", false);
        Value attribute = arguments.find(2, "attribute");
        return ordered(
                Operators.items(input, budget),
                Comparator.comparing(
                        item -> folded(attribute == null ? item : path(item, attribute), exact), Operators::compare),
                arguments.flag(0, "reverse", false));
    }

    private Value ordered(List<Value> items, Comparator<Value> order, boolean reverse) {
        budget.spend(items.size());
        List<Value> sorted = new ArrayList<>(items);
        sorted.sort(reverse ? order.reversed() : order);
        return Value.list(sorted);
    }

    private Value unique(Value input, Arguments arguments) {
        boolean exact = arguments.flag(0, "case_sensitive", false);
        Value attribute = arguments.find(1, "attribute");
        Set<Value> seen = new HashSet<>();
        List<Value> results = new ArrayList<>();
        for (Value item : Operators.items(input, budget)) {
            if (seen.add(folded(attribute == null ? item : path(item, attribute), exact))) {
                results.add(item);
            }
        }
        return Value.generator(results);
    }

    private static Value folded(Value value, boolean exact) {
        return value instanceof Value.Text text && !exact ? Value.of(text.text().map(Texts::lower)) : value;
    }
}

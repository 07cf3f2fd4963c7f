package dev.waterspout.engine.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template may call. */
final class Functions {
    /** As in the sandbox of Jinja. */
    private static final int MOST_NUMBERS = 100_000;

    private Functions() {}

    static Map<String, Value> all(TemplateClock clock, Budget budget) {
        return Map.of(
                "namespace", new Value.Callable("namespace", Functions::namespace),
                "dict", new Value.Callable("dict", Functions::dict),
                "range", new Value.Callable("range", arguments -> range(arguments, budget)),
                "raise_exception", new Value.Callable("raise_exception", Functions::refuse),
                "strftime_now", new Value.Callable("strftime_now", arguments -> now(arguments, clock)));
    }

    private static Value refuse(Arguments arguments) {
        throw new TemplateRefusal(arguments.text(0, "message"));
    }

    private static Value now(Arguments arguments, TemplateClock clock) {
        return Value.of(clock.format(arguments.text(0, "format")));
    }

    private static Value namespace(Arguments arguments) {
        Map<String, Value> attributes = new LinkedHashMap<>();
        for (Value value : arguments.positional()) {
            if (value instanceof Value.Mapping mapping) {
                mapping.entries()
                        .forEach((key, each) ->
                                attributes.put(Operators.requireText(key).toString(), each));
            }
        }
        attributes.putAll(arguments.named());
        return new Value.Namespace(attributes);
    }

    private static Value dict(Arguments arguments) {
        Map<Value, Value> entries = new LinkedHashMap<>();
        for (Value value : arguments.positional()) {
            if (!(value instanceof Value.Mapping mapping)) {
                throw new JinjaException("dict takes a dict and named arguments, not " + Operators.describe(value));
            }
            entries.putAll(mapping.entries());
        }
        arguments.named().forEach((name, value) -> entries.put(Value.of(name), value));
        return new Value.Mapping(entries);
    }

    private static Value range(Arguments arguments, Budget budget) {
        boolean bothEnds = arguments.positional().size() > 1;
        long from = bothEnds ? arguments.integer(0, "start", 0) : 0;
        long to = arguments.integer(bothEnds ? 1 : 0, "stop", 0);
        long step = arguments.integer(2, "step", 1);
        if (step == 0) {
            throw new JinjaException("the step of a range is 0");
        }
        List<Value> numbers = new ArrayList<>();
        BigInteger distance = BigInteger.valueOf(to).subtract(BigInteger.valueOf(from));
        BigInteger stride = BigInteger.valueOf(step);
        BigInteger count = distance.add(stride)
                .subtract(BigInteger.valueOf(Long.signum(step)))
                .divide(stride)
                .max(BigInteger.ZERO);
        if (count.compareTo(BigInteger.valueOf(MOST_NUMBERS)) > 0) {
            throw new JinjaException("a range has " + count + " numbers; at most " + MOST_NUMBERS + " are allowed");
        }
        budget.items(count.longValueExact());
        for (long i = 0; i < count.longValueExact(); i++) {
            numbers.add(new Value.Int(from + i * step));
        }
        return Value.list(numbers);
    }
}

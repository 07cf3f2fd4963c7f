package dev.waterspout.engine.jinja;

import dev.waterspout.engine.jinja.Value.Sequence.Kind;

/** The tests behind {@code is}, by name. */
final class Tests {
    private Tests() {}

    /**
     * {@return whether a test holds}
     *
     * @throws JinjaException for a name that is no test
     */
    static boolean holds(String name, Value value, Arguments arguments, Budget budget) {
        return switch (name) {
            case "defined" -> !(value instanceof Value.Undefined);
            case "undefined" -> value instanceof Value.Undefined;
            case "none" -> value instanceof Value.None;
            case "string" -> value instanceof Value.Text;
            case "mapping" -> value instanceof Value.Mapping;
            case "boolean" -> value instanceof Value.Bool;
            case "true" -> value instanceof Value.Bool flag && flag.value();
            case "false" -> value instanceof Value.Bool flag && !flag.value();
            case "integer" -> value instanceof Value.Int;
            case "float" -> value instanceof Value.Real;
            case "number" -> value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
            case "iterable" ->
                value instanceof Value.Text
                        || value instanceof Value.Sequence
                        || value instanceof Value.Mapping
                        || value instanceof Value.Undefined;
            case "sequence" ->
                value instanceof Value.Text
                        || value instanceof Value.Mapping
                        || value instanceof Value.Undefined
                        || (value instanceof Value.Sequence sequence
                                && (sequence.kind() == Kind.LIST || sequence.kind() == Kind.TUPLE));
            case "in" -> Operators.contains(arguments.get(0, "seq"), value, budget);
            case "equalto", "eq", "==" -> Operators.equal(value, arguments.get(0, "other"));
            case "ne", "!=" -> !Operators.equal(value, arguments.get(0, "other"));
            default -> throw new JinjaException("test '" + name + "' is not one that chat templates use");
        };
    }
}

package dev.waterspout.engine.grammar;

import dev.waterspout.engine.json.PlainJson;
import java.util.Map;
import java.util.OptionalLong;

/** Grammars of the numbers that a schema allows. */
final class JsonNumbers {
    /** Limits beyond this bound have no effect, since the grammar has no integers with more digits. */
    private static final long BOUND = 99_999_999_999_999_999L;

    private JsonNumbers() {}

    /** Returns the integers within the bounds of a schema. */
    static Node integer(Map<?, ?> schema, String path) {
        OptionalLong least = bound(schema, "minimum", "exclusiveMinimum", 1, path);
        OptionalLong most = bound(schema, "maximum", "exclusiveMaximum", -1, path);
        if (least.isPresent() && most.isPresent()) {
            if (least.getAsLong() > most.getAsLong()) {
                throw new GrammarException(path + " allows no integer: its minimum is above its maximum");
            }
            return IntegerRange.between(least.getAsLong(), most.getAsLong());
        }
        if (least.isPresent()) {
            return IntegerRange.from(least.getAsLong());
        }
        return most.isPresent() ? IntegerRange.upTo(most.getAsLong()) : Node.rule(JsonRules.INTEGER);
    }

    private static OptionalLong bound(Map<?, ?> schema, String keyword, String exclusive, int step, String path) {
        OptionalLong bound = whole(schema, keyword, step, path);
        OptionalLong outer = whole(schema, exclusive, step, path);
        if (outer.isPresent()) {
            // A fraction was rounded towards the allowed range, so the bound itself is allowed.
            boolean fraction = schema.get(exclusive) instanceof Double real && real != Math.rint(real);
            outer = OptionalLong.of(outer.getAsLong() + (fraction ? 0 : step));
        }
        if (bound.isPresent() && outer.isPresent()) {
            return OptionalLong.of(
                    step > 0
                            ? Math.max(bound.getAsLong(), outer.getAsLong())
                            : Math.min(bound.getAsLong(), outer.getAsLong()));
        }
        return bound.isPresent() ? bound : outer;
    }

    private static OptionalLong whole(Map<?, ?> schema, String keyword, int step, String path) {
        Object value = schema.get(keyword);
        if (value == null) {
            return OptionalLong.empty();
        }
        if (!(value instanceof Number number)) {
            throw new GrammarException(path + "." + keyword + " is " + PlainJson.text(value) + "; it must be a number");
        }
        double real = number.doubleValue();
        if (Math.abs(real) > BOUND) {
            return OptionalLong.empty();
        }
        long whole = value instanceof Long exact ? exact : (long) (step > 0 ? Math.ceil(real) : Math.floor(real));
        return OptionalLong.of(whole);
    }

    /** Returns the numbers that a schema allows. The only bound that is supported is a minimum of 0. */
    static Node number(Map<?, ?> schema, String path) {
        for (String keyword : new String[] {"maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
            if (schema.containsKey(keyword)) {
                throw new GrammarException(
                        path + " has the keyword " + keyword + ", which is supported for integers only");
            }
        }
        Object minimum = schema.get("minimum");
        if (minimum == null) {
            return Node.rule(JsonRules.NUMBER);
        }
        if (minimum instanceof Number bound && bound.doubleValue() == 0) {
            return JsonRules.number(Node.EMPTY);
        }
        throw new GrammarException(
                path + ".minimum is " + PlainJson.text(minimum) + "; for a number, only 0 is supported");
    }
}

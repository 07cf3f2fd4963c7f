package dev.waterspout.engine.jinja;

import dev.waterspout.engine.jinja.Value.Sequence.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Operators, with Python's meaning and its refusals. */
final class Operators {
    /** Number of budget items that a string of one character counts as, because of its memory. */
    private static final int STRINGS_OF_CHARACTER = 8;

    private Operators() {}

    static MarkedText requireText(Value value) {
        if (value instanceof Value.Text text) {
            return text.text();
        }
        throw new JinjaException(describe(value) + " is given where a text is expected");
    }

    /** {@return a description of a value for messages: the name of an undefined one, or the type} */
    static String describe(Value value) {
        return value instanceof Value.Undefined undefined
                ? undefined.what() + " is undefined and"
                : "a " + value.typeName();
    }

    static Value binary(String operator, Value left, Value right, Budget budget) {
        return switch (operator) {
            case "~" -> Value.of(budget.produced(PythonText.str(left, budget).plus(PythonText.str(right, budget))));
            case "+" -> add(left, right, budget);
            case "*" -> multiply(left, right, budget);
            default -> arithmetic(operator, left, right);
        };
    }

    private static Value add(Value left, Value right, Budget budget) {
        if (left instanceof Value.Text a && right instanceof Value.Text b) {
            boolean markup = a.markup() || b.markup();
            MarkedText first = markup && !a.markup() ? a.text().map(Operators::escapeHtml) : a.text();
            MarkedText second = markup && !b.markup() ? b.text().map(Operators::escapeHtml) : b.text();
            return new Value.Text(budget.produced(first.plus(second)), markup);
        }
        if (left instanceof Value.Sequence a
                && right instanceof Value.Sequence b
                && a.kind() == b.kind()
                && (a.kind() == Kind.LIST || a.kind() == Kind.TUPLE)) {
            List<Value> items = new ArrayList<>(a.items());
            items.addAll(b.items());
            budget.items(items.size());
            return new Value.Sequence(a.kind(), items);
        }
        return arithmetic("+", left, right);
    }

    private static String escapeHtml(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    private static Value multiply(Value left, Value right, Budget budget) {
        if (right instanceof Value.Text || right instanceof Value.Sequence) {
            return left instanceof Value.Int ? multiply(right, left, budget) : arithmetic("*", left, right);
        }
        if (left instanceof Value.Text text && right instanceof Value.Int times) {
            budget.spend(saturated(text.text().length(), times.value()));
            MarkedText.Builder builder = new MarkedText.Builder();
            for (long i = 0; i < times.value(); i++) {
                builder.append(text.text());
            }
            return Value.of(budget.produced(builder.build()));
        }
        if (left instanceof Value.Sequence sequence && right instanceof Value.Int times) {
            budget.items(Math.min(saturated(sequence.items().size(), times.value()), Integer.MAX_VALUE));
            List<Value> items = new ArrayList<>();
            for (long i = 0; i < times.value(); i++) {
                items.addAll(sequence.items());
            }
            return new Value.Sequence(sequence.kind(), items);
        }
        return arithmetic("*", left, right);
    }

    private static long saturated(long size, long times) {
        long most = Integer.MAX_VALUE;
        return times <= 0 ? 0 : Math.min(times, most) * Math.max(1, Math.min(size, most));
    }

    private static Value arithmetic(String operator, Value left, Value right) {
        if (left instanceof Value.Real || right instanceof Value.Real || operator.equals("/")) {
            return new Value.Real(real(operator, number(operator, left, right), number(operator, right, left)));
        }
        long a = left instanceof Value.Int number ? number.value() : (long) number(operator, left, right);
        long b = right instanceof Value.Int number ? number.value() : (long) number(operator, right, left);
        try {
            return new Value.Int(integer(operator, a, b));
        } catch (ArithmeticException e) {
            throw new JinjaException(a + " " + operator + " " + b + ": " + e.getMessage());
        }
    }

    private static double number(String operator, Value value, Value other) {
        return switch (value) {
            case Value.Int number -> number.value();
            case Value.Bool flag -> flag.value() ? 1 : 0;
            case Value.Real number -> number.value();
            default ->
                throw new JinjaException(
                        "operator " + operator + " does not take " + describe(value) + " with " + describe(other));
        };
    }

    private static long integer(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "//" -> Math.floorDiv(a, b);
            case "%" -> Math.floorMod(a, b);
            case "**" -> power(a, b);
            default -> throw new IllegalArgumentException(operator);
        };
    }

    private static long power(long base, long exponent) {
        if (exponent < 0) {
            throw new ArithmeticException("a negative exponent of an integer");
        }
        if (base == 0 || base == 1 || base == -1) {
            return exponent == 0 || exponent % 2 == 0 ? (base == 0 && exponent > 0 ? 0 : 1) : base;
        }
        long result = 1;
        for (long i = 0; i < exponent; i++) {
            result = Math.multiplyExact(result, base);
        }
        return result;
    }

    private static double real(String operator, double a, double b) {
        if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
            throw new JinjaException(PythonText.real(a) + " " + operator + " 0: division by zero");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            case "**" -> Math.pow(a, b);
            default -> throw new IllegalArgumentException(operator);
        };
    }

    static Value negative(Value value) {
        return arithmetic("-", new Value.Int(0), value);
    }

    static boolean equal(Value left, Value right) {
        if (isNumber(left) && isNumber(right)) {
            return number("==", left, right) == number("==", right, left);
        }
        if (left instanceof Value.Sequence a && right instanceof Value.Sequence b) {
            if (a.kind() != b.kind() || a.items().size() != b.items().size()) {
                return false;
            }
            for (int i = 0; i < a.items().size(); i++) {
                if (!equal(a.items().get(i), b.items().get(i))) {
                    return false;
                }
            }
            return true;
        }
        if (left instanceof Value.Mapping a && right instanceof Value.Mapping b) {
            if (a.entries().size() != b.entries().size()) {
                return false;
            }
            for (Map.Entry<Value, Value> entry : a.entries().entrySet()) {
                Value other = b.entries().get(entry.getKey());
                if (other == null || !equal(entry.getValue(), other)) {
                    return false;
                }
            }
            return true;
        }
        return (left instanceof Value.Undefined && right instanceof Value.Undefined) || left.equals(right);
    }

    private static boolean isNumber(Value value) {
        return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
    }

    /** {@return the order of two values of one kind, as a comparator gives it} */
    static int compare(Value left, Value right) {
        if (isNumber(left) && isNumber(right)) {
            return Double.compare(number("<", left, right), number("<", right, left));
        }
        if (left instanceof Value.Text a && right instanceof Value.Text b) {
            return compareCodePoints(a.text().toString(), b.text().toString());
        }
        if (left instanceof Value.Sequence a && right instanceof Value.Sequence b && a.kind() == b.kind()) {
            for (int i = 0; i < Math.min(a.items().size(), b.items().size()); i++) {
                if (!equal(a.items().get(i), b.items().get(i))) {
                    return compare(a.items().get(i), b.items().get(i));
                }
            }
            return Integer.compare(a.items().size(), b.items().size());
        }
        throw new JinjaException(describe(left) + " cannot be compared with " + describe(right));
    }

    private static int compareCodePoints(String a, String b) {
        int at = 0;
        while (at < a.length() && at < b.length() && a.charAt(at) == b.charAt(at)) {
            at++;
        }
        if (at == a.length() || at == b.length()) {
            return Integer.compare(a.length(), b.length());
        }
        return Integer.compare(a.codePointAt(at), b.codePointAt(at));
    }

    static boolean compares(String operator, Value left, Value right, Budget budget) {
        return switch (operator) {
            case "==" -> equal(left, right);
            case "!=" -> !equal(left, right);
            case "<" -> compare(left, right) < 0;
            case "<=" -> compare(left, right) <= 0;
            case ">" -> compare(left, right) > 0;
            case ">=" -> compare(left, right) >= 0;
            case "in" -> contains(right, left, budget);
            case "not in" -> !contains(right, left, budget);
            default -> throw new IllegalArgumentException(operator);
        };
    }

    static boolean contains(Value container, Value item, Budget budget) {
        return switch (container) {
            case Value.Text text -> {
                String wanted = requireText(item).toString();
                budget.search(text.text(), wanted);
                yield text.text().toString().contains(wanted);
            }
            case Value.Mapping mapping -> mapping.entries().containsKey(item);
            case Value.Sequence sequence -> {
                budget.spend(sequence.items().size());
                yield sequence.items().stream().anyMatch(each -> equal(each, item));
            }
            case Value.Undefined _ -> false;
            default -> throw new JinjaException("operator in does not take a " + container.typeName());
        };
    }

    /** {@return the items of a value in a for block} */
    static List<Value> items(Value value, Budget budget) {
        return switch (value) {
            case Value.Sequence sequence -> sequence.items();
            case Value.Mapping mapping -> new ArrayList<>(mapping.entries().keySet());
            case Value.Undefined _ -> List.of();
            case Value.Text text -> characters(text.text(), budget);
            default -> throw new JinjaException("a " + value.typeName() + " has no items to go through");
        };
    }

    private static List<Value> characters(MarkedText text, Budget budget) {
        budget.items((long) STRINGS_OF_CHARACTER * text.length());
        List<Value> characters = new ArrayList<>();
        String all = text.toString();
        for (int i = 0; i < all.length(); ) {
            int next = all.offsetByCodePoints(i, 1);
            characters.add(Value.of(text.substring(i, next)));
            i = next;
        }
        return characters;
    }

    static long length(Value value) {
        return switch (value) {
            case Value.Text text -> text.text().toString().codePoints().count();
            case Value.Sequence sequence
            when sequence.kind() != Kind.GENERATOR -> sequence.items().size();
            case Value.Mapping mapping -> mapping.entries().size();
            case Value.Undefined _ -> 0;
            default -> throw new JinjaException("a " + value.typeName() + " has no length");
        };
    }
}

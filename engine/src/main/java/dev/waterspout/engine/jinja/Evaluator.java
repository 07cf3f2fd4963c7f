package dev.waterspout.engine.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Computes expressions. */
final class Evaluator {
    private final Budget budget;
    private final Lookup lookup;
    private final Filters filters;

    Evaluator(Budget budget) {
        this.budget = budget;
        this.lookup = new Lookup(budget);
        this.filters = new Filters(budget, lookup);
    }

    Value evaluate(Expression expression, Scope scope) {
        budget.enter();
        Value value = switch (expression) {
            case Expression.Literal literal -> literal.value();
            case Expression.Name name -> scope.get(name.name());
            case Expression.ListOf list -> Value.list(all(list.items(), scope));
            case Expression.TupleOf tuple -> new Value.Sequence(Value.Sequence.Kind.TUPLE, all(tuple.items(), scope));
            case Expression.DictOf dict -> dict(dict, scope);
            case Expression.Attribute attribute ->
                lookup.attribute(evaluate(attribute.object(), scope), attribute.name());
            case Expression.Item item -> lookup.item(evaluate(item.object(), scope), evaluate(item.key(), scope));
            case Expression.Slice slice ->
                lookup.slice(
                        evaluate(slice.object(), scope),
                        evaluate(slice.from(), scope),
                        evaluate(slice.to(), scope),
                        evaluate(slice.step(), scope));
            case Expression.Call call -> call(evaluate(call.function(), scope), arguments(call.arguments(), scope));
            case Expression.Filter filter ->
                filters.apply(filter.name(), evaluate(filter.input(), scope), arguments(filter.arguments(), scope));
            case Expression.Test test ->
                Value.of(Tests.holds(
                                test.name(), evaluate(test.input(), scope), arguments(test.arguments(), scope), budget)
                        != test.negated());
            case Expression.Not not -> Value.of(!evaluate(not.operand(), scope).truthy());
            case Expression.Negative negative -> Operators.negative(evaluate(negative.operand(), scope));
            case Expression.Positive positive -> evaluate(positive.operand(), scope);
            case Expression.And and -> {
                Value left = evaluate(and.left(), scope);
                yield left.truthy() ? evaluate(and.right(), scope) : left;
            }
            case Expression.Or or -> {
                Value left = evaluate(or.left(), scope);
                yield left.truthy() ? left : evaluate(or.right(), scope);
            }
            case Expression.Binary binary ->
                Operators.binary(
                        binary.operator(), evaluate(binary.left(), scope), evaluate(binary.right(), scope), budget);
            case Expression.Comparison comparison -> Value.of(compares(comparison, scope));
            case Expression.Conditional conditional ->
                evaluate(
                        evaluate(conditional.condition(), scope).truthy()
                                ? conditional.then()
                                : conditional.otherwise(),
                        scope);
        };
        budget.leave();
        return value;
    }

    private List<Value> all(List<Expression> expressions, Scope scope) {
        List<Value> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Value dict(Expression.DictOf dict, Scope scope) {
        Map<Value, Value> entries = new LinkedHashMap<>();
        dict.entries().forEach((key, value) -> entries.put(evaluate(key, scope), evaluate(value, scope)));
        return new Value.Mapping(entries);
    }

    private Arguments arguments(Expression.Passed passed, Scope scope) {
        if (passed.positional().isEmpty() && passed.named().isEmpty()) {
            return Arguments.NONE;
        }
        Map<String, Value> named = new LinkedHashMap<>();
        List<Value> positional = all(passed.positional(), scope);
        passed.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
        return new Arguments(positional, named);
    }

    private static Value call(Value function, Arguments arguments) {
        if (function instanceof Value.Callable callable) {
            return callable.body().call(arguments);
        }
        throw new JinjaException(Operators.describe(function) + " cannot be called");
    }

    private boolean compares(Expression.Comparison comparison, Scope scope) {
        Value left = evaluate(comparison.first(), scope);
        for (int i = 0; i < comparison.operators().size(); i++) {
            Value right = evaluate(comparison.rest().get(i), scope);
            if (!Operators.compares(comparison.operators().get(i), left, right, budget)) {
                return false;
            }
            left = right;
        }
        return true;
    }
}

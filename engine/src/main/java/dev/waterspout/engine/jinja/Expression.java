package dev.waterspout.engine.jinja;

import java.util.List;
import java.util.Map;

/** An expression of a template. */
sealed interface Expression {
    record Literal(Value value) implements Expression {}

    record Name(String name) implements Expression {}

    record ListOf(List<Expression> items) implements Expression {}

    record TupleOf(List<Expression> items) implements Expression {}

    record DictOf(Map<Expression, Expression> entries) implements Expression {}

    /** {@code object.name} */
    record Attribute(Expression object, String name) implements Expression {}

    /** {@code object[key]} */
    record Item(Expression object, Expression key) implements Expression {}

    /** {@code object[from:to:step]}; an omitted part is the literal {@code none}. */
    record Slice(Expression object, Expression from, Expression to, Expression step) implements Expression {}

    record Call(Expression function, Passed arguments) implements Expression {}

    record Filter(Expression input, String name, Passed arguments) implements Expression {}

    /** {@code input is name} or {@code input is not name} */
    record Test(Expression input, String name, Passed arguments, boolean negated) implements Expression {}

    record Not(Expression operand) implements Expression {}

    record Negative(Expression operand) implements Expression {}

    record Positive(Expression operand) implements Expression {}

    record And(Expression left, Expression right) implements Expression {}

    record Or(Expression left, Expression right) implements Expression {}

    /** An arithmetic operator or {@code ~}. */
    record Binary(String operator, Expression left, Expression right) implements Expression {}

    /** {@code first operator[0] rest[0] operator[1] rest[1] ...}, true if all comparisons of neighbours are true. */
    record Comparison(Expression first, List<String> operators, List<Expression> rest) implements Expression {}

    record Conditional(Expression condition, Expression then, Expression otherwise) implements Expression {}

    /** The arguments as written in a call. */
    record Passed(List<Expression> positional, Map<String, Expression> named) {
        static final Passed NONE = new Passed(List.of(), Map.of());
    }
}

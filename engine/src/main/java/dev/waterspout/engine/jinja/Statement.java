package dev.waterspout.engine.jinja;

import java.util.List;

/** A part of a template's body. */
sealed interface Statement {
    /** Text outside of tags. */
    record Data(String text) implements Statement {}

    record Output(Expression expression, int line) implements Statement {}

    record If(Expression condition, List<Statement> then, List<Statement> otherwise, int line) implements Statement {}

    /** {@code filter} and {@code otherwise} may be the literal true and empty. */
    record For(
            Target target,
            Expression items,
            Expression filter,
            List<Statement> body,
            List<Statement> otherwise,
            int line)
            implements Statement {}

    record Set(Target target, Expression value, int line) implements Statement {}

    /** {@code {% set name | filter %}body{% endset %}}; the filters' innermost input is {@link #BODY}. */
    record SetBlock(Target target, Expression filters, List<Statement> body, int line) implements Statement {}

    record FilterBlock(Expression filters, List<Statement> body, int line) implements Statement {}

    record Macro(String name, List<Parameter> parameters, List<Statement> body) implements Statement {}

    /** A block that changes nothing but has variables of its own, such as {@code generation}. */
    record Group(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}

    /** The variable that holds the text of a block for its filters; no template can write its name. */
    Expression.Name BODY = new Expression.Name("(body)");

    /** A parameter of a macro, and its value where a call leaves it out: undefined where the template gives none. */
    record Parameter(String name, Expression otherwise) {}

    /** The target of an assignment. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        record Member(String object, String attribute) implements Target {}

        record Unpacked(List<Target> targets) implements Target {}
    }
}

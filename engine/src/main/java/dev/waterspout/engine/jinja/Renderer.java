package dev.waterspout.engine.jinja;

import dev.waterspout.engine.jinja.Statement.Parameter;
import dev.waterspout.engine.jinja.Statement.Target;
import java.util.ArrayList;
import java.util.List;

/** Runs the statements of one rendering. */
final class Renderer {
    private final Budget budget;
    private final Evaluator evaluator;

    Renderer(Budget budget) {
        this.budget = budget;
        this.evaluator = new Evaluator(budget);
    }

    /** How a body ended. */
    private enum End {
        REACHED,
        BREAK,
        CONTINUE
    }

    MarkedText render(List<Statement> statements, Scope scope) {
        MarkedText.Builder output = new MarkedText.Builder();
        run(statements, scope, output);
        return output.build();
    }

    private End run(List<Statement> statements, Scope scope, MarkedText.Builder output) {
        budget.enter();
        End end = End.REACHED;
        for (Statement statement : statements) {
            budget.spend(1);
            end = run(statement, scope, output);
            if (end != End.REACHED) {
                break;
            }
        }
        budget.leave();
        return end;
    }

    private End run(Statement statement, Scope scope, MarkedText.Builder output) {
        switch (statement) {
            case Statement.Data data -> write(MarkedText.trusted(data.text()), output);
            case Statement.Output printed ->
                write(PythonText.str(evaluate(printed.expression(), scope, printed.line()), budget), output);
            case Statement.If condition -> {
                boolean holds =
                        evaluate(condition.condition(), scope, condition.line()).truthy();
                return run(holds ? condition.then() : condition.otherwise(), scope, output);
            }
            case Statement.For loop -> {
                return loop(loop, scope, output);
            }
            case Statement.Set set -> assign(set.target(), evaluate(set.value(), scope, set.line()), scope, set.line());
            case Statement.SetBlock set ->
                assign(set.target(), filtered(set.filters(), set.body(), scope, set.line()), scope, set.line());
            case Statement.FilterBlock filter ->
                write(PythonText.str(filtered(filter.filters(), filter.body(), scope, filter.line()), budget), output);
            case Statement.Macro macro -> scope.set(macro.name(), macro(macro, scope));
            case Statement.Group group -> {
                return run(group.body(), new Scope(scope), output);
            }
            case Statement.Break _ -> {
                return End.BREAK;
            }
            case Statement.Continue _ -> {
                return End.CONTINUE;
            }
        }
        return End.REACHED;
    }

    private void write(MarkedText text, MarkedText.Builder output) {
        output.append(text);
        budget.spend(text.length());
        budget.checkOutput(output.length());
    }

    /** Evaluates an expression, and adds the template's line to exceptions. */
    private Value evaluate(Expression expression, Scope scope, int line) {
        try {
            return evaluator.evaluate(expression, scope);
        } catch (TemplateRefusal refusal) {
            throw refusal;
        } catch (JinjaException e) {
            throw located(e, line);
        }
    }

    private static JinjaException located(JinjaException e, int line) {
        String message = String.valueOf(e.getMessage());
        return message.startsWith("line ") ? e : JinjaException.at(line, message);
    }

    private Value filtered(Expression filters, List<Statement> body, Scope scope, int line) {
        Scope inner = new Scope(scope);
        inner.set(Statement.BODY.name(), Value.of(render(body, inner)));
        return evaluate(filters, inner, line);
    }

    private End loop(Statement.For loop, Scope scope, MarkedText.Builder output) {
        List<Value> items = items(loop, scope);
        for (int i = 0; i < items.size(); i++) {
            budget.spend(1);
            Scope inner = new Scope(scope);
            inner.set("loop", new Value.Loop(i, items));
            assign(loop.target(), items.get(i), inner, loop.line());
            if (run(loop.body(), inner, output) == End.BREAK) {
                break;
            }
        }
        return items.isEmpty() ? run(loop.otherwise(), new Scope(scope), output) : End.REACHED;
    }

    private List<Value> items(Statement.For loop, Scope scope) {
        List<Value> items = new ArrayList<>();
        for (Value item : through(evaluate(loop.items(), scope, loop.line()), loop.line())) {
            Scope inner = new Scope(scope);
            assign(loop.target(), item, inner, loop.line());
            if (evaluate(loop.filter(), inner, loop.line()).truthy()) {
                items.add(item);
            }
        }
        return items;
    }

    private List<Value> through(Value value, int line) {
        try {
            return Operators.items(value, budget);
        } catch (JinjaException e) {
            throw located(e, line);
        }
    }

    private void assign(Target target, Value value, Scope scope, int line) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.Member member -> {
                if (!(scope.get(member.object()) instanceof Value.Namespace namespace)) {
                    throw JinjaException.at(
                            line, "'" + member.object() + "' is no namespace, so its attributes cannot be assigned");
                }
                namespace.attributes().put(member.attribute(), value);
            }
            case Target.Unpacked unpacked -> {
                List<Value> parts = through(value, line);
                if (parts.size() != unpacked.targets().size()) {
                    throw JinjaException.at(
                            line,
                            parts.size() + " values for " + unpacked.targets().size() + " variables");
                }
                for (int i = 0; i < parts.size(); i++) {
                    assign(unpacked.targets().get(i), parts.get(i), scope, line);
                }
            }
        }
    }

    private Value macro(Statement.Macro macro, Scope defined) {
        return new Value.Callable(macro.name(), arguments -> {
            budget.enter();
            Scope inner = new Scope(defined);
            List<Parameter> parameters = macro.parameters();
            if (arguments.positional().size() > parameters.size()) {
                throw new JinjaException("macro '" + macro.name() + "' takes " + parameters.size() + " arguments, not "
                        + arguments.positional().size());
            }
            for (int i = 0; i < parameters.size(); i++) {
                Value passed = arguments.find(i, parameters.get(i).name());
                inner.set(
                        parameters.get(i).name(),
                        passed != null
                                ? passed
                                : evaluator.evaluate(parameters.get(i).otherwise(), inner));
            }
            MarkedText result = render(macro.body(), inner);
            budget.leave();
            return Value.of(result);
        });
    }
}

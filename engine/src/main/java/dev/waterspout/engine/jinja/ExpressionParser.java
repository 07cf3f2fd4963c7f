package dev.waterspout.engine.jinja;

import static dev.waterspout.engine.jinja.Token.Kind.BLOCK_END;
import static dev.waterspout.engine.jinja.Token.Kind.NAME;
import static dev.waterspout.engine.jinja.Token.Kind.OUTPUT_END;
import static dev.waterspout.engine.jinja.Token.Kind.STRING;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads expressions by recursive descent, with the precedences of jinja2. */
final class ExpressionParser {
    private static final Expression NOTHING = new Expression.Literal(Value.None.NONE);
    private static final Expression MISSING = new Expression.Literal(
            new Value.Undefined("the inline if-expression has no else and its condition is false: it"));
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NOT_AN_ARGUMENT = Set.of("else", "or", "and", "is", "if", "in", "not");

    private final TokenStream tokens;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /** Reads an expression, or several separated by commas, which form a tuple. */
    Expression tuple() {
        return tuple(true);
    }

    /** The same, ended by {@code if}. */
    Expression tupleWithoutConditional() {
        return tuple(false);
    }

    private Expression tuple(boolean conditional) {
        List<Expression> items = new ArrayList<>();
        boolean comma = false;
        do {
            if (comma && endsTuple()) {
                break;
            }
            items.add(conditional ? expression() : or());
            if (!tokens.seesOperator(",")) {
                break;
            }
            comma = true;
        } while (tokens.skipOperator(","));
        return comma ? new Expression.TupleOf(items) : items.getFirst();
    }

    private boolean endsTuple() {
        return tokens.sees(OUTPUT_END) || tokens.sees(BLOCK_END) || tokens.seesOperator(")");
    }

    /** Reads one expression. */
    Expression expression() {
        tokens.enter();
        try {
            Expression result = or();
            while (tokens.skipName("if")) {
                Expression condition = or();
                Expression otherwise = tokens.skipName("else") ? expression() : MISSING;
                result = new Expression.Conditional(condition, result, otherwise);
            }
            return result;
        } finally {
            tokens.leave();
        }
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        tokens.enter();
        try {
            return new Expression.Not(not());
        } finally {
            tokens.leave();
        }
    }

    private Expression comparison() {
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> rest = new ArrayList<>();
        while (true) {
            if (tokens.sees(Token.Kind.OPERATOR)
                    && COMPARISONS.contains(tokens.peek().text())) {
                operators.add(tokens.next().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (tokens.seesName("not") && tokens.seesSecond(NAME, "in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expression.Comparison(first, operators, rest);
            }
            rest.add(sum());
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.seesOperator("+") || tokens.seesOperator("-")) {
            left = new Expression.Binary(tokens.next().text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (tokens.skipOperator("~")) {
            left = new Expression.Binary("~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (tokens.seesOperator("*")
                || tokens.seesOperator("/")
                || tokens.seesOperator("//")
                || tokens.seesOperator("%")) {
            left = new Expression.Binary(tokens.next().text(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = unary(true);
        while (tokens.skipOperator("**")) {
            left = new Expression.Binary("**", left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean filtered) {
        tokens.enter();
        try {
            Expression result;
            if (tokens.skipOperator("-")) {
                result = new Expression.Negative(unary(false));
            } else if (tokens.skipOperator("+")) {
                result = new Expression.Positive(unary(false));
            } else {
                result = primary();
            }
            result = postfix(result);
            return filtered ? filters(result) : result;
        } finally {
            tokens.leave();
        }
    }

    private Expression primary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME -> named(token.text());
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.sees(STRING)) {
                    text.append(tokens.next().text());
                }
                yield new Expression.Literal(Value.of(text.toString()));
            }
            case INTEGER -> new Expression.Literal(new Value.Int(integer(token)));
            case FLOAT ->
                new Expression.Literal(
                        new Value.Real(Double.parseDouble(token.text().replace("_", ""))));
            case OPERATOR -> bracketed(token);
            default -> throw JinjaException.at(token.line(), "found " + token + " where an expression is expected");
        };
    }

    private static Expression named(String name) {
        return switch (name) {
            case "true", "True" -> new Expression.Literal(Value.Bool.TRUE);
            case "false", "False" -> new Expression.Literal(Value.Bool.FALSE);
            case "none", "None" -> NOTHING;
            default -> new Expression.Name(name);
        };
    }

    private static long integer(Token token) {
        try {
            return Long.parseLong(token.text().replace("_", ""));
        } catch (NumberFormatException _) {
            throw JinjaException.at(token.line(), "integer " + token.text() + " has more than 64 bits");
        }
    }

    private Expression bracketed(Token open) {
        return switch (open.text()) {
            case "(" -> {
                if (tokens.skipOperator(")")) {
                    yield new Expression.TupleOf(List.of());
                }
                Expression inside = tuple();
                tokens.expectOperator(")");
                yield inside;
            }
            case "[" -> new Expression.ListOf(items("]"));
            case "{" -> dict();
            default -> throw JinjaException.at(open.line(), "found " + open + " where an expression is expected");
        };
    }

    private List<Expression> items(String end) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator(end)) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(end)) {
                    break;
                }
            }
            items.add(expression());
        }
        return items;
    }

    private Expression dict() {
        Map<Expression, Expression> entries = new LinkedHashMap<>();
        boolean first = true;
        while (!tokens.skipOperator("}")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("}")) {
                    break;
                }
            }
            first = false;
            Expression key = expression();
            tokens.expectOperator(":");
            entries.put(key, expression());
        }
        return new Expression.DictOf(entries);
    }

    private Expression postfix(Expression object) {
        Expression result = object;
        while (true) {
            if (tokens.skipOperator(".")) {
                Token name = tokens.next();
                result = switch (name.kind()) {
                    case NAME -> new Expression.Attribute(result, name.text());
                    case INTEGER -> new Expression.Item(result, new Expression.Literal(new Value.Int(integer(name))));
                    default -> throw JinjaException.at(name.line(), "found " + name + " where a name is expected");
                };
            } else if (tokens.skipOperator("[")) {
                result = subscript(result);
            } else if (tokens.seesOperator("(")) {
                result = new Expression.Call(result, arguments());
            } else {
                return result;
            }
        }
    }

    private Expression subscript(Expression object) {
        Expression from = tokens.seesOperator(":") ? NOTHING : expression();
        if (tokens.skipOperator("]")) {
            return new Expression.Item(object, from);
        }
        tokens.expectOperator(":");
        Expression to = tokens.seesOperator(":") || tokens.seesOperator("]") ? NOTHING : expression();
        Expression step = NOTHING;
        if (tokens.skipOperator(":") && !tokens.seesOperator("]")) {
            step = expression();
        }
        tokens.expectOperator("]");
        return new Expression.Slice(object, from, to, step);
    }

    private Expression.Passed arguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        boolean first = true;
        while (!tokens.skipOperator(")")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(")")) {
                    break;
                }
            }
            first = false;
            if (tokens.sees(NAME) && tokens.seesSecond(Token.Kind.OPERATOR, "=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expression());
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.unexpected("a named argument");
            }
        }
        return new Expression.Passed(positional, named);
    }

    /** Reads the filters and tests after an expression. */
    private Expression filters(Expression input) {
        Expression result = input;
        while (true) {
            if (tokens.skipOperator("|")) {
                result = filter(result);
            } else if (tokens.skipName("is")) {
                result = test(result);
            } else if (tokens.seesOperator("(")) {
                result = new Expression.Call(result, arguments());
            } else {
                return result;
            }
        }
    }

    /** Reads a filter's name and arguments. */
    Expression filter(Expression input) {
        String name = tokens.expect(NAME, "a filter's name").text();
        Expression.Passed arguments = tokens.seesOperator("(") ? arguments() : Expression.Passed.NONE;
        return new Expression.Filter(input, name, arguments);
    }

    private Expression test(Expression input) {
        boolean negated = tokens.skipName("not");
        String name = tokens.expect(NAME, "a test's name").text();
        Expression.Passed arguments = Expression.Passed.NONE;
        if (tokens.seesOperator("(")) {
            arguments = arguments();
        } else if (beginsArgument()) {
            arguments = new Expression.Passed(List.of(postfix(primary())), Map.of());
        }
        return new Expression.Test(input, name, arguments, negated);
    }

    private boolean beginsArgument() {
        return switch (tokens.peek().kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !NOT_AN_ARGUMENT.contains(tokens.peek().text());
            case OPERATOR -> tokens.seesOperator("[") || tokens.seesOperator("{");
            default -> false;
        };
    }
}

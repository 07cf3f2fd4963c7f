package dev.waterspout.engine.jinja;

import static dev.waterspout.engine.jinja.Token.Kind.BLOCK_END;
import static dev.waterspout.engine.jinja.Token.Kind.NAME;
import static dev.waterspout.engine.jinja.Token.Kind.OPERATOR;
import static dev.waterspout.engine.jinja.Token.Kind.OUTPUT_END;

import dev.waterspout.engine.jinja.Statement.Parameter;
import dev.waterspout.engine.jinja.Statement.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads the statements of a template. */
final class TemplateParser {
    private static final Expression ALWAYS = new Expression.Literal(Value.Bool.TRUE);

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int loops;

    private TemplateParser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    /**
     * Reads a template.
     *
     * @param source the template
     * @return its statements
     * @throws JinjaException if it is not well-formed or has a tag that chat templates do not use
     */
    static List<Statement> parse(String source) {
        return new TemplateParser(new TokenStream(Lexer.tokens(source))).body(Set.of());
    }

    /** Reads statements up to a tag with one of some names, whose name is then the next token; or to the end. */
    private List<Statement> body(Set<String> ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> statements.add(new Statement.Data(token.text()));
                case OUTPUT_BEGIN -> {
                    statements.add(new Statement.Output(expressions.tuple(), token.line()));
                    tokens.expect(OUTPUT_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    if (tokens.sees(NAME) && ends.contains(tokens.peek().text())) {
                        tokens.leave();
                        return statements;
                    }
                    statements.add(block(token.line()));
                }
                case END -> {
                    if (!ends.isEmpty()) {
                        throw JinjaException.at(token.line(), "a block does not end with one of " + sorted(ends));
                    }
                    tokens.leave();
                    return statements;
                }
                default -> throw new IllegalStateException(token.toString());
            }
        }
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    private Statement block(int line) {
        String name = tokens.expect(NAME, "a tag's name").text();
        return switch (name) {
            case "if" -> conditional(line);
            case "for" -> loop(line);
            case "set" -> assignment(line);
            case "macro" -> macro();
            case "filter" -> {
                Expression filters = filters(expressions.filter(Statement.BODY));
                tokens.expect(BLOCK_END, "'%}'");
                yield new Statement.FilterBlock(filters, block("endfilter"), line);
            }
            case "generation" -> {
                tokens.expect(BLOCK_END, "'%}'");
                yield new Statement.Group(block("endgeneration"));
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw JinjaException.at(line, "'" + name + "' is outside of a for block");
                }
                tokens.expect(BLOCK_END, "'%}'");
                yield name.equals("break") ? new Statement.Break() : new Statement.Continue();
            }
            default -> throw JinjaException.at(line, "tag '" + name + "' is not one that chat templates use");
        };
    }

    /** Reads a body and the tag that ends it. */
    private List<Statement> block(String end) {
        List<Statement> body = body(Set.of(end));
        tokens.expectName(end);
        tokens.expect(BLOCK_END, "'%}'");
        return body;
    }

    private Statement conditional(int line) {
        Expression condition = expressions.tuple();
        tokens.expect(BLOCK_END, "'%}'");
        List<Statement> then = body(Set.of("elif", "else", "endif"));
        Token next = tokens.next();
        if (next.text().equals("elif")) {
            tokens.enter();
            Statement rest = conditional(next.line());
            tokens.leave();
            return new Statement.If(condition, then, List.of(rest), line);
        }
        tokens.expect(BLOCK_END, "'%}'");
        List<Statement> otherwise = next.text().equals("else") ? block("endif") : List.of();
        return new Statement.If(condition, then, otherwise, line);
    }

    private Statement loop(int line) {
        Target target = target(false);
        tokens.expectName("in");
        Expression items = expressions.tupleWithoutConditional();
        Expression filter = tokens.skipName("if") ? expressions.expression() : ALWAYS;
        tokens.expect(BLOCK_END, "'%}'");
        loops++;
        List<Statement> body = body(Set.of("else", "endfor"));
        loops--;
        boolean hasElse = tokens.next().text().equals("else");
        tokens.expect(BLOCK_END, "'%}'");
        List<Statement> otherwise = hasElse ? block("endfor") : List.of();
        return new Statement.For(target, items, filter, body, otherwise, line);
    }

    private Statement assignment(int line) {
        Target target = target(true);
        if (tokens.skipOperator("=")) {
            Expression value = expressions.tuple();
            tokens.expect(BLOCK_END, "'%}'");
            return new Statement.Set(target, value, line);
        }
        Expression filters = filters(Statement.BODY);
        tokens.expect(BLOCK_END, "'%}'");
        return new Statement.SetBlock(target, filters, block("endset"), line);
    }

    private Expression filters(Expression input) {
        Expression result = input;
        while (tokens.skipOperator("|")) {
            result = expressions.filter(result);
        }
        return result;
    }

    private Target target(boolean members) {
        List<Target> targets = new ArrayList<>();
        boolean bracketed = tokens.skipOperator("(");
        boolean comma = false;
        do {
            String name = tokens.expect(NAME, "a variable's name").text();
            if (members && tokens.skipOperator(".")) {
                targets.add(new Target.Member(
                        name, tokens.expect(NAME, "an attribute's name").text()));
            } else {
                targets.add(new Target.Variable(name));
            }
            comma |= tokens.seesOperator(",");
        } while (tokens.skipOperator(",") && tokens.sees(NAME));
        if (bracketed) {
            tokens.expectOperator(")");
        }
        return comma ? new Target.Unpacked(targets) : targets.getFirst();
    }

    private Statement macro() {
        String name = tokens.expect(NAME, "a macro's name").text();
        tokens.expectOperator("(");
        List<Parameter> parameters = new ArrayList<>();
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            String parameter = tokens.expect(NAME, "a parameter's name").text();
            Expression otherwise = new Expression.Literal(new Value.Undefined("parameter '" + parameter + "'"));
            if (tokens.sees(OPERATOR) && tokens.skipOperator("=")) {
                otherwise = expressions.expression();
            }
            parameters.add(new Parameter(parameter, otherwise));
        }
        tokens.expect(BLOCK_END, "'%}'");
        int outer = loops;
        loops = 0;
        List<Statement> body = block("endmacro");
        loops = outer;
        return new Statement.Macro(name, parameters, body);
    }
}

package dev.waterspout.engine.jinja;

import java.util.List;

/** Reads tokens one after the other, and bounds how deep a template nests. */
final class TokenStream {
    /** Nested expressions and blocks; deeper ones are no chat template's, and would exhaust the stack. */
    private static final int MOST_LEVELS = 150;

    private final List<Token> tokens;
    private int at;
    private int level;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token next() {
        Token token = tokens.get(at);
        if (token.kind() != Token.Kind.END) {
            at++;
        }
        return token;
    }

    boolean sees(Token.Kind kind) {
        return peek().kind() == kind;
    }

    boolean seesOperator(String text) {
        return peek().is(Token.Kind.OPERATOR, text);
    }

    boolean seesName(String text) {
        return peek().is(Token.Kind.NAME, text);
    }

    /** {@return whether the token after the next is a name or an operator with a text} */
    boolean seesSecond(Token.Kind kind, String text) {
        return at + 1 < tokens.size() && tokens.get(at + 1).is(kind, text);
    }

    boolean skipOperator(String text) {
        boolean found = seesOperator(text);
        if (found) {
            at++;
        }
        return found;
    }

    boolean skipName(String text) {
        boolean found = seesName(text);
        if (found) {
            at++;
        }
        return found;
    }

    void expectOperator(String text) {
        if (!skipOperator(text)) {
            throw unexpected("'" + text + "'");
        }
    }

    void expectName(String text) {
        if (!skipName(text)) {
            throw unexpected("'" + text + "'");
        }
    }

    Token expect(Token.Kind kind, String what) {
        if (!sees(kind)) {
            throw unexpected(what);
        }
        return next();
    }

    JinjaException unexpected(String wanted) {
        return JinjaException.at(peek().line(), "found " + peek() + " where " + wanted + " is expected");
    }

    void enter() {
        if (++level > MOST_LEVELS) {
            throw JinjaException.at(peek().line(), "the template nests deeper than " + MOST_LEVELS + " levels");
        }
    }

    void leave() {
        level--;
    }
}

package dev.waterspout.engine.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into tokens, with the white space rules of {@code trim_blocks} and {@code lstrip_blocks}: a newline
 * after a block or a comment is removed, and so are blanks between the beginning of a line and a block or comment. A
 * {@code -} inside a tag removes all white space on its side, a {@code +} keeps it.
 */
final class Lexer {
    private static final Pattern TAG_BEGIN = Pattern.compile("\\{([{%#])([-+]?)");
    private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-?)%\\}");
    private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");
    private static final Pattern COMMENT_END = Pattern.compile("([-+]?)#\\}");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
    // Possessive groups are matched in a loop; other groups recurse once for each digit.
    private static final Pattern FLOAT =
            Pattern.compile("[0-9]++(?:_[0-9]++)*+(?:\\.[0-9]++(?:_[0-9]++)*+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)");
    private static final Pattern INTEGER = Pattern.compile("[0-9]++(?:_[0-9]++)*+");
    private static final Pattern STRING = Pattern.compile(
            "'([^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+)'|\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"", Pattern.DOTALL);
    private static final Pattern OPERATOR = Pattern.compile("//|\\*\\*|==|!=|<=|>=|[-+*/%~<>=()\\[\\]{}.,:|;]");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private boolean lineStarting = true;

    private Lexer(String source) {
        String text = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    /**
     * Splits a template.
     *
     * @param source the template
     * @return its tokens, {@link Token.Kind#END} last
     * @throws JinjaException if a tag, a comment or a string does not end, or a character belongs to no token
     */
    static List<Token> tokens(String source) {
        return new Lexer(source).run();
    }

    private List<Token> run() {
        Matcher tag = TAG_BEGIN.matcher(source);
        while (at < source.length()) {
            if (!tag.find(at)) {
                data(source.substring(at), "", true);
                advance(source.length());
                break;
            }
            String kind = tag.group(1);
            data(source.substring(at, tag.start()), tag.group(2), kind.equals("{"));
            Matcher raw = RAW_BEGIN.matcher(source).region(tag.start(), source.length());
            if (raw.lookingAt()) {
                advance(raw.end());
                raw(raw.group(1).equals("-"));
            } else if (kind.equals("#")) {
                advance(tag.end());
                comment();
            } else {
                add(kind.equals("{") ? Token.Kind.OUTPUT_BEGIN : Token.Kind.BLOCK_BEGIN, tag.group());
                advance(tag.end());
                inside(kind.equals("{") ? "}}" : "%}");
            }
        }
        add(Token.Kind.END, "");
        return tokens;
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text, line));
    }

    private void advance(int to) {
        for (int i = at; i < to; i++) {
            if (source.charAt(i) == '\n') {
                line++;
            }
        }
        if (to > at) {
            lineStarting = source.charAt(to - 1) == '\n';
        }
        at = to;
    }

    /** Adds text before a tag, without the white space that the tag removes. */
    private void data(String text, String sign, boolean output) {
        String kept = text;
        if (sign.equals("-")) {
            kept = text.stripTrailing();
        } else if (sign.isEmpty() && !output) {
            int lineStart = text.lastIndexOf('\n') + 1;
            if ((lineStart > 0 || lineStarting) && text.substring(lineStart).isBlank()) {
                kept = text.substring(0, lineStart);
            }
        }
        if (!kept.isEmpty()) {
            add(Token.Kind.DATA, kept);
        }
    }

    /** Removes the white space after a block or a comment. */
    private void afterTag(String sign) {
        if (sign.equals("-")) {
            skipSpace();
        } else if (sign.isEmpty() && at < source.length() && source.charAt(at) == '\n') {
            advance(at + 1);
        }
    }

    private void skipSpace() {
        Matcher space = SPACE.matcher(source).region(at, source.length());
        if (space.lookingAt()) {
            advance(space.end());
        }
    }

    private void raw(boolean strip) {
        if (strip) {
            skipSpace();
        }
        Matcher end = RAW_END.matcher(source);
        if (!end.find(at)) {
            throw JinjaException.at(line, "a raw block does not end");
        }
        data(source.substring(at, end.start()), end.group(1), false);
        advance(end.end());
        afterTag(end.group(2));
    }

    private void comment() {
        Matcher end = COMMENT_END.matcher(source);
        if (!end.find(at)) {
            throw JinjaException.at(line, "a comment does not end");
        }
        advance(end.end());
        afterTag(end.group(1));
    }

    /** Splits the content of a tag; an end within brackets does not count. */
    private void inside(String end) {
        int brackets = 0;
        while (true) {
            skipSpace();
            if (at >= source.length()) {
                throw JinjaException.at(line, "a tag does not end with " + end);
            }
            if (brackets == 0) {
                boolean signed = "-+".indexOf(source.charAt(at)) >= 0 && source.startsWith(end, at + 1);
                if (signed && !(source.charAt(at) == '+' && end.equals("}}"))) {
                    endTag(end, source.substring(at, at + 1));
                    return;
                }
                if (source.startsWith(end, at)) {
                    endTag(end, "");
                    return;
                }
            }
            brackets += token();
        }
    }

    private void endTag(String end, String sign) {
        boolean output = end.equals("}}");
        add(output ? Token.Kind.OUTPUT_END : Token.Kind.BLOCK_END, sign + end);
        advance(at + sign.length() + end.length());
        if (!output || sign.equals("-")) {
            afterTag(sign);
        }
    }

    /** Adds one token and returns the change of the number of open brackets. */
    private int token() {
        for (Token.Kind kind : List.of(Token.Kind.NAME, Token.Kind.FLOAT, Token.Kind.INTEGER, Token.Kind.STRING)) {
            Matcher matcher = pattern(kind).matcher(source).region(at, source.length());
            if (matcher.lookingAt()) {
                String text = matcher.group();
                add(kind, kind == Token.Kind.STRING ? unescape(text.substring(1, text.length() - 1)) : text);
                advance(matcher.end());
                return 0;
            }
        }
        Matcher operator = OPERATOR.matcher(source).region(at, source.length());
        if (!operator.lookingAt()) {
            char found = source.charAt(at);
            throw JinjaException.at(
                    line, found == '\'' || found == '"' ? "a string does not end" : "character '" + found + "'");
        }
        String text = operator.group();
        add(Token.Kind.OPERATOR, text);
        advance(operator.end());
        if ("([{".contains(text)) {
            return 1;
        }
        return ")]}".contains(text) ? -1 : 0;
    }

    private static Pattern pattern(Token.Kind kind) {
        return switch (kind) {
            case NAME -> NAME;
            case FLOAT -> FLOAT;
            case INTEGER -> INTEGER;
            case STRING -> STRING;
            default -> throw new IllegalArgumentException(kind.toString());
        };
    }

    /** Resolves the escapes of Python's string literals; a backslash before any other character stays. */
    private String unescape(String literal) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < literal.length(); i++) {
            char character = literal.charAt(i);
            if (character != '\\' || i + 1 == literal.length()) {
                text.append(character);
                continue;
            }
            char escape = literal.charAt(++i);
            int known = "nrtbfav0\\'\"".indexOf(escape);
            int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
            if (known >= 0) {
                text.append("\n\r\t\b\f\u0007\u000b\0\\'\"".charAt(known));
            } else if (digits > 0) {
                text.appendCodePoint(codePoint(literal, i + 1, digits));
                i += digits;
            } else if (escape != '\n') {
                text.append(character).append(escape);
            }
        }
        return text.toString();
    }

    private int codePoint(String literal, int from, int digits) {
        try {
            int value = Integer.parseInt(literal.substring(from, Math.min(from + digits, literal.length())), 16);
            if (from + digits <= literal.length() && Character.isValidCodePoint(value)) {
                return value;
            }
        } catch (NumberFormatException _) {
            // Not a number: reported below.
        }
        throw JinjaException.at(line, "an escape in a string is not followed by " + digits + " hexadecimal digits");
    }
}

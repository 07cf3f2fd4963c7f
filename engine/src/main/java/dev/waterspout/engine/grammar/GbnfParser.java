package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses grammars in GBNF, as llama.cpp defines it: rules {@code name ::= ...} of literals, character classes,
 * {@code .}, names, groups, {@code |} and the repetitions {@code * + ? {m} {m,} {m,n}}; comments begin with {@code #}.
 */
public final class GbnfParser {
    private static final int MOST_CHARACTERS = 200_000;
    private static final int MOST_DEPTH = 100;
    private static final int MOST_REPETITIONS = 10_000;

    private final String text;
    private final Map<String, Node> rules = new LinkedHashMap<>();
    private int at;

    private GbnfParser(String text) {
        this.text = text;
    }

    /**
     * Parses a grammar.
     *
     * @param text GBNF text with a rule {@value Grammar#ROOT}
     * @throws GrammarException if the text is malformed, with the line number, or the grammar cannot be compiled
     */
    public static Grammar parse(String text) {
        if (text.length() > MOST_CHARACTERS) {
            throw new GrammarException(
                    "the grammar has " + text.length() + " characters; at most " + MOST_CHARACTERS + " are allowed");
        }
        GbnfParser parser = new GbnfParser(text);
        parser.space(true);
        while (parser.at < text.length()) {
            parser.rule();
        }
        return Grammar.of(parser.rules);
    }

    private GrammarException wrong(String expected) {
        long line = 1
                + text.substring(0, Math.min(at, text.length()))
                        .chars()
                        .filter(c -> c == '\n')
                        .count();
        String found = at < text.length() ? shown(text.codePointAt(at)) : "its end";
        return new GrammarException(
                "the grammar has " + found + " in line " + line + " where " + expected + " is expected");
    }

    private static String shown(int character) {
        return Character.isISOControl(character) || Character.getType(character) == Character.SURROGATE
                ? String.format("U+%04X", character)
                : "'" + Character.toString(character) + "'";
    }

    private void rule() {
        String name = name();
        space(false);
        if (!text.startsWith("::=", at)) {
            throw wrong("::=");
        }
        at += 3;
        space(true);
        Node body = alternatives(0);
        if (rules.put(name, body) != null) {
            throw new GrammarException("the grammar has two rules named " + name);
        }
        if (at < text.length() && peek() != '\n' && peek() != '\r') {
            throw wrong("the end of the rule");
        }
        space(true);
    }

    private String name() {
        int from = at;
        while (at < text.length() && isName(text.charAt(at))) {
            at++;
        }
        if (from == at) {
            throw wrong("a rule's name");
        }
        return text.substring(from, at);
    }

    private static boolean isName(char character) {
        return character < 0x80 && (Character.isLetterOrDigit(character) || character == '-' || character == '_');
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void space(boolean lines) {
        while (at < text.length()) {
            char next = text.charAt(at);
            if (next == '#') {
                while (at < text.length() && peek() != '\n' && peek() != '\r') {
                    at++;
                }
            } else if (next == ' ' || next == '\t' || (lines && (next == '\n' || next == '\r'))) {
                at++;
            } else {
                return;
            }
        }
    }

    private Node alternatives(int depth) {
        if (depth > MOST_DEPTH) {
            throw new GrammarException("the grammar has more than " + MOST_DEPTH + " groups inside each other");
        }
        List<Node> parts = new ArrayList<>(List.of(sequence(depth)));
        while (peek() == '|') {
            at++;
            space(true);
            parts.add(sequence(depth));
        }
        return parts.size() == 1 ? parts.getFirst() : new Node.Choice(parts);
    }

    private Node sequence(int depth) {
        List<Node> parts = new ArrayList<>();
        boolean more = true;
        while (more) {
            char next = peek();
            if (next == '"') {
                parts.add(literal());
            } else if (next == '[') {
                parts.add(new Node.Characters(characterClass()));
            } else if (next == '.') {
                at++;
                parts.add(new Node.Characters(CharacterSet.ALL));
            } else if (next == '(') {
                at++;
                space(true);
                Node group = alternatives(depth + 1);
                if (peek() != ')') {
                    throw wrong("')'");
                }
                at++;
                parts.add(group);
            } else if (isName(next)) {
                parts.add(new Node.Reference(name()));
            } else {
                more = false;
            }
            if (more) {
                parts.add(repeated(parts.removeLast()));
                space(depth > 0);
            }
        }
        return parts.size() == 1 ? parts.getFirst() : new Node.Sequence(parts);
    }

    private Node repeated(Node part) {
        Node repeated = part;
        boolean more = true;
        while (more) {
            space(false);
            switch (peek()) {
                case '*' -> repeated = new Node.Repeat(repeated, 0, -1);
                case '+' -> repeated = new Node.Repeat(repeated, 1, -1);
                case '?' -> repeated = new Node.Repeat(repeated, 0, 1);
                case '{' -> repeated = counted(repeated);
                default -> more = false;
            }
            at += more ? 1 : 0;
        }
        return repeated;
    }

    private Node counted(Node part) {
        at++;
        space(false);
        int least = number();
        int most = least;
        space(false);
        if (peek() == ',') {
            at++;
            space(false);
            most = Character.isDigit(peek()) ? number() : -1;
            space(false);
        }
        if (peek() != '}') {
            throw wrong("'}'");
        }
        return new Node.Repeat(part, least, most);
    }

    private int number() {
        int from = at;
        while (at < text.length() && peek() >= '0' && peek() <= '9' && at - from < 6) {
            at++;
        }
        if (from == at) {
            throw wrong("a number");
        }
        int number = Integer.parseInt(text.substring(from, at));
        if (number > MOST_REPETITIONS) {
            throw new GrammarException(
                    "the grammar repeats a part " + number + " times; at most " + MOST_REPETITIONS + " are allowed");
        }
        return number;
    }

    private Node literal() {
        at++;
        StringBuilder literal = new StringBuilder();
        while (peek() != '"') {
            literal.appendCodePoint(character());
        }
        at++;
        return Node.text(literal.toString());
    }

    private CharacterSet characterClass() {
        at++;
        boolean negated = peek() == '^';
        at += negated ? 1 : 0;
        List<CharacterSet.Range> ranges = new ArrayList<>();
        while (peek() != ']') {
            int first = character();
            int last = first;
            if (peek() == '-' && at + 1 < text.length() && text.charAt(at + 1) != ']') {
                at++;
                last = character();
            }
            if (last < first) {
                throw wrong("a range whose last character is not before its first");
            }
            ranges.add(new CharacterSet.Range(first, last));
        }
        at++;
        CharacterSet set = new CharacterSet(ranges);
        return negated ? set.not() : set;
    }

    private int character() {
        if (at >= text.length()) {
            throw wrong("a character");
        }
        int character = text.codePointAt(at);
        at += Character.charCount(character);
        if (character != '\\') {
            return character;
        }
        char escaped = peek();
        at++;
        return switch (escaped) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'x' -> hex(2);
            case 'u' -> hex(4);
            case 'U' -> hex(8);
            case '\\', '"', '[', ']', '-', '^' -> escaped;
            default -> {
                at--;
                throw wrong("one of n r t x u U \\ \" [ ] - ^");
            }
        };
    }

    private int hex(int digits) {
        if (at + digits > text.length()
                || !text.substring(at, at + digits).matches("[0-9A-Fa-f]+")
                || Long.parseLong(text.substring(at, at + digits), 16) > Character.MAX_CODE_POINT) {
            throw wrong("a character in " + digits + " hexadecimal digits");
        }
        int character = Integer.parseInt(text.substring(at, at + digits), 16);
        at += digits;
        return character;
    }
}

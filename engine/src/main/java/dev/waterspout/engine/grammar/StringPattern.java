package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Compiles the regular expressions of schemas to grammars of the content of JSON strings. Supported are literals,
 * {@code .}, character classes, {@code \d \w \s} and their complements, groups, {@code |}, and the repetitions
 * {@code * + ? {m} {m,} {m,n}}. {@code ^} is allowed at the beginning only, and {@code $} at the end only.
 */
final class StringPattern {
    private static final CharacterSet DIGITS = CharacterSet.of('0', '9');
    private static final CharacterSet WORDS =
            CharacterSet.of('a', 'z').or(CharacterSet.of('A', 'Z')).or(DIGITS).or(CharacterSet.of("_"));
    private static final CharacterSet SPACES = CharacterSet.of(" \t\n\r\f\u000b\u00a0");
    private static final int MOST_DEPTH = 50;
    private static final int MOST_CHARACTERS = 10_000;

    private final String pattern;
    private int at;

    private StringPattern(String pattern) {
        this.pattern = pattern;
    }

    /**
     * Compiles a pattern.
     *
     * @return the strings that contain a match, as they are written between the quotes of a JSON string
     * @throws GrammarException if the pattern is malformed, or uses an unsupported construct
     */
    static Node parse(String pattern) {
        if (pattern.length() > MOST_CHARACTERS) {
            throw new GrammarException(
                    "a pattern has " + pattern.length() + " characters; at most " + MOST_CHARACTERS + " are allowed");
        }
        StringPattern parser = new StringPattern(pattern);
        boolean begins = pattern.startsWith("^");
        parser.at = begins ? 1 : 0;
        Node body = parser.alternatives(0);
        boolean ends = parser.at == pattern.length() - 1 && pattern.charAt(parser.at) == '$';
        if (parser.at < pattern.length() && !ends) {
            throw parser.wrong();
        }
        Node anything = Node.any(Node.rule(JsonRules.CHARACTER));
        return Node.sequence(begins ? Node.EMPTY : anything, body, ends ? Node.EMPTY : anything);
    }

    private GrammarException wrong() {
        return new GrammarException("pattern " + pattern + " is not supported from its character " + (at + 1)
                + " on; literals, classes, groups, |, * + ? and {m,n} are allowed");
    }

    private char peek() {
        return at < pattern.length() ? pattern.charAt(at) : 0;
    }

    private Node alternatives(int depth) {
        if (depth > MOST_DEPTH) {
            throw wrong();
        }
        List<Node> parts = new ArrayList<>(List.of(sequence(depth)));
        while (peek() == '|') {
            at++;
            parts.add(sequence(depth));
        }
        return new Node.Choice(parts);
    }

    private Node sequence(int depth) {
        List<Node> parts = new ArrayList<>();
        while (at < pattern.length() && "|)$".indexOf(peek()) < 0) {
            parts.add(repeated(atom(depth)));
        }
        return new Node.Sequence(parts);
    }

    private Node atom(int depth) {
        char next = peek();
        if (next == '(') {
            at++;
            if (pattern.startsWith("?:", at)) {
                at += 2;
            } else if (peek() == '?') {
                throw wrong();
            }
            Node group = alternatives(depth + 1);
            if (peek() != ')') {
                throw wrong();
            }
            at++;
            return group;
        }
        if (next == '[') {
            return inString(characterClass());
        }
        if (next == '.') {
            at++;
            return inString(CharacterSet.of("\n\r").not());
        }
        if ("*+?{}^]".indexOf(next) >= 0) {
            throw wrong();
        }
        return inString(character());
    }

    private Node repeated(Node part) {
        Node repeated = part;
        boolean quantified = true;
        switch (peek()) {
            case '*' -> repeated = new Node.Repeat(part, 0, -1);
            case '+' -> repeated = new Node.Repeat(part, 1, -1);
            case '?' -> repeated = new Node.Repeat(part, 0, 1);
            case '{' -> {
                int end = pattern.indexOf('}', at);
                String counts = end < 0 ? "" : pattern.substring(at + 1, end);
                if (!counts.matches("\\d{1,4}(,\\d{0,4})?")) {
                    throw wrong();
                }
                int comma = counts.indexOf(',');
                int least = Integer.parseInt(comma < 0 ? counts : counts.substring(0, comma));
                int most = comma < 0
                        ? least
                        : comma == counts.length() - 1 ? -1 : Integer.parseInt(counts.substring(comma + 1));
                repeated = new Node.Repeat(part, least, most);
                at = end;
            }
            default -> quantified = false;
        }
        if (quantified) {
            at++;
            // A lazy quantifier matches the same texts as a greedy one.
            at += peek() == '?' ? 1 : 0;
        }
        return repeated;
    }

    private CharacterSet characterClass() {
        at++;
        boolean negated = peek() == '^';
        at += negated ? 1 : 0;
        List<CharacterSet.Range> ranges = new ArrayList<>();
        while (peek() != ']') {
            if (at >= pattern.length()) {
                throw wrong();
            }
            CharacterSet first = character();
            boolean range = peek() == '-' && at + 1 < pattern.length() && pattern.charAt(at + 1) != ']';
            if (range && single(first)) {
                at++;
                CharacterSet last = character();
                int from = first.ranges().getFirst().first();
                int to = single(last) ? last.ranges().getFirst().first() : -1;
                if (to < from) {
                    throw wrong();
                }
                first = CharacterSet.of(from, to);
            }
            ranges.addAll(first.ranges());
        }
        at++;
        CharacterSet set = new CharacterSet(ranges);
        return negated ? set.not() : set;
    }

    private static boolean single(CharacterSet set) {
        return set.ranges().size() == 1
                && set.ranges().getFirst().first() == set.ranges().getFirst().last();
    }

    /** Reads a character, or an escape of a character or a class. */
    private CharacterSet character() {
        int character = pattern.codePointAt(at);
        at += Character.charCount(character);
        if (character != '\\') {
            return CharacterSet.of(character, character);
        }
        char escaped = peek();
        at++;
        return switch (escaped) {
            case 'd' -> DIGITS;
            case 'D' -> DIGITS.not();
            case 'w' -> WORDS;
            case 'W' -> WORDS.not();
            case 's' -> SPACES;
            case 'S' -> SPACES.not();
            case 'n' -> CharacterSet.of("\n");
            case 'r' -> CharacterSet.of("\r");
            case 't' -> CharacterSet.of("\t");
            case 'u' -> {
                if (at + 4 > pattern.length() || !pattern.substring(at, at + 4).matches("[0-9A-Fa-f]{4}")) {
                    throw wrong();
                }
                int value = Integer.parseInt(pattern.substring(at, at + 4), 16);
                at += 4;
                yield CharacterSet.of(value, value);
            }
            default -> {
                if (Character.isLetterOrDigit(escaped) || escaped == 0) {
                    at--;
                    throw wrong();
                }
                yield CharacterSet.of(escaped, escaped);
            }
        };
    }

    /** Returns the characters as they are written in a JSON string, some of them escaped. */
    private Node inString(CharacterSet set) {
        List<Node> choices = new ArrayList<>();
        CharacterSet plain = set.minus(JsonRules.PLAIN.not());
        if (!plain.isEmpty()) {
            choices.add(new Node.Characters(plain));
        }
        String written = "\"\\\n\r\t\b\f";
        String letters = "\"\\nrtbf";
        for (int i = 0; i < written.length(); i++) {
            if (set.has(written.charAt(i))) {
                choices.add(Node.text("\\" + letters.charAt(i)));
            }
        }
        if (choices.isEmpty()) {
            throw wrong();
        }
        return new Node.Choice(choices);
    }
}

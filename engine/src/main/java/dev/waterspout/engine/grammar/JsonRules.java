package dev.waterspout.engine.grammar;

import static dev.waterspout.engine.grammar.Node.any;
import static dev.waterspout.engine.grammar.Node.choice;
import static dev.waterspout.engine.grammar.Node.optional;
import static dev.waterspout.engine.grammar.Node.rule;
import static dev.waterspout.engine.grammar.Node.sequence;
import static dev.waterspout.engine.grammar.Node.text;

import java.util.Map;

/**
 * The grammar of JSON (RFC 8259), with bounded white space: none, one space, or a line feed and at most 20 spaces. The
 * bound keeps a model from generating white space without end.
 */
final class JsonRules {
    static final String SPACE = "space";
    static final String VALUE = "json-value";
    static final String OBJECT = "json-object";
    static final String ARRAY = "json-array";
    static final String STRING = "json-string";
    static final String CHARACTER = "json-character";
    static final String NUMBER = "json-number";
    static final String INTEGER = "json-integer";
    private static final String MEMBER = "json-member";
    private static final int MOST_BLANKS = 20;

    /** Limit on the digits of a number; a double holds no more. */
    private static final int MOST_DIGITS = 17;

    /** Limit on the digits of an exponent, with which every number is a finite double. */
    private static final int MOST_EXPONENT_DIGITS = 2;

    /** Characters that need no escape in a string. */
    static final CharacterSet PLAIN =
            CharacterSet.of(0x20, 0x10ffff).minus(CharacterSet.of("\"\\").or(CharacterSet.of(0x7f, 0x7f)));

    private JsonRules() {}

    /** Returns a sequence of digits whose length is within a range. */
    static Node digits(int least, int most) {
        return new Node.Repeat(new Node.Characters(CharacterSet.of('0', '9')), least, most);
    }

    /** Adds the rules of JSON. */
    static void addTo(Map<String, Node> rules) {
        Node space = rule(SPACE);
        rules.put(
                SPACE, choice(Node.EMPTY, text(" "), sequence(text("\n"), new Node.Repeat(text(" "), 0, MOST_BLANKS))));
        rules.put(
                CHARACTER,
                choice(
                        new Node.Characters(PLAIN),
                        sequence(text("\\"), new Node.Characters(CharacterSet.of("\"\\/bfnrt"))),
                        sequence(text("\\u"), new Node.Repeat(hex(), 4, 4))));
        rules.put(STRING, sequence(text("\""), any(rule(CHARACTER)), text("\"")));
        rules.put(INTEGER, sequence(optional(text("-")), whole()));
        rules.put(NUMBER, number(optional(text("-"))));
        rules.put(MEMBER, sequence(rule(STRING), space, text(":"), space, rule(VALUE)));
        rules.put(OBJECT, list("{", rule(MEMBER), "}"));
        rules.put(ARRAY, list("[", rule(VALUE), "]"));
        rules.put(
                VALUE,
                choice(
                        rule(OBJECT),
                        rule(ARRAY),
                        rule(STRING),
                        rule(NUMBER),
                        text("true"),
                        text("false"),
                        text("null")));
    }

    private static Node whole() {
        return choice(text("0"), sequence(new Node.Characters(CharacterSet.of('1', '9')), digits(0, MOST_DIGITS - 1)));
    }

    /** Returns numbers that begin with a given sign. */
    static Node number(Node sign) {
        Node exponent = sequence(
                new Node.Characters(CharacterSet.of("eE")),
                optional(new Node.Characters(CharacterSet.of("+-"))),
                digits(1, MOST_EXPONENT_DIGITS));
        return sequence(sign, whole(), optional(sequence(text("."), digits(1, MOST_DIGITS))), optional(exponent));
    }

    private static Node hex() {
        return new Node.Characters(
                CharacterSet.of('0', '9').or(CharacterSet.of('a', 'f')).or(CharacterSet.of('A', 'F')));
    }

    private static Node list(String open, Node item, String close) {
        return sequence(
                text(open),
                rule(SPACE),
                optional(sequence(item, any(sequence(comma(), item)), rule(SPACE))),
                text(close));
    }

    /** Returns a comma with the white space around it. */
    static Node comma() {
        return sequence(rule(SPACE), text(","), rule(SPACE));
    }
}

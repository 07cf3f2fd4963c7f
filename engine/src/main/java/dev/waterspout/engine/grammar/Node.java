package dev.waterspout.engine.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A part of a grammar. */
public sealed interface Node {
    /** The empty text. */
    Node EMPTY = new Sequence(List.of());

    /** These bytes. */
    record Bytes(List<Byte> bytes) implements Node {
        /** Copies the list. */
        public Bytes {
            bytes = List.copyOf(bytes);
        }
    }

    /** One character of a set. */
    record Characters(CharacterSet set) implements Node {}

    /** All parts, in order. */
    record Sequence(List<Node> parts) implements Node {
        /** Copies the list. */
        public Sequence {
            parts = List.copyOf(parts);
        }
    }

    /** One of the parts. */
    record Choice(List<Node> parts) implements Node {
        /** Copies the list. */
        public Choice {
            parts = List.copyOf(parts);
        }
    }

    /** A part several times; {@code most} is -1 where there is no limit. */
    record Repeat(Node part, int least, int most) implements Node {
        /** Checks the range. */
        public Repeat {
            if (least < 0 || (most >= 0 && most < least)) {
                throw new GrammarException("repetition {" + least + "," + most + "}; the second number is at least the"
                        + " first, and both are 0 or more");
            }
        }
    }

    /** What a rule says. */
    record Reference(String rule) implements Node {}

    /** Returns a text. */
    static Node text(String text) {
        List<Byte> bytes = new ArrayList<>();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(each);
        }
        return new Bytes(bytes);
    }

    /** Returns parts in order. */
    static Node sequence(Node... parts) {
        return new Sequence(List.of(parts));
    }

    /** Returns one of some parts. */
    static Node choice(Node... parts) {
        return new Choice(List.of(parts));
    }

    /** Returns a part or nothing. */
    static Node optional(Node part) {
        return new Repeat(part, 0, 1);
    }

    /** Returns a part any number of times. */
    static Node any(Node part) {
        return new Repeat(part, 0, -1);
    }

    /** Returns a rule's text. */
    static Node rule(String name) {
        return new Reference(name);
    }
}

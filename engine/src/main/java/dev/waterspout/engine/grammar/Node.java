package dev.waterspout.engine.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An expression of a grammar. */
public sealed interface Node {
    /** The empty text. */
    Node EMPTY = new Sequence(List.of());

    /** A literal, in UTF-8. */
    record Bytes(List<Byte> bytes) implements Node {
        /** Copies the list. */
        public Bytes {
            bytes = List.copyOf(bytes);
        }
    }

    /** One character of a set. */
    record Characters(CharacterSet set) implements Node {}

    /** Parts one after the other. */
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

    /** A repetition; {@code most} is -1 for no limit. */
    record Repeat(Node part, int least, int most) implements Node {
        /** Checks the range. */
        public Repeat {
            if (least < 0 || (most >= 0 && most < least)) {
                throw new GrammarException("repetition {" + least + "," + most + "}; both numbers must be at least 0,"
                        + " and the second at least the first");
            }
        }
    }

    /** A text of another rule. */
    record Reference(String rule) implements Node {}

    /** Returns a literal. */
    static Node text(String text) {
        List<Byte> bytes = new ArrayList<>();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(each);
        }
        return new Bytes(bytes);
    }

    /** Returns a sequence. */
    static Node sequence(Node... parts) {
        return new Sequence(List.of(parts));
    }

    /** Returns a choice. */
    static Node choice(Node... parts) {
        return new Choice(List.of(parts));
    }

    /** Returns an optional part. */
    static Node optional(Node part) {
        return new Repeat(part, 0, 1);
    }

    /** Returns a part repeated any number of times, including none. */
    static Node any(Node part) {
        return new Repeat(part, 0, -1);
    }

    /** Returns a reference to a rule. */
    static Node rule(String name) {
        return new Reference(name);
    }
}

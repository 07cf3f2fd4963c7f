package dev.waterspout.engine.grammar;

import static dev.waterspout.engine.grammar.Node.rule;
import static dev.waterspout.engine.grammar.Node.sequence;
import static dev.waterspout.engine.grammar.Node.text;

import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Grammars of the objects that a schema allows. */
final class JsonObjects {
    /** Limit on the characters of a property's name in a schema that allows additional properties. */
    private static final int MOST_NAME = 500;

    private JsonObjects() {}

    /**
     * A property.
     *
     * @param name name of the property
     * @param value rule of its value
     * @param required whether it must be present
     */
    record Member(String name, Node value, boolean required) {}

    /**
     * Returns the grammar of objects with some members.
     *
     * @param members members in their order of appearance
     * @param others grammar of the values of additional properties; empty if none are allowed
     * @param define turns a part into a rule, so that a part that is used twice is compiled once
     */
    static Node of(List<Member> members, Optional<Node> others, UnaryOperator<Node> define) {
        Node rest = Node.EMPTY;
        Node first = Node.EMPTY;
        if (others.isPresent()) {
            Node key = define.apply(otherKeys(members.stream().map(Member::name).toList()));
            Node other = define.apply(pair(key, others.get()));
            rest = define.apply(Node.any(sequence(JsonRules.comma(), other)));
            first = Node.optional(sequence(other, rest));
        }
        // Built from the last member to the first: 'rest' follows another member, 'first' does not.
        for (int i = members.size() - 1; i >= 0; i--) {
            Member member = members.get(i);
            Node pair = define.apply(pair(text(PlainJson.text(member.name())), member.value()));
            Node after = sequence(JsonRules.comma(), pair, rest);
            Node begin = sequence(pair, rest);
            first = define.apply(member.required() ? begin : Node.choice(begin, first));
            rest = define.apply(member.required() ? after : Node.choice(after, rest));
        }
        return sequence(text("{"), rule(JsonRules.SPACE), first, rule(JsonRules.SPACE), text("}"));
    }

    private static Node pair(Node key, Node value) {
        return sequence(key, rule(JsonRules.SPACE), text(":"), rule(JsonRules.SPACE), value);
    }

    /** A trie of names. */
    private static final class Names {
        private final TreeMap<Integer, Names> next = new TreeMap<>();
        private boolean ends;

        private void add(String name) {
            Names at = this;
            for (int character : name.codePoints().toArray()) {
                at = at.next.computeIfAbsent(character, _ -> new Names());
            }
            at.ends = true;
        }
    }

    /** Returns the strings that are not among some names and contain no escaped character. */
    private static Node otherKeys(List<String> names) {
        Names tree = new Names();
        for (String name : names) {
            if (name.length() > MOST_NAME) {
                throw new GrammarException("a property's name has " + name.length()
                        + " characters; with additionalProperties at most " + MOST_NAME + " are allowed");
            }
            tree.add(name);
        }
        return sequence(text("\""), others(tree), text("\""));
    }

    private static Node others(Names tree) {
        List<Node> choices = new ArrayList<>();
        List<CharacterSet.Range> known = new ArrayList<>();
        for (var entry : tree.next.entrySet()) {
            known.add(new CharacterSet.Range(entry.getKey(), entry.getKey()));
            @Nullable
            Node character = JsonRules.PLAIN.has(entry.getKey())
                    ? new Node.Characters(CharacterSet.of(entry.getKey(), entry.getKey()))
                    : null;
            if (character != null) {
                choices.add(sequence(character, others(entry.getValue())));
            }
        }
        choices.add(sequence(
                new Node.Characters(JsonRules.PLAIN.minus(new CharacterSet(known))),
                Node.any(new Node.Characters(JsonRules.PLAIN))));
        if (!tree.ends) {
            choices.add(Node.EMPTY);
        }
        return new Node.Choice(choices);
    }
}

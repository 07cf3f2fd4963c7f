package dev.waterspout.engine.api;

import dev.waterspout.engine.chat.ToolFormat;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.grammar.JsonSchemaGrammar;
import dev.waterspout.engine.grammar.Node;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Grammars of tool calls, whose names are those of tools and whose arguments satisfy the schemas. */
public final class ToolGrammar {
    /** Largest number of calls in one reply. */
    private static final int MOST_CALLS = 8;

    private final ToolFormat format;
    private final GrammarVocabulary vocabulary;
    private final Map<String, Node> rules = new LinkedHashMap<>();
    private final Node call;

    /**
     * @param format syntax of tool calls
     * @param tools descriptions with {@code function.name} and {@code function.parameters}, at least one
     * @param vocabulary vocabulary of the model
     * @throws GrammarException if calls of this format cannot be expressed as a grammar, or neither can the schema of
     *     a tool with {@code strict}
     */
    public ToolGrammar(ToolFormat format, List<? extends Map<String, ?>> tools, GrammarVocabulary vocabulary) {
        this.format = format;
        this.vocabulary = vocabulary;
        List<Node> calls = new ArrayList<>();
        for (Map<String, ?> tool : tools) {
            if (tool.get("function") instanceof Map<?, ?> function) {
                calls.add(call(function, "tool" + calls.size()));
            }
        }
        rules.put("call", new Node.Choice(calls));
        this.call = Node.rule("call");
    }

    private Node call(Map<?, ?> function, String prefix) {
        Node name = Node.text(String.valueOf(function.get("name")));
        Node quoted = Node.text(PlainJson.text(function.get("name")));
        Node arguments = arguments(function, prefix);
        return switch (format.shape()) {
            case ToolFormat.Single(String nameKey, String argumentsKey) ->
                object(nameKey, quoted, argumentsKey, arguments);
            case ToolFormat.Listed(String nameKey, String argumentsKey) ->
                object(nameKey, quoted, argumentsKey, arguments);
            case ToolFormat.Named(String separator) -> Node.sequence(name, vocabulary.marker(separator), arguments);
            case ToolFormat.Elements _ ->
                throw new GrammarException("calls of tools cannot be enforced for this model, whose calls are no JSON");
        };
    }

    private static Node object(String nameKey, Node name, String argumentsKey, Node arguments) {
        return Node.sequence(
                Node.text("{\"" + nameKey + "\": "),
                name,
                Node.text(", \"" + argumentsKey + "\": "),
                arguments,
                Node.text("}"));
    }

    private Node arguments(Map<?, ?> function, String prefix) {
        @Nullable Object schema = function.get("parameters");
        Object found = schema == null ? Map.of("type", "object") : schema;
        try {
            return JsonSchemaGrammar.addTo(rules, found, prefix);
        } catch (GrammarException inexpressible) {
            if (Boolean.TRUE.equals(function.get("strict"))) {
                throw new GrammarException(
                        "the parameters of tool " + function.get("name") + ": " + inexpressible.getMessage());
            }
            return JsonSchemaGrammar.addTo(rules, Map.of("type", "object"), prefix + "any");
        }
    }

    /** The rule of the text after the beginning of a call, or of a list of calls. */
    private Node rest(boolean several) {
        Node close = vocabulary.marker(format.close());
        Node space = Node.optional(new Node.Choice(List.of(Node.text(" "), Node.text("\n"))));
        return switch (format.shape()) {
            case ToolFormat.Listed _ ->
                Node.sequence(
                        space,
                        Node.text("["),
                        call,
                        new Node.Repeat(Node.sequence(Node.text(", "), call), 0, several ? MOST_CALLS - 1 : 0),
                        Node.text("]"),
                        space,
                        close);
            case ToolFormat.Single _ -> Node.sequence(space, call, space, close);
            case ToolFormat.Named _, ToolFormat.Elements _ -> Node.sequence(call, close);
        };
    }

    /**
     * Returns the grammar of a reply that consists of one call or several.
     *
     * @param several whether several calls are allowed
     * @param otherwise rule of a reply without a call; null where a call is required
     */
    public Grammar required(boolean several, @Nullable Node otherwise) {
        Node begin = format.kept() ? Node.EMPTY : vocabulary.marker(format.begin());
        Node one = Node.sequence(begin, rest(several));
        boolean repeats = several && !(format.shape() instanceof ToolFormat.Listed);
        Node more = Node.sequence(Node.optional(Node.text("\n")), one);
        Node calls = Node.sequence(one, new Node.Repeat(more, 0, repeats ? MOST_CALLS - 1 : 0));
        Map<String, Node> all = new LinkedHashMap<>(rules);
        all.put(Grammar.ROOT, otherwise == null ? calls : Node.choice(calls, otherwise));
        return Grammar.of(all);
    }

    /** Returns the grammar of the text after the beginning of a call, if calls are optional. */
    public Grammar afterBegin() {
        Map<String, Node> all = new LinkedHashMap<>(rules);
        all.put(Grammar.ROOT, rest(true));
        return Grammar.of(all);
    }

    /** Returns the rules, to which rules can be added. */
    public Map<String, Node> rules() {
        return rules;
    }
}

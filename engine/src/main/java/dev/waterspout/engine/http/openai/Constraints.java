package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.ToolGrammar;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.chat.ReplyFormat;
import dev.waterspout.engine.chat.ReplyFormat.Section;
import dev.waterspout.engine.chat.ToolFormat;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.GbnfParser;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.grammar.JsonSchemaGrammar;
import dev.waterspout.engine.grammar.Node;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a reply may consist of, as a request says it: a format, a grammar, tools that must be called. */
final class Constraints {
    private Constraints() {}

    /**
     * What a request says of its reply's form.
     *
     * @param schema of JSON; empty where there is none
     * @param grammar GBNF; empty where there is none
     * @param schemaField what the schema is called in messages
     */
    record Form(Optional<Object> schema, Optional<String> grammar, String schemaField) {}

    /** Reads {@code response_format} and {@code grammar}. */
    static Form form(Fields fields) {
        Optional<String> grammar = fields.text("grammar").filter(text -> !text.isBlank());
        Optional<Fields> format = fields.object("response_format");
        Optional<Object> schema = format.flatMap(given -> switch (given.requiredText("type")) {
            case "text" -> Optional.empty();
            case "json_object" -> Optional.of(given.any("schema").orElse(Map.of("type", "object")));
            case "json_schema" -> {
                Fields named = given.object("json_schema").orElseThrow(() -> given.missing("json_schema"));
                yield Optional.of(named.any("schema").orElseThrow(() -> named.missing("schema")));
            }
            default -> throw unknown(given);
        });
        if (grammar.isPresent() && schema.isPresent()) {
            throw ApiException.field("grammar", "both grammar and response_format are given; one of them is allowed");
        }
        return new Form(schema, grammar, "response_format");
    }

    /** Reads {@code text.format} of responses. */
    static Form responseForm(Fields fields) {
        Optional<Object> schema = fields.object("text")
                .flatMap(text -> text.object("format"))
                .flatMap(given -> switch (given.requiredText("type")) {
                    case "text" -> Optional.empty();
                    case "json_object" -> Optional.of((Object) Map.of("type", "object"));
                    case "json_schema" -> Optional.of(given.any("schema").orElseThrow(() -> given.missing("schema")));
                    default -> throw unknown(given);
                });
        return new Form(schema, Optional.empty(), "text.format.schema");
    }

    private static ApiException unknown(Fields format) {
        return ApiException.field(
                format.path("type"),
                format.path("type") + " is '" + format.requiredText("type")
                        + "'; text, json_object and json_schema are allowed");
    }

    /** Returns what makes the constraint of each reply to a prompt that is continued. */
    static Supplier<TokenConstraint> of(Form form, ServedModel served) {
        LanguageModel model = served.model();
        return grammar(form)
                .<Supplier<TokenConstraint>>map(grammar -> () -> model.constraint(grammar))
                .orElse(served.usual().constraint());
    }

    /**
     * Returns what makes the constraint of each reply to a conversation.
     *
     * @param tools that may be called
     * @param prompt the conversation
     */
    static Supplier<TokenConstraint> of(Form form, Tools tools, ChatPrompt prompt, ServedModel served) {
        LanguageModel model = served.model();
        Optional<Grammar> whole;
        if (tools.callable().isEmpty()) {
            whole = grammar(form);
        } else {
            ToolFormat format = served.requiredTemplate().toolFormat();
            if (!tools.required() && form.schema().isEmpty() && form.grammar().isEmpty()) {
                return auto(format, tools, served);
            }
            whole = Optional.of(calls(form, format, tools, model));
        }
        if (whole.isEmpty()) {
            return served.usual().constraint();
        }
        Grammar grammar = whole.get();
        // Where the template has opened the reasoning, the grammar holds from its end.
        Optional<String> reasoningEnd =
                prompt.section() == Section.REASONING ? reasoningEnd(prompt.format()) : Optional.empty();
        return reasoningEnd.isPresent()
                ? () -> model.constraintAfter(reasoningEnd.get(), grammar, false)
                : () -> model.constraint(grammar);
    }

    private static Optional<String> reasoningEnd(ReplyFormat format) {
        return format.markers().stream()
                .filter(marker ->
                        marker.next() == Section.TEXT && marker.within().contains(Section.REASONING))
                .map(ReplyFormat.Marker::text)
                .findFirst();
    }

    private static Optional<Grammar> grammar(Form form) {
        try {
            if (form.grammar().isPresent()) {
                return form.grammar().map(GbnfParser::parse);
            }
            return form.schema().map(JsonSchemaGrammar::of);
        } catch (GrammarException malformed) {
            throw ApiException.field(
                    form.grammar().isPresent() ? "grammar" : form.schemaField(),
                    String.valueOf(malformed.getMessage()));
        }
    }

    /** Calls that a model begins by itself have names that there are, and arguments as their schemas say. */
    private static Supplier<TokenConstraint> auto(ToolFormat format, Tools tools, ServedModel served) {
        LanguageModel model = served.model();
        if (format.kept() || format.shape() instanceof ToolFormat.Elements) {
            return served.usual().constraint();
        }
        try {
            Grammar grammar = new ToolGrammar(format, tools.callable(), model.grammarVocabulary()).afterBegin();
            return () -> model.constraintAfter(format.begin(), grammar, true);
        } catch (GrammarException inexpressible) {
            throw ApiException.field("tools", String.valueOf(inexpressible.getMessage()));
        }
    }

    private static Grammar calls(Form form, ToolFormat format, Tools tools, LanguageModel model) {
        if (form.grammar().isPresent()) {
            throw ApiException.field("grammar", "both grammar and tools are given; one of them is allowed");
        }
        try {
            ToolGrammar calls = new ToolGrammar(format, tools.callable(), model.grammarVocabulary());
            @Nullable
            Node otherwise = tools.required() || form.schema().isEmpty()
                    ? null
                    : JsonSchemaGrammar.addTo(calls.rules(), form.schema().get(), "form");
            return calls.required(tools.parallel(), otherwise);
        } catch (GrammarException inexpressible) {
            throw ApiException.field("tools", String.valueOf(inexpressible.getMessage()));
        }
    }

    /**
     * Tools of a request.
     *
     * @param callable that may be called
     * @param required whether one must be
     * @param parallel whether several may be called in one reply
     */
    record Tools(List<Map<String, @Nullable Object>> callable, boolean required, boolean parallel) {}

    /**
     * Reads {@code tool_choice} and {@code parallel_tool_calls}.
     *
     * @param described the tools that the request describes
     */
    static Tools tools(Fields fields, List<Map<String, @Nullable Object>> described) {
        boolean parallel = fields.flag("parallel_tool_calls").orElse(true);
        Optional<Object> choice = fields.any("tool_choice");
        if (choice.isEmpty() || choice.get() instanceof String) {
            String word = fields.text("tool_choice").orElse("auto");
            return switch (word) {
                case "none" -> new Tools(List.of(), false, parallel);
                case "auto" -> new Tools(described, false, parallel);
                case "required" -> {
                    if (described.isEmpty()) {
                        throw fields.missing("tools");
                    }
                    yield new Tools(described, true, parallel);
                }
                default ->
                    throw ApiException.field(
                            "tool_choice",
                            "tool_choice is '" + word + "'; none, auto, required and a function are allowed");
            };
        }
        Fields chosen = fields.object("tool_choice").orElseThrow();
        String name = chosen.object("function").orElse(chosen).requiredText("name");
        List<Map<String, @Nullable Object>> named = described.stream()
                .filter(tool -> tool.get("function") instanceof Map<?, ?> function && name.equals(function.get("name")))
                .toList();
        if (named.isEmpty()) {
            throw ApiException.field("tool_choice", "tool_choice names " + name + ", which is not among the tools");
        }
        return new Tools(named, true, false);
    }
}

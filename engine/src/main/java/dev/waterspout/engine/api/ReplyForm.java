package dev.waterspout.engine.api;

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

/**
 * The form of a reply: a schema, a grammar or tools.
 *
 * @param schema JSON Schema of the whole reply, as plain values; empty if there is none
 * @param grammar grammar of the whole reply, in GBNF; empty if there is none
 * @param tools tools that may be called, in the form that templates expect
 * @param required whether one of them must be called
 * @param parallel whether several may be called in one reply
 */
public record ReplyForm(
        Optional<Object> schema,
        Optional<String> grammar,
        List<Map<String, @Nullable Object>> tools,
        boolean required,
        boolean parallel) {
    /** No restriction. */
    public static final ReplyForm FREE = new ReplyForm(Optional.empty(), Optional.empty(), List.of(), false, true);

    /** Copies the list and checks that at most one form is given. */
    public ReplyForm {
        tools = List.copyOf(tools);
        if (grammar.isPresent() && (schema.isPresent() || !tools.isEmpty())) {
            throw new GrammarException("a grammar is given and a schema or tools too; one of them is allowed");
        }
        if (required && tools.isEmpty()) {
            throw new GrammarException("a tool must be called, and there is none");
        }
    }

    /**
     * Returns a factory of the constraint for a continued text.
     *
     * @param model the model that replies
     * @throws GrammarException if the schema or the grammar is not supported
     */
    public Supplier<TokenConstraint> constraint(LanguageModel model) {
        return whole(model, ToolFormat.HERMES)
                .<Supplier<TokenConstraint>>map(found -> () -> model.constraint(found))
                .orElse(() -> TokenConstraint.NONE);
    }

    /**
     * Returns a factory of the constraint for a reply to a conversation. If the template has opened the reasoning, the
     * constraint applies after the reasoning. If tool calls are optional, it applies only inside calls: their names
     * are those of tools, and their arguments satisfy the schemas.
     *
     * @param model the model that replies
     * @param prompt the conversation
     * @param format the model's syntax of tool calls
     * @throws GrammarException if the schema, the grammar or a tool's schema is not supported
     */
    public Supplier<TokenConstraint> constraint(LanguageModel model, ChatPrompt prompt, ToolFormat format) {
        boolean freely = !tools.isEmpty() && !required && schema.isEmpty();
        if (freely && (format.kept() || format.shape() instanceof ToolFormat.Elements)) {
            return () -> TokenConstraint.NONE;
        }
        if (freely) {
            Grammar call = new ToolGrammar(format, tools, model.grammarVocabulary()).afterBegin();
            return () -> model.constraintAfter(format.begin(), call, true);
        }
        Optional<Grammar> whole = whole(model, format);
        if (whole.isEmpty()) {
            return () -> TokenConstraint.NONE;
        }
        Grammar found = whole.get();
        Optional<String> end = prompt.section() == Section.REASONING ? reasoningEnd(prompt.format()) : Optional.empty();
        return end.isPresent() ? () -> model.constraintAfter(end.get(), found, false) : () -> model.constraint(found);
    }

    private static Optional<String> reasoningEnd(ReplyFormat format) {
        return format.markers().stream()
                .filter(marker ->
                        marker.next() == Section.TEXT && marker.within().contains(Section.REASONING))
                .map(ReplyFormat.Marker::text)
                .findFirst();
    }

    private Optional<Grammar> whole(LanguageModel model, ToolFormat format) {
        if (grammar.isPresent()) {
            return grammar.map(GbnfParser::parse);
        }
        if (tools.isEmpty()) {
            return schema.map(JsonSchemaGrammar::of);
        }
        ToolGrammar calls = new ToolGrammar(format, tools, model.grammarVocabulary());
        @Nullable
        Node otherwise =
                required || schema.isEmpty() ? null : JsonSchemaGrammar.addTo(calls.rules(), schema.get(), "form");
        return Optional.of(calls.required(parallel, otherwise));
    }
}

package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ReplyForm;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.GrammarException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads the constraints of replies from requests: schemas, grammars and the choice of tools. */
final class Forms {
    private static final Object OBJECT = Map.of("type", "object");

    private Forms() {}

    /**
     * Reads {@code response_format} or {@code json_schema}, {@code grammar}, {@code tool_choice} and {@code
     * parallel_tool_calls}.
     */
    static ReplyForm read(Fields fields, List<Map<String, @Nullable Object>> described) {
        return form(fields, schema(fields), grammar(fields), described);
    }

    /** Reads {@code response_format} or {@code json_schema}, and {@code grammar}, of a request that has no tools. */
    static ReplyForm readText(Fields fields) {
        return form(schema(fields), grammar(fields), List.of(), false, true);
    }

    private static Optional<String> grammar(Fields fields) {
        return fields.text("grammar").filter(text -> !text.isBlank());
    }

    /** Reads OpenAI's {@code response_format}, or the schema that llama.cpp's server takes as {@code json_schema}. */
    private static Optional<Object> schema(Fields fields) {
        Optional<Object> format = format(fields);
        Optional<Object> bare = fields.any("json_schema");
        if (format.isPresent() && bare.isPresent()) {
            throw ApiException.field(
                    "json_schema", "json_schema is given and response_format too; one of them is allowed");
        }
        return format.or(() -> bare);
    }

    private static Optional<Object> format(Fields fields) {
        return fields.object("response_format").flatMap(given -> switch (given.requiredText("type")) {
            case "text" -> Optional.empty();
            case "json_object" -> Optional.of(given.any("schema").orElse(OBJECT));
            case "json_schema" -> {
                Fields named = given.object("json_schema").orElseThrow(() -> given.missing("json_schema"));
                yield Optional.of(named.any("schema").orElseThrow(() -> named.missing("schema")));
            }
            default -> throw unknown(given);
        });
    }

    /** Reads {@code text.format}, {@code tool_choice} and {@code parallel_tool_calls} of a request for a response. */
    static ReplyForm readResponse(Fields fields, List<Map<String, @Nullable Object>> described) {
        Optional<Object> schema = fields.object("text")
                .flatMap(text -> text.object("format"))
                .flatMap(given -> switch (given.requiredText("type")) {
                    case "text" -> Optional.empty();
                    case "json_object" -> Optional.of(OBJECT);
                    case "json_schema" -> Optional.of(given.any("schema").orElseThrow(() -> given.missing("schema")));
                    default -> throw unknown(given);
                });
        return form(fields, schema, Optional.empty(), described);
    }

    private static ApiException unknown(Fields format) {
        return ApiException.field(
                format.path("type"),
                format.path("type") + " is '" + format.requiredText("type")
                        + "'; text, json_object and json_schema are allowed");
    }

    private static ReplyForm form(
            Fields fields,
            Optional<Object> schema,
            Optional<String> grammar,
            List<Map<String, @Nullable Object>> described) {
        boolean parallel = fields.flag("parallel_tool_calls").orElse(true);
        List<Map<String, @Nullable Object>> callable = described;
        boolean required = false;
        Optional<Object> choice = fields.any("tool_choice");
        if (choice.isEmpty() || choice.get() instanceof String) {
            String word = fields.text("tool_choice").orElse("auto");
            if (!List.of("none", "auto", "required").contains(word)) {
                throw ApiException.field(
                        "tool_choice",
                        "tool_choice is '" + word + "'; none, auto, required and a function are allowed");
            }
            required = word.equals("required");
            callable = word.equals("none") ? List.of() : described;
            if (required && described.isEmpty()) {
                throw fields.missing("tools");
            }
        } else {
            Fields chosen = fields.object("tool_choice").orElseThrow();
            String name = chosen.object("function").orElse(chosen).requiredText("name");
            callable = named(described, name);
            required = true;
            parallel = false;
        }
        return form(schema, grammar, callable, required, parallel);
    }

    private static ReplyForm form(
            Optional<Object> schema,
            Optional<String> grammar,
            List<Map<String, @Nullable Object>> callable,
            boolean required,
            boolean parallel) {
        try {
            return new ReplyForm(schema, grammar, callable, required, parallel);
        } catch (GrammarException both) {
            throw ApiException.field("grammar", String.valueOf(both.getMessage()));
        }
    }

    private static List<Map<String, @Nullable Object>> named(
            List<Map<String, @Nullable Object>> described, String name) {
        List<Map<String, @Nullable Object>> named = described.stream()
                .filter(tool -> tool.get("function") instanceof Map<?, ?> function && name.equals(function.get("name")))
                .toList();
        if (named.isEmpty()) {
            throw ApiException.field("tool_choice", "tool_choice names " + name + ", which is not among the tools");
        }
        return named;
    }

    /** Returns the supplier of one constraint for each reply to a conversation. */
    static Supplier<TokenConstraint> constraint(ReplyForm form, ChatPrompt prompt, ServedModel served, String field) {
        try {
            return form.constraint(
                    served.model(), prompt, served.requiredTemplate().toolFormat());
        } catch (GrammarException refused) {
            String name = form.grammar().isPresent() ? "grammar" : form.tools().isEmpty() ? field : "tools";
            throw ApiException.field(name, String.valueOf(refused.getMessage()));
        }
    }

    /** Returns the supplier of one constraint for each continuation of a text. */
    static Supplier<TokenConstraint> constraint(ReplyForm form, ServedModel served) {
        try {
            return form.constraint(served.model());
        } catch (GrammarException refused) {
            throw ApiException.field(
                    form.grammar().isPresent() ? "grammar" : "response_format", String.valueOf(refused.getMessage()));
        }
    }
}

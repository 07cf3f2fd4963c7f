package dev.waterspout.engine.grammar;

import static dev.waterspout.engine.grammar.Node.rule;
import static dev.waterspout.engine.grammar.Node.sequence;
import static dev.waterspout.engine.grammar.Node.text;

import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Compiles JSON Schemas (draft 2020-12) to grammars of the JSON texts that they allow. Properties have the order of the
 * schema. A schema with {@code properties} and without {@code additionalProperties} allows no other properties, unlike
 * the specification. A keyword that a grammar cannot express is refused, never ignored.
 */
public final class JsonSchemaGrammar {
    /** Keywords that do not constrain the text. */
    private static final Set<String> ANNOTATIONS = Set.of(
            "$schema",
            "$id",
            "$comment",
            "$anchor",
            "$defs",
            "definitions",
            "title",
            "description",
            "default",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "strict",
            "name",
            "contentMediaType",
            "discriminator");

    private static final Set<String> KNOWN = Set.of(
            "type",
            "enum",
            "const",
            "anyOf",
            "oneOf",
            "allOf",
            "$ref",
            "nullable",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "minLength",
            "maxLength",
            "pattern",
            "format",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "uniqueItems");

    private static final Map<String, String> FORMATS = Map.of(
            "date", "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$",
            "time", "^([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$",
            "date-time",
                    "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?"
                            + "(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$",
            "uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$");

    private static final Pattern SLASH = Pattern.compile("/");
    private static final int MOST_ITEMS = 10_000;
    /** Limit on the number of schemas in a grammar; a schema with several types counts once for each. */
    private static final int MOST_SCHEMAS = 20_000;
    /** Limit on the nesting of schemas, references included. */
    private static final int MOST_DEPTH = 200;

    private final Object whole;
    private final Map<String, Node> rules;
    private final Map<String, String> references = new HashMap<>();
    private final String prefix;
    private int schemas;
    private int depth;

    private JsonSchemaGrammar(Object whole, Map<String, Node> rules, String prefix) {
        this.whole = whole;
        this.rules = rules;
        this.prefix = prefix;
    }

    /**
     * Returns the grammar of a schema.
     *
     * @param schema plain JSON: an object, or true for all JSON
     * @throws GrammarException with the path of an unsupported keyword
     */
    public static Grammar of(Object schema) {
        Map<String, Node> rules = new LinkedHashMap<>();
        rules.put(Grammar.ROOT, addTo(rules, schema, "s"));
        return Grammar.of(rules);
    }

    /** Returns the grammar of all JSON objects. */
    public static Grammar ofObjects() {
        Map<String, Node> rules = new LinkedHashMap<>();
        JsonRules.addTo(rules);
        rules.put(Grammar.ROOT, rule(JsonRules.OBJECT));
        return Grammar.of(rules);
    }

    /**
     * Adds the rules of a schema to other rules.
     *
     * @param rules rules to add to; the rules of JSON are added too
     * @param schema plain JSON
     * @param prefix prefix of the names of the schema's rules; other schemas need other prefixes
     * @return the texts that the schema allows
     * @throws GrammarException with the path of an unsupported keyword
     */
    public static Node addTo(Map<String, Node> rules, Object schema, String prefix) {
        if (!rules.containsKey(JsonRules.VALUE)) {
            JsonRules.addTo(rules);
        }
        JsonSchemaGrammar grammar = new JsonSchemaGrammar(schema, rules, prefix);
        return grammar.node(schema, "schema");
    }

    private Node define(Node node) {
        String name = prefix + "-" + rules.size();
        rules.put(name, node);
        return rule(name);
    }

    private Node node(@Nullable Object schema, String path) {
        if (++schemas > MOST_SCHEMAS || depth == MOST_DEPTH) {
            throw new GrammarException(
                    schemas > MOST_SCHEMAS
                            ? "the schema has more than " + MOST_SCHEMAS
                                    + " parts, counted once for each of their types"
                            : "the schema has more than " + MOST_DEPTH + " parts inside each other");
        }
        depth++;
        Node node = checked(schema, path);
        depth--;
        return node;
    }

    private Node checked(@Nullable Object schema, String path) {
        if (Boolean.TRUE.equals(schema)) {
            return rule(JsonRules.VALUE);
        }
        if (!(schema instanceof Map<?, ?> keywords)) {
            throw new GrammarException(path + " is not a schema; it must be an object or true");
        }
        for (Object keyword : keywords.keySet()) {
            if (!KNOWN.contains(keyword) && !ANNOTATIONS.contains(keyword)) {
                throw new GrammarException(path + " has the keyword " + keyword + ", which is not supported");
            }
        }
        if (Boolean.TRUE.equals(keywords.get("uniqueItems"))) {
            throw new GrammarException(path + " has the keyword uniqueItems, which is not supported");
        }
        Node node = byKeyword(keywords, path);
        return Boolean.TRUE.equals(keywords.get("nullable")) ? Node.choice(node, text("null")) : node;
    }

    private Node byKeyword(Map<?, ?> schema, String path) {
        if (schema.get("$ref") instanceof String reference) {
            return reference(reference, path);
        }
        if (schema.containsKey("const")) {
            return text(PlainJson.text(schema.get("const")));
        }
        if (schema.get("enum") instanceof List<?> values) {
            if (values.isEmpty()) {
                throw new GrammarException(path + ".enum is empty; it must have at least one value");
            }
            return new Node.Choice(
                    values.stream().map(value -> text(PlainJson.text(value))).toList());
        }
        for (String keyword : List.of("anyOf", "oneOf")) {
            if (schema.get(keyword) instanceof List<?> schemas) {
                return choice(schemas, path + "." + keyword);
            }
        }
        if (schema.get("allOf") instanceof List<?> schemas) {
            return node(AllOf.merged(schema, schemas, this::resolve, path), path);
        }
        if (schema.get("type") instanceof List<?> types) {
            if (types.isEmpty()) {
                throw new GrammarException(path + ".type is empty; it must have at least one type");
            }
            List<Node> choices = new ArrayList<>();
            for (Object type : types) {
                Map<Object, @Nullable Object> one = new LinkedHashMap<>(schema);
                one.put("type", type);
                choices.add(byType(String.valueOf(type), one, path));
            }
            return new Node.Choice(choices);
        }
        return byType(schema.get("type") instanceof String type ? type : impliedType(schema), schema, path);
    }

    private Node choice(List<?> schemas, String path) {
        if (schemas.isEmpty()) {
            throw new GrammarException(path + " is empty; it must have at least one schema");
        }
        List<Node> choices = new ArrayList<>();
        for (Object each : schemas) {
            choices.add(node(each, path + "[" + choices.size() + "]"));
        }
        return new Node.Choice(choices);
    }

    private static String impliedType(Map<?, ?> schema) {
        if (schema.containsKey("properties") || schema.containsKey("additionalProperties")) {
            return "object";
        }
        if (schema.containsKey("items") || schema.containsKey("prefixItems")) {
            return "array";
        }
        if (schema.containsKey("pattern") || schema.containsKey("minLength") || schema.containsKey("maxLength")) {
            return "string";
        }
        return schema.containsKey("minimum") || schema.containsKey("maximum") ? "number" : "any";
    }

    /** Returns the rule of a referenced schema. A schema may refer to itself. */
    private Node reference(String reference, String path) {
        String known = references.get(reference);
        if (known != null) {
            return rule(known);
        }
        String name = prefix + "-" + rules.size();
        rules.put(name, Node.EMPTY);
        references.put(reference, name);
        rules.put(name, node(resolve(reference, path), reference));
        return rule(name);
    }

    private Object resolve(String reference, String path) {
        Object found = whole;
        if (!reference.equals("#") && !reference.startsWith("#/")) {
            throw new GrammarException(
                    path + ".$ref is " + reference + "; only references within the schema are allowed");
        }
        for (String step : SLASH.split(reference.substring(1), -1)) {
            String key = step.replace("~1", "/").replace("~0", "~");
            if (!key.isEmpty()) {
                found = found instanceof Map<?, ?> object ? object.get(key) : null;
            }
            if (found == null) {
                throw new GrammarException(path + ".$ref is " + reference + ", which is not in the schema");
            }
        }
        return found;
    }

    private Node byType(String type, Map<?, ?> schema, String path) {
        return switch (type) {
            case "object" -> object(schema, path);
            case "array" -> array(schema, path);
            case "string" -> string(schema, path);
            case "integer" -> JsonNumbers.integer(schema, path);
            case "number" -> JsonNumbers.number(schema, path);
            case "boolean" -> Node.choice(text("true"), text("false"));
            case "null" -> text("null");
            case "any" -> rule(JsonRules.VALUE);
            default ->
                throw new GrammarException(path + ".type is " + type
                        + "; object, array, string, integer, number, boolean and null are allowed");
        };
    }

    private static Node string(Map<?, ?> schema, String path) {
        int least = count(schema, "minLength", 0, path);
        int most = count(schema, "maxLength", -1, path);
        Object pattern = schema.get("pattern");
        if (pattern == null && schema.get("format") instanceof String format) {
            pattern = FORMATS.get(format);
        }
        if (pattern instanceof String regular) {
            if (schema.containsKey("pattern") && (least > 0 || most >= 0)) {
                throw new GrammarException(path + " has both a pattern and a length, which is not supported");
            }
            return sequence(text("\""), StringPattern.parse(regular), text("\""));
        }
        return sequence(text("\""), new Node.Repeat(rule(JsonRules.CHARACTER), least, most), text("\""));
    }

    static int count(Map<?, ?> schema, String keyword, int usual, String path) {
        Object value = schema.get(keyword);
        if (value == null) {
            return usual;
        }
        if (value instanceof Long count && count >= 0 && count <= MOST_ITEMS) {
            return count.intValue();
        }
        throw new GrammarException(
                path + "." + keyword + " is " + PlainJson.text(value) + "; it must be within 0 to " + MOST_ITEMS);
    }

    private Node array(Map<?, ?> schema, String path) {
        List<Node> first = new ArrayList<>();
        if (schema.get("prefixItems") instanceof List<?> items) {
            for (Object item : items) {
                first.add(define(node(item, path + ".prefixItems[" + first.size() + "]")));
            }
        }
        Object items = schema.get("items");
        boolean more = !Boolean.FALSE.equals(items) && (items != null || first.isEmpty());
        int least = count(schema, "minItems", first.size(), path);
        int most = count(schema, "maxItems", more ? -1 : first.size(), path);
        if (least < first.size() || (most >= 0 && most < first.size())) {
            throw new GrammarException(path + " has fewer items than prefixItems, which is not supported");
        }
        Node item = more ? define(items == null ? rule(JsonRules.VALUE) : node(items, path + ".items")) : Node.EMPTY;
        List<Node> parts = new ArrayList<>(List.of(text("["), rule(JsonRules.SPACE)));
        for (int i = 0; i < first.size(); i++) {
            parts.add(i == 0 ? first.get(i) : sequence(JsonRules.comma(), first.get(i)));
        }
        int open = most < 0 ? -1 : most - first.size();
        if (more && open != 0) {
            Node rest = sequence(JsonRules.comma(), item);
            if (first.isEmpty()) {
                Node some = sequence(item, new Node.Repeat(rest, Math.max(0, least - 1), open < 0 ? -1 : open - 1));
                parts.add(least > 0 ? some : Node.optional(some));
            } else {
                parts.add(new Node.Repeat(rest, least - first.size(), open));
            }
        }
        parts.add(rule(JsonRules.SPACE));
        parts.add(text("]"));
        return new Node.Sequence(parts);
    }

    private Node object(Map<?, ?> schema, String path) {
        Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> given ? given : Map.of();
        Set<Object> required = schema.get("required") instanceof List<?> given ? new LinkedHashSet<>(given) : Set.of();
        Object additional = schema.get("additionalProperties");
        if (properties.isEmpty() && required.isEmpty() && additional == null) {
            return rule(JsonRules.OBJECT);
        }
        List<JsonObjects.Member> members = new ArrayList<>();
        properties.forEach((name, property) -> members.add(new JsonObjects.Member(
                String.valueOf(name), define(node(property, path + ".properties." + name)), required.contains(name))));
        for (Object name : required) {
            if (!properties.containsKey(name)) {
                members.add(new JsonObjects.Member(String.valueOf(name), rule(JsonRules.VALUE), true));
            }
        }
        boolean others = additional != null && !Boolean.FALSE.equals(additional);
        Node other = others ? define(node(additional, path + ".additionalProperties")) : Node.EMPTY;
        return JsonObjects.of(members, others ? Optional.of(other) : Optional.empty(), this::define);
    }
}

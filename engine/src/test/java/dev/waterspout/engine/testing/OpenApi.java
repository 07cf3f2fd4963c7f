package dev.waterspout.engine.testing;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The OpenAPI description of the HTTP interface, applied strictly: objects may have only the properties that are
 * described.
 */
public final class OpenApi {
    private static final String SCHEMAS = "#/components/schemas/";

    private final Map<String, Object> document;
    private final JsonSchemaFactory factory = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private final Map<String, JsonSchema> compiled = new HashMap<>();
    private final Map<String, Object> strict;

    /** @param text of the description */
    public OpenApi(String text) throws IOException {
        this.document = TestServer.json(text);
        Set<String> combined = new TreeSet<>();
        collectCombined(document, combined);
        this.strict = new LinkedHashMap<>();
        components().forEach((name, schema) -> strict.put(name, tightened(schema, !combined.contains(name))));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(@Nullable Object value) {
        return (Map<String, Object>) Objects.requireNonNull(value);
    }

    private Map<String, Object> components() {
        return map(map(document.get("components")).get("schemas"));
    }

    private static void collectCombined(@Nullable Object node, Set<String> names) {
        if (node instanceof List<?> list) {
            list.forEach(item -> collectCombined(item, names));
        } else if (node instanceof Map<?, ?> map) {
            if (map.get("allOf") instanceof List<?> parts) {
                parts.forEach(part -> names.add(target(map(part))));
            }
            map.values().forEach(item -> collectCombined(item, names));
        }
    }

    private static String target(Map<String, Object> reference) {
        return String.valueOf(reference.get("$ref")).substring(SCHEMAS.length());
    }

    private static @Nullable Object tightened(@Nullable Object node, boolean closes) {
        if (node instanceof List<?> list) {
            List<@Nullable Object> items = new ArrayList<>();
            list.forEach(item -> items.add(tightened(item, true)));
            return items;
        }
        if (!(node instanceof Map<?, ?> object)) {
            return node;
        }
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        object.forEach((key, value) -> copy.put(String.valueOf(key), tightened(value, true)));
        boolean describes =
                object.get("properties") instanceof Map<?, ?> && !object.containsKey("additionalProperties");
        if (describes && closes) {
            copy.put("unevaluatedProperties", false);
        }
        return copy;
    }

    /** All methods and paths, such as {@code GET /v1/models}. */
    public Set<String> routes() {
        Set<String> routes = new TreeSet<>();
        map(document.get("paths"))
                .forEach((path, methods) -> map(methods)
                        .keySet()
                        .forEach(method -> routes.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path)));
        return routes;
    }

    /** Returns the violations of a component's schema by a value; empty if there are none. */
    public List<String> problems(String component, String json) {
        JsonSchema schema = compiled.computeIfAbsent(component, name -> {
            Map<String, @Nullable Object> whole =
                    PlainJson.object("$ref", SCHEMAS + name, "components", PlainJson.object("schemas", strict));
            if (map(components().get(name)).containsKey("properties")) {
                whole.put("unevaluatedProperties", false);
            }
            return factory.getSchema(PlainJson.text(whole));
        });
        return schema.validate(json, InputFormat.JSON).stream()
                .map(ValidationMessage::getMessage)
                .toList();
    }

    /** Returns the violations of the description by an answer; empty if there are none. */
    public List<String> problems(String method, String path, int status, String contentType, String body) {
        Map<String, Object> paths = map(document.get("paths"));
        String pattern = paths.keySet().stream()
                .filter(known -> path.matches(known.replaceAll("\\{[a-z]+}", ".+")))
                .findFirst()
                .orElse(path);
        Map<String, Object> operation = map(map(paths.get(pattern)).get(method.toLowerCase(java.util.Locale.ROOT)));
        Object answer = map(operation.get("responses")).get(String.valueOf(status));
        if (answer == null) {
            return List.of(method + " " + path + ": status " + status + " is not described");
        }
        Map<String, Object> response = map(answer);
        if (response.get("$ref") instanceof String shared) {
            String name = shared.substring(shared.lastIndexOf('/') + 1);
            response = map(map(map(document.get("components")).get("responses")).get(name));
        }
        String type = contentType.replaceFirst("; charset=utf-8$", "");
        Map<String, Object> content = map(response.get("content"));
        Object media = content.getOrDefault(type, content.get(contentType));
        if (media == null) {
            return List.of(method + " " + path + ": " + contentType + " is not described");
        }
        Map<String, Object> schema = map(map(media).get("schema"));
        return schema.containsKey("$ref") ? problems(target(schema), body) : List.of();
    }

    /** The schema of a component. */
    public Map<String, Object> component(String name) {
        return map(components().get(name));
    }

    /**
     * Returns the schemas that a schema consists of: itself, or the targets of its reference, alternatives or
     * combination.
     */
    public List<Map<String, Object>> parts(Map<String, Object> schema) {
        List<Map<String, Object>> parts = new ArrayList<>(List.of(schema));
        if (schema.containsKey("$ref")) {
            parts.addAll(parts(component(target(schema))));
        }
        for (String several : List.of("allOf", "anyOf")) {
            if (schema.get(several) instanceof List<?> list) {
                list.forEach(part -> parts.addAll(parts(map(part))));
            }
        }
        return parts;
    }
}

package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Merges the schemas of an {@code allOf} into one schema. */
final class AllOf {
    private AllOf() {}

    /** Resolves the references of a schema. */
    interface Resolver {
        Object resolve(String reference, String path);
    }

    /**
     * Merges schemas. Properties and required names are united. Any other keyword may occur in several schemas only
     * with equal values.
     *
     * @param outer schema with the {@code allOf}; its other keywords are merged too
     * @param schemas schemas of the {@code allOf}
     * @throws GrammarException if a keyword has different values that cannot be merged
     */
    static Map<Object, @Nullable Object> merged(Map<?, ?> outer, List<?> schemas, Resolver resolver, String path) {
        Map<Object, @Nullable Object> merged = new LinkedHashMap<>(outer);
        merged.remove("allOf");
        for (Object each : schemas) {
            Object found = each instanceof Map<?, ?> object && object.get("$ref") instanceof String reference
                    ? resolver.resolve(reference, path)
                    : each;
            if (!(found instanceof Map<?, ?> schema)) {
                throw new GrammarException(path + ".allOf has an item that is not an object");
            }
            schema.forEach((keyword, value) -> merge(merged, keyword, value, path));
        }
        return merged;
    }

    private static void merge(
            Map<Object, @Nullable Object> merged, Object keyword, @Nullable Object value, String path) {
        Optional<Object> before = Optional.ofNullable(merged.get(keyword));
        if (before.isEmpty() || before.get().equals(value)) {
            merged.put(keyword, value);
        } else if (keyword.equals("properties")
                && before.get() instanceof Map<?, ?> own
                && value instanceof Map<?, ?> more) {
            Map<Object, @Nullable Object> joined = new LinkedHashMap<>(own);
            more.forEach((name, schema) -> merge(joined, name, schema, path + ".properties"));
            merged.put(keyword, joined);
        } else if (keyword.equals("required") && before.get() instanceof List<?> own && value instanceof List<?> more) {
            Set<@Nullable Object> joined = new LinkedHashSet<>(own);
            joined.addAll(more);
            merged.put(keyword, new ArrayList<>(joined));
        } else if (!List.of("title", "description", "$defs", "definitions").contains(keyword)) {
            throw new GrammarException(path + ".allOf has different values of " + keyword + ", which is not supported");
        }
    }
}

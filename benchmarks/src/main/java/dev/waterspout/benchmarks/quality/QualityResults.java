package dev.waterspout.benchmarks.quality;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The file of results: an array of one object per model, text, number of ranks and collective. */
final class QualityResults {
    /** The fields that identify a measurement. */
    private static final List<String> KEY = List.of("model", "text", "ranks", "collective");

    private QualityResults() {}

    static List<JsonObject> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
            return reader.readArray().getValuesAs(JsonObject.class);
        }
    }

    /** Adds a result. Formats that were measured earlier on the same windows stay. */
    static void add(Path file, JsonObject result) throws IOException {
        JsonObjectBuilder merged = Json.createObjectBuilder(result);
        JsonArrayBuilder array = Json.createArrayBuilder();
        for (JsonObject each : read(file)) {
            if (!key(each).equals(key(result))) {
                array.add(each);
            } else if (Objects.equals(each.get("windows"), result.get("windows"))) {
                merged.add("formats", union(each, result));
            }
        }
        array.add(merged);
        Files.createDirectories(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                .createWriter(Files.newBufferedWriter(file))) {
            writer.writeArray(array.build());
        }
    }

    private static JsonArrayBuilder union(JsonObject earlier, JsonObject now) {
        Map<String, JsonObject> formats = new LinkedHashMap<>();
        for (JsonObject result : List.of(earlier, now)) {
            for (JsonObject each : result.getJsonArray("formats").getValuesAs(JsonObject.class)) {
                formats.put(each.getString("format"), each);
            }
        }
        JsonArrayBuilder union = Json.createArrayBuilder();
        formats.values().forEach(union::add);
        return union;
    }

    private static List<JsonValue> key(JsonObject result) {
        return KEY.stream().map(result::get).toList();
    }
}

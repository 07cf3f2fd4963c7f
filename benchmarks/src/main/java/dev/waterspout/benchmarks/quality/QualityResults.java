package dev.waterspout.benchmarks.quality;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The file of results: an array of one object per model, text, number of ranks and collective. */
final class QualityResults {
    /** What tells one measurement from another. */
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

    /** Adds a result, in place of an earlier one of the same measurement. */
    static void add(Path file, JsonObject result) throws IOException {
        List<JsonObject> all = new ArrayList<>(read(file));
        all.removeIf(each -> key(each).equals(key(result)));
        all.add(result);
        JsonArrayBuilder array = Json.createArrayBuilder();
        all.forEach(array::add);
        Files.createDirectories(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                .createWriter(Files.newBufferedWriter(file))) {
            writer.writeArray(array.build());
        }
    }

    private static List<JsonValue> key(JsonObject result) {
        return KEY.stream().map(result::get).toList();
    }
}

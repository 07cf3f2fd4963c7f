package dev.waterspout.benchmarks.ttft;

import dev.waterspout.kernels.files.FileReplacement;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The file of results: {@code schema}, the machine, and {@code cells}. {@code docs/lab/end-to-end.md} describes them.
 */
final class TtftResults {
    static final String SCHEMA = "waterspout-ttft-1";

    private final Path file;
    private final Map<Cell, JsonObject> cells = new LinkedHashMap<>();
    private final Map<Cell, JsonObject> peers = new LinkedHashMap<>();

    private TtftResults(Path file) {
        this.file = file;
    }

    static TtftResults open(Path file) throws IOException {
        TtftResults results = new TtftResults(file);
        if (Files.exists(file)) {
            try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
                JsonObject json = reader.readObject();
                if (!json.getString("schema", "").equals(SCHEMA)) {
                    throw new IOException(
                            file + " has the schema '" + json.getString("schema", "") + "'; it must have " + SCHEMA);
                }
                read(json, "cells", results.cells);
                read(json, "peers", results.peers);
            }
        }
        return results;
    }

    /** Reads an array; a file without it has no cells of that kind. */
    private static void read(JsonObject json, String name, Map<Cell, JsonObject> into) {
        JsonArray array = json.containsKey(name) ? json.getJsonArray(name) : JsonValue.EMPTY_JSON_ARRAY;
        array.getValuesAs(JsonObject.class).forEach(each -> into.put(Cell.of(each), each));
    }

    Map<Cell, JsonObject> cells() {
        return cells;
    }

    /** {@return the cells of another program; {@code comm} is its type of buffers} */
    Map<Cell, JsonObject> peers() {
        return peers;
    }

    /** Writes the file. */
    void write() throws IOException {
        JsonArrayBuilder array = Json.createArrayBuilder();
        cells.values().forEach(array::add);
        JsonArrayBuilder others = Json.createArrayBuilder();
        peers.values().forEach(others::add);
        JsonObject all = Json.createObjectBuilder()
                .add("schema", SCHEMA)
                .add("machine", Machine.name())
                .add("cells", array)
                .add("peers", others)
                .build();
        Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
        Files.createDirectories(folder);
        FileReplacement.write(file, written -> {
            try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                    .createWriter(Channels.newWriter(written, StandardCharsets.UTF_8))) {
                writer.writeObject(all);
            }
        });
    }

    /** Adds its prediction to every cell. */
    void predict(TtftPredictions predictions) throws IOException {
        cells.replaceAll(predictions::annotated);
        if (!cells.isEmpty()) {
            write();
        }
    }
}

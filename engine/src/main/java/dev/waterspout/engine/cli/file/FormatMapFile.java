package dev.waterspout.engine.cli.file;

import dev.waterspout.engine.api.FormatMap;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.files.FileReplacement;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Files with the wire formats of one model's exchanges, as {@code lab search} finds them. docs/design/wire.md describes
 * the schema.
 */
public final class FormatMapFile {
    private static final int VERSION = 1;
    private static final List<String> HALVES = List.of("attention", "feedforward");

    private FormatMapFile() {}

    /**
     * Writes a file.
     *
     * @param map the formats
     * @param file the file to write
     * @param details more about the search, as readable text
     */
    public static void write(FormatMap map, Path file, JsonObject details) throws IOException {
        JsonArrayBuilder others = Json.createArrayBuilder();
        map.exchanges()
                .forEach((exchange, other) -> others.add(Json.createObjectBuilder()
                        .add("layer", exchange / 2)
                        .add("half", HALVES.get(exchange % 2))
                        .add("format", other.label())));
        JsonArrayBuilder quality = Json.createArrayBuilder();
        map.measured()
                .forEach((each, percent) -> quality.add(
                        Json.createObjectBuilder().add("format", each.label()).add("increasePercent", percent)));
        JsonObject json = Json.createObjectBuilder()
                .add("waterspoutCommProfile", VERSION)
                .add("model", map.model())
                .add("width", map.width())
                .add("layers", map.layers())
                .add("format", map.format().label())
                .add("exchanges", others)
                .add("measured", quality)
                .add("search", details)
                .build();
        FileReplacement.write(file, written -> {
            try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                    .createWriter(Channels.newWriter(written, StandardCharsets.UTF_8))) {
                writer.write(json);
            }
        });
    }

    /**
     * Reads a file.
     *
     * @param file a file that {@link #write} wrote
     * @throws UncheckedIOException with one sentence about the file if it cannot be read, or is no format map
     */
    public static FormatMap read(Path file) {
        try {
            return of(JsonFile.read("format map", file).asJsonObject());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable.getMessage(), unreadable);
        } catch (ClassCastException | NullPointerException | IllegalArgumentException malformed) {
            String why = malformed instanceof IllegalArgumentException
                    ? malformed.getMessage()
                    : "a field is missing or invalid";
            throw new UncheckedIOException(new IOException("format map " + file + ": " + why, malformed));
        }
    }

    private static FormatMap of(JsonObject json) {
        int version = json.getInt("waterspoutCommProfile");
        if (version != VERSION) {
            throw new IllegalArgumentException("its version is " + version + "; this program reads " + VERSION);
        }
        int layers = json.getInt("layers");
        SortedMap<Integer, WireFormat> exchanges = new TreeMap<>();
        for (JsonObject each : json.getJsonArray("exchanges").getValuesAs(JsonObject.class)) {
            int layer = each.getInt("layer");
            int half = HALVES.indexOf(each.getString("half"));
            if (layer < 0 || layer >= layers || half < 0) {
                throw new IllegalArgumentException("exchange of layer " + layer + ", half '" + each.getString("half")
                        + "'; layers are 0 to " + (layers - 1) + ", halves are " + HALVES);
            }
            exchanges.put(2 * layer + half, WireFormat.parse(each.getString("format")));
        }
        Map<WireFormat, Double> measured = new LinkedHashMap<>();
        List<JsonValue> all = new ArrayList<>(json.getJsonArray("measured"));
        for (JsonValue each : all) {
            JsonString name = each.asJsonObject().getJsonString("format");
            JsonNumber percent = each.asJsonObject().getJsonNumber("increasePercent");
            measured.put(WireFormat.parse(name.getString()), percent.doubleValue());
        }
        return new FormatMap(
                json.getString("model"),
                json.getInt("width"),
                layers,
                WireFormat.parse(json.getString("format")),
                exchanges,
                measured);
    }
}

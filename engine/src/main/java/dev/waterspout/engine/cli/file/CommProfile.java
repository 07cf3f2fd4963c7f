package dev.waterspout.engine.cli.file;

import dev.waterspout.kernels.codec.WireFormat;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How one model's partials should travel, found by {@code lab search} and kept in a file. docs/design/wire.md describes the
 * schema.
 *
 * @param model its file's name, for people
 * @param width elements of its partials' rows
 * @param layers its layers
 * @param format of every exchange that is not among the others
 * @param exchanges formats of other exchanges, by number: twice the layer, plus 1 for its feed-forward half
 * @param measured per format of all exchanges what it was measured to add to perplexity, in percent
 */
public record CommProfile(
        String model,
        int width,
        int layers,
        WireFormat format,
        SortedMap<Integer, WireFormat> exchanges,
        Map<WireFormat, Double> measured) {
    /** What {@code --comm} has in front of a profile's file. */
    public static final String PREFIX = "profile:";

    private static final int VERSION = 1;
    private static final List<String> HALVES = List.of("attention", "feedforward");

    /** Refuses a model that this was not made for. */
    public void requireWidth(int columns) {
        if (columns != width) {
            throw new IllegalArgumentException(
                    "the profile is for " + model + ", whose width is " + width + "; this model's width is " + columns);
        }
    }

    /**
     * Writes it.
     *
     * @param file where to
     * @param details more about the search, for people
     */
    public void write(Path file, JsonObject details) throws IOException {
        JsonArrayBuilder others = Json.createArrayBuilder();
        exchanges.forEach((exchange, other) -> others.add(Json.createObjectBuilder()
                .add("layer", exchange / 2)
                .add("half", HALVES.get(exchange % 2))
                .add("format", other.label())));
        JsonArrayBuilder quality = Json.createArrayBuilder();
        measured.forEach((each, percent) -> quality.add(
                Json.createObjectBuilder().add("format", each.label()).add("increasePercent", percent)));
        JsonObject json = Json.createObjectBuilder()
                .add("waterspoutCommProfile", VERSION)
                .add("model", model)
                .add("width", width)
                .add("layers", layers)
                .add("format", format.label())
                .add("exchanges", others)
                .add("measured", quality)
                .add("search", details)
                .build();
        try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                .createWriter(Files.newBufferedWriter(file))) {
            writer.write(json);
        }
    }

    /** Reads a file; {@code text} is what the user typed, such as {@code profile:FILE}. */
    public static CommProfile read(String text) {
        Path file = Path.of(text.substring(PREFIX.length()));
        if (!Files.isRegularFile(file)) {
            throw new UncheckedIOException(new IOException("profile " + file + " is not a file"));
        }
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
            return of(reader.readObject());
        } catch (IOException unreadable) {
            throw new UncheckedIOException("profile " + file + ": " + unreadable.getMessage(), unreadable);
        } catch (JsonException | ClassCastException | NullPointerException | IllegalArgumentException malformed) {
            String why = malformed instanceof IllegalArgumentException
                    ? malformed.getMessage()
                    : "a field is missing, or not what it must be";
            throw new UncheckedIOException(new IOException("profile " + file + ": " + why, malformed));
        }
    }

    private static CommProfile of(JsonObject json) {
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
        return new CommProfile(
                json.getString("model"),
                json.getInt("width"),
                layers,
                WireFormat.parse(json.getString("format")),
                exchanges,
                measured);
    }
}

package dev.waterspout.benchmarks.results;

import dev.waterspout.kernels.files.FileReplacement;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/**
 * The origin of the numbers in a results file. All files of a folder share one record, {@code provenance.json}: an
 * object with a field per file, whose value has the five fields below and the digest of the file that they describe.
 *
 * @param commit commit of the measured code
 * @param date date of the measurement, as YYYY-MM-DD
 * @param machine processor and number of cores
 * @param command command that wrote the file
 * @param note a remark for the reader, or empty
 */
record Provenance(String commit, String date, String machine, String command, String note) {
    private static final String RECORD = "provenance.json";
    private static final String DIGEST = "sha256";

    /**
     * Reads the record of a results file.
     *
     * @param results the file
     * @throws IOException if it has no record, or has changed since the record was made
     */
    static Provenance of(Path results) throws IOException {
        JsonObject all = read(results);
        String name = name(results);
        if (!all.containsKey(name)) {
            throw new IOException(results + " has no entry in " + RECORD + "; benchmarks/tables --record makes one");
        }
        JsonObject entry = all.getJsonObject(name);
        if (!entry.getString(DIGEST).equals(digest(results))) {
            throw new IOException(results + " is another file than " + RECORD
                    + " describes; benchmarks/tables --record describes it");
        }
        return new Provenance(
                entry.getString("commit"),
                entry.getString("date"),
                entry.getString("machine"),
                entry.getString("command"),
                entry.getString("note"));
    }

    /**
     * Records the origin of a results file, and replaces the earlier record.
     *
     * @param results the file as it is now
     */
    void record(Path results) throws IOException {
        JsonObjectBuilder all = Json.createObjectBuilder(read(results))
                .add(
                        name(results),
                        Json.createObjectBuilder()
                                .add("commit", commit)
                                .add("date", date)
                                .add("machine", machine)
                                .add("command", command)
                                .add("note", note)
                                .add(DIGEST, digest(results)));
        FileReplacement.write(results.resolveSibling(RECORD), file -> {
            try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                    .createWriter(Channels.newWriter(file, StandardCharsets.UTF_8))) {
                writer.writeObject(all.build());
            }
        });
    }

    /** {@return a paragraph in Markdown to be put below a table} */
    String text() {
        return "Commit %s, %s, %s.%s%n%n    %s%n"
                .formatted(commit, date, machine, note.isEmpty() ? "" : " " + note, command);
    }

    private static JsonObject read(Path results) throws IOException {
        Path file = results.resolveSibling(RECORD);
        if (!Files.exists(file)) {
            return JsonObject.EMPTY_JSON_OBJECT;
        }
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
            return reader.readObject();
        }
    }

    private static String name(Path results) {
        return String.valueOf(results.getFileName());
    }

    private static String digest(Path results) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(results)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}

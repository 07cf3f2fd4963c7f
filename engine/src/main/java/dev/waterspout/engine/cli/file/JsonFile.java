package dev.waterspout.engine.cli.file;

import jakarta.json.Json;
import jakarta.json.JsonConfig;
import jakarta.json.JsonException;
import jakarta.json.JsonReader;
import jakarta.json.JsonReaderFactory;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Reads JSON that may come from anywhere: its size, its depth and the length of its numbers are limited, and keys are
 * unique.
 */
public final class JsonFile {
    /** Bytes of a file; a trace of some minutes has tens of megabytes. */
    static final long MOST_BYTES = 256L << 20;
    /** Arrays and objects inside each other; our own files have 6. */
    static final int MOST_DEPTH = 64;
    /** Digits of a number; a double needs 17. */
    static final int MOST_DIGITS = 100;

    private static final JsonReaderFactory READERS = Json.createReaderFactory(Map.of(
            JsonConfig.KEY_STRATEGY,
            JsonConfig.KeyStrategy.NONE,
            "org.eclipse.parsson.maxDepth",
            MOST_DEPTH + 1,
            "org.eclipse.parsson.maxBigDecimalLength",
            MOST_DIGITS));

    private JsonFile() {}

    /**
     * Reads a file.
     *
     * @param what it is, for people, such as "format map"
     * @param file a regular file, or a link to one, in UTF-8
     * @throws IOException with one sentence that names the file if it is none, cannot be read, is not JSON, or exceeds
     *     a limit
     */
    public static JsonValue read(String what, Path file) throws IOException {
        String name = what + " " + file;
        if (!Files.isRegularFile(file)) {
            throw new IOException(name + " is not a file");
        }
        long bytes = Files.size(file);
        if (bytes > MOST_BYTES) {
            throw new IOException(name + " has " + bytes + " bytes; " + MOST_BYTES + " are the most");
        }
        try (Reader reader = Files.newBufferedReader(file)) {
            return parse(name, reader);
        }
    }

    /**
     * Reads a text.
     *
     * @param name of the text in messages
     * @param text JSON
     * @throws IOException with one sentence that begins with the name if it is not JSON, or exceeds a limit
     */
    public static JsonValue parse(String name, Reader text) throws IOException {
        try (JsonReader reader = READERS.createReader(text)) {
            return reader.readValue();
        } catch (JsonException malformed) {
            throw new IOException(name + " is not JSON: " + malformed.getMessage(), malformed);
        } catch (UnsupportedOperationException tooLong) {
            throw new IOException(name + " has a number of more than " + MOST_DIGITS + " digits", tooLong);
        } catch (RuntimeException tooDeep) {
            throw new IOException(
                    name + " has more than " + MOST_DEPTH + " arrays and objects inside each other", tooDeep);
        }
    }
}

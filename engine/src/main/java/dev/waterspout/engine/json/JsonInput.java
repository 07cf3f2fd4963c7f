package dev.waterspout.engine.json;

import jakarta.json.Json;
import jakarta.json.JsonConfig;
import jakarta.json.JsonException;
import jakarta.json.JsonReader;
import jakarta.json.JsonReaderFactory;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.Reader;
import java.util.Map;

/** Reads JSON from untrusted sources: depth and length of numbers are limited, and duplicate keys are refused. */
public final class JsonInput {
    /** Arrays and objects inside each other; our own files have 6. */
    public static final int MOST_DEPTH = 64;
    /** Digits of a number; a double needs 17. */
    public static final int MOST_DIGITS = 100;

    private static final JsonReaderFactory READERS = Json.createReaderFactory(Map.of(
            JsonConfig.KEY_STRATEGY,
            JsonConfig.KeyStrategy.NONE,
            "org.eclipse.parsson.maxDepth",
            MOST_DEPTH + 1,
            "org.eclipse.parsson.maxBigDecimalLength",
            MOST_DIGITS));

    private JsonInput() {}

    /**
     * Reads a text.
     *
     * @param name name of the text in messages
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
        } catch (NumberFormatException beyond) {
            throw new IOException(name + " has a number whose exponent is beyond 10 digits", beyond);
        } catch (RuntimeException tooDeep) {
            throw new IOException(
                    name + " has more than " + MOST_DEPTH + " arrays and objects inside each other", tooDeep);
        }
    }
}

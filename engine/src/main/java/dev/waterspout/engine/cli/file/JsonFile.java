package dev.waterspout.engine.cli.file;

import dev.waterspout.engine.json.JsonInput;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads untrusted JSON: its size, its depth and the length of its numbers are limited, and keys are unique.
 */
public final class JsonFile {
    /** Bytes of a file; a trace of some minutes has tens of megabytes. */
    static final long MOST_BYTES = 256L << 20;

    private JsonFile() {}

    /**
     * Reads a file.
     *
     * @param what kind of file, for messages, such as "format map"
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
            throw new IOException(name + " has " + bytes + " bytes; at most " + MOST_BYTES + " are allowed");
        }
        try (Reader reader = Files.newBufferedReader(file)) {
            return JsonInput.parse(name, reader);
        }
    }
}

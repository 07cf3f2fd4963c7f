package dev.waterspout.engine.cli.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads texts for measurements. */
public final class TextFile {
    private TextFile() {}

    /** {@return the text; an invalid byte of UTF-8 becomes a replacement character} */
    public static String read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException("text file " + file + " is not a file");
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}

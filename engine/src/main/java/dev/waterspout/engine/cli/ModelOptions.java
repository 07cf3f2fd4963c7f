package dev.waterspout.engine.cli;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model. */
final class ModelOptions {
    private static final String EMBEDDED = "orator-q8_0.gguf";

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "GGUF model file; without it, the embedded model (3.7M parameters).")
    private @Nullable Path path;

    /** Maps the file. */
    GgufFile open() throws IOException {
        return open(path);
    }

    /** Maps the file and validates the model in it. */
    Model load() throws IOException {
        return load(path);
    }

    private static GgufFile open(@Nullable Path path) throws IOException {
        if (path != null) {
            return GgufFile.open(path);
        }
        try (InputStream stream = Objects.requireNonNull(Model.class.getResourceAsStream(EMBEDDED))) {
            return GgufFile.read(EMBEDDED, stream);
        }
    }

    /**
     * Maps a file and validates the model in it.
     *
     * @param path of the file; null for the embedded model
     */
    static Model load(@Nullable Path path) throws IOException {
        GgufFile file = open(path);
        try {
            return new Model(file);
        } catch (RuntimeException failure) {
            file.close();
            throw failure;
        }
    }
}

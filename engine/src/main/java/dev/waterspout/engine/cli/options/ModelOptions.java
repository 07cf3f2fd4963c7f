package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.cli.hub.Hub;
import dev.waterspout.engine.cli.hub.HubReference;
import dev.waterspout.engine.cli.hub.HubSettings;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Which model. */
public final class ModelOptions {
    private static final String EMBEDDED = "orator-q8_0.gguf";

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "GGUF model file; without it, the embedded model (3.7M parameters).")
    private @Nullable Path path;

    @Option(
            names = {"-hf", "--hf-repo"},
            paramLabel = "OWNER/REPO[:QUANT]",
            description = "Model on the hub (HF_ENDPOINT, by default Hugging Face; HF_TOKEN where it needs a token),"
                    + " downloaded unless it is in the cache; without QUANT, Q4_K_M or else the first of the"
                    + " repository.")
    private @Nullable String hubModel;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    /** Maps the file. */
    GgufFile open() throws IOException {
        return open(file());
    }

    /** Maps the file and validates the model in it. */
    Model load() throws IOException {
        return load(file());
    }

    /** The models of the hub, kept in the user's cache. */
    static Hub hub() {
        String cache = Environment.cacheFolder()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no folder for downloaded models; set XDG_CACHE_HOME or HOME"));
        return new Hub(HubSettings.of(
                Environment.hubEndpoint(),
                Environment.hubToken(),
                Path.of(cache).resolve("models")));
    }

    private @Nullable Path file() throws IOException {
        if (hubModel == null) {
            return path;
        }
        if (path != null) {
            throw new IllegalArgumentException("both the model file " + path + " and the model " + hubModel
                    + " of the hub; give one of -m and -hf");
        }
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        return hub().fetch(HubReference.parse(hubModel), Progress.downloading(err));
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
    public static Model load(@Nullable Path path) throws IOException {
        GgufFile file = open(path);
        try {
            return new Model(file);
        } catch (RuntimeException failure) {
            file.close();
            throw failure;
        }
    }
}

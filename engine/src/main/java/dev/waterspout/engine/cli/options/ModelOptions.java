package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.cli.hub.Hub;
import dev.waterspout.engine.cli.hub.HubReference;
import dev.waterspout.engine.cli.hub.HubSettings;
import dev.waterspout.engine.cli.print.Progress;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options that name a model. */
public final class ModelOptions {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "GGUF model file; without it, the embedded model (3.7M parameters).")
    private @Nullable Path path;

    @Option(
            names = {"-hf", "--hf-repo"},
            paramLabel = "OWNER/REPO[:QUANT]",
            description = "Model on the hub (HF_ENDPOINT, by default Hugging Face; HF_TOKEN for models that need a"
                    + " token), downloaded unless it is in the cache; without QUANT, Q4_K_M or else the first of the"
                    + " repository.")
    private @Nullable String hubModel;

    @Option(
            names = "--no-mmap",
            description = "Read the whole file into memory instead of mapping it: for network file systems, and for"
                    + " files that may change while the model runs. Every process holds all of it.")
    private boolean inMemory;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    /** Maps the file. */
    public GgufFile open() throws IOException {
        return Waterspout.openFile(file());
    }

    /** Maps or reads the file, as asked for, and validates the model in it. */
    public Model load() throws IOException {
        Optional<Path> file = file();
        return inMemory && file.isPresent() ? Waterspout.openInMemory(file.get()) : Waterspout.open(file);
    }

    /** Returns the downloaded models in the user's cache. */
    public static Hub hub() {
        String cache = Environment.cacheFolder()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no folder for downloaded models; set XDG_CACHE_HOME or HOME"));
        return new Hub(HubSettings.of(
                Environment.hubEndpoint(),
                Environment.hubToken(),
                Path.of(cache).resolve("models")));
    }

    private Optional<Path> file() throws IOException {
        if (hubModel == null) {
            return Optional.ofNullable(path);
        }
        if (path != null) {
            throw new IllegalArgumentException("both the model file " + path + " and the model " + hubModel
                    + " of the hub; give one of -m and -hf");
        }
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        return Optional.of(hub().fetch(HubReference.parse(hubModel), Progress.downloading(err)));
    }
}

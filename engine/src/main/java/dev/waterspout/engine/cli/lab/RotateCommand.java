package dev.waterspout.engine.cli.lab;

import dev.waterspout.engine.cli.file.TextFile;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.device.HostDevice;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.lab.rotate.Basis;
import dev.waterspout.engine.lab.rotate.Rotation;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.TextWindows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code lab rotate}: writes a model with another basis of its residual stream. */
@Command(
        name = "rotate",
        description = "Folds norm weights into the matrices after them and rotates the residual stream. The model's"
                + " results stay the same; the partials' energy is distributed differently over the channels.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class RotateCommand implements Callable<Integer> {
    private static final int WINDOW = 256;
    private static final List<GgmlType> TYPES = List.of(GgmlType.F32, GgmlType.F16, GgmlType.Q8_0);

    /** The new basis. */
    enum Kind {
        /** Principal axes of the partials, which concentrate their energy in few channels. */
        PCA,
        /** A Hadamard matrix with random signs, which spreads their energy over all channels. */
        HADAMARD
    }

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--basis",
            required = true,
            paramLabel = "pca|hadamard",
            description = "pca gathers the energy of a text's partials in few channels, hadamard spreads it over all.")
    private Kind basis = Kind.HADAMARD;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "CALIBRATION",
            description = "With pca: the text, UTF-8.")
    private @Nullable Path calibration;

    @Option(
            names = "--chunks",
            paramLabel = "N",
            defaultValue = "32",
            description = "With pca: largest number of windows of 256 tokens (default: ${DEFAULT-VALUE}).")
    private int windows;

    @Option(
            names = "--type",
            paramLabel = "f32|f16|q8_0",
            defaultValue = "f32",
            description = "Tensor type of matrices in the output (default: ${DEFAULT-VALUE}).")
    private String type = "f32";

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "SEED",
            defaultValue = "1",
            description = "With hadamard: seed of its signs (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Parameters(index = "0", paramLabel = "IN.gguf", description = "The model.")
    private Path input = Path.of("");

    @Parameters(index = "1", paramLabel = "OUT.gguf", description = "File to write.")
    private Path output = Path.of("");

    @Override
    public Integer call() throws IOException {
        GgmlType chosen = chosenType();
        int threads = HostDevice.cores();
        long start = System.nanoTime();
        try (Model model = new Model(GgufFile.open(input))) {
            Rotation rotation = new Rotation(model, chosen);
            Basis to = switch (basis) {
                case HADAMARD -> Basis.hadamard(model.config().width(), seed);
                case PCA -> Basis.principal(model, windows(model), threads);
            };
            rotation.write(to, threads, output);
        }
        Objects.requireNonNull(spec)
                .commandLine()
                .getErr()
                .printf(Locale.ROOT, "%s: written in %.1f s%n", output, (System.nanoTime() - start) / 1e9);
        return ExitCode.OK;
    }

    private TextWindows windows(Model model) throws IOException {
        if (calibration == null) {
            throw new IllegalArgumentException("no calibration text; --basis pca needs one with -f FILE");
        }
        if (windows < 1) {
            throw new IllegalArgumentException("windows of the text is " + windows + "; it must be at least 1");
        }
        return TextWindows.of(model.tokenizer(), TextFile.read(calibration), WINDOW)
                .part(0, windows);
    }

    private GgmlType chosenType() {
        return Arrays.stream(GgmlType.values())
                .filter(TYPES::contains)
                .filter(each -> each.name().equalsIgnoreCase(type))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("type '" + type + "' is not f32, f16 or q8_0"));
    }
}

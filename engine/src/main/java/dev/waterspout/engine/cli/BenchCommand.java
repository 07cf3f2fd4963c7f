package dev.waterspout.engine.cli;

import dev.waterspout.engine.bench.SyntheticModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes models to measure with. */
@Command(
        name = "bench",
        description = "Makes models of random weights to measure with.",
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--make-model",
            required = true,
            paramLabel = "SHAPE:TYPE",
            description = "Writes a model of random weights: llama-110m or tinyllama-1.1b, and f32, f16, bf16, q8_0 or"
                    + " q4_0.")
    private String model = "";

    @Parameters(paramLabel = "FILE", description = "GGUF file to write.")
    private Path file = Path.of("");

    @Override
    public Integer call() throws IOException {
        long start = System.nanoTime();
        SyntheticModel.parse(model).write(file);
        Objects.requireNonNull(spec)
                .commandLine()
                .getErr()
                .printf(
                        Locale.ROOT,
                        "%s: %.2f GB in %.1f s%n",
                        file,
                        Files.size(file) / 1e9,
                        (System.nanoTime() - start) / 1e9);
        return ExitCode.OK;
    }
}

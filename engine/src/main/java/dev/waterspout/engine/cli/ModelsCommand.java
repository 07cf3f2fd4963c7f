package dev.waterspout.engine.cli;

import dev.waterspout.engine.cli.hub.Hub;
import dev.waterspout.engine.cli.hub.HubReference;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.print.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code models}: lists and removes models that were downloaded from the hub. */
@Command(
        name = "models",
        description = "Lists the models that were downloaded with -hf.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ModelsCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = out();
        long bytes = 0;
        for (Hub.Stored stored : ModelOptions.hub().stored()) {
            out.printf(
                    Locale.ROOT,
                    "%12.1f MB  %s  %s%s%n",
                    stored.bytes() / 1e6,
                    stored.repository(),
                    stored.file(),
                    stored.complete() ? "" : " (not complete)");
            bytes += stored.bytes();
        }
        out.printf(
                Locale.ROOT,
                "%12.1f MB  in %s%n",
                bytes / 1e6,
                ModelOptions.hub().folder());
        return ExitCode.OK;
    }

    @Command(name = "remove", description = "Deletes downloaded models.", mixinStandardHelpOptions = true)
    int remove(
            @Parameters(
                            arity = "1..*",
                            paramLabel = "OWNER/REPO[:QUANT]",
                            description = "All files of a repository, or those with the quant in their names.")
                    List<String> names)
            throws IOException {
        List<HubReference> references = names.stream().map(HubReference::parse).toList();
        for (HubReference reference : references) {
            long freed = ModelOptions.hub().remove(reference);
            out().printf(Locale.ROOT, "removed %s, %.1f MB%n", reference, freed / 1e6);
        }
        return ExitCode.OK;
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }
}

package dev.waterspout.engine.cli;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Deployment;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.cli.file.TextFile;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.options.RunOptions;
import dev.waterspout.engine.cli.print.ConsoleEvents;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.PerplexityFormat;
import dev.waterspout.engine.cli.print.PerplexityResult;
import dev.waterspout.engine.cli.print.Progress;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.PerplexityMeter;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code perplexity}: measures the perplexity of a text, and the effect of compression on it. */
@Command(
        name = "perplexity",
        description = "Measures the perplexity of a text: the second half of every window of --ctx-size tokens is"
                + " scored. A run with compression is compared with the same run without.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class PerplexityCommand implements Callable<Integer> {
    private static final int DEFAULT_WINDOW = 512;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelOptions modelOptions = new ModelOptions();

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE",
            description = "File with the text, UTF-8.")
    private Path file = Path.of("");

    @Option(
            names = "--chunks",
            paramLabel = "N",
            defaultValue = "-1",
            description = "Windows to score; -1 for all (default: ${DEFAULT-VALUE}).")
    private int windows;

    @Option(
            names = "--compare",
            negatable = true,
            description = "Run without compression too, and compare; the default if partials are compressed.")
    private @Nullable Boolean compare;

    @Mixin
    private RunOptions runOptions = new RunOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            defaultValue = "text",
            description = "Format of the result on stdout (default: ${DEFAULT-VALUE}).")
    private PerplexityFormat output = PerplexityFormat.TEXT;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (windows == 0 || windows < -1) {
            throw new IllegalArgumentException("windows to score is " + windows + "; it must be -1 or at least 1");
        }
        Context context = runOptions.contextOr(DEFAULT_WINDOW);
        Options options = runOptions.options(true, err).withContext(context);
        try (Session session = Session.join(options, new ConsoleEvents(err, runOptions.explains()))) {
            try (Model model = modelOptions.load()) {
                int chunk = Math.min(options.host().batch(), context.positions());
                int rows = PerplexityMeter.logitRows(model.config().vocabulary(), chunk);
                run(session, model, options.withContext(context.withLogitRows(rows)), out, err);
            } catch (Throwable failure) {
                session.abort(failure);
                throw failure;
            }
        }
        return ExitCode.OK;
    }

    private void run(Session session, Model model, Options options, PrintWriter out, PrintWriter err)
            throws IOException {
        TextWindows text = session.leads() ? cut(model, options.context().positions()) : null;
        Deployment deployment = session.prepare(model, options, Map.of("--compare", String.valueOf(compare)));
        try (Runs runs = new Runs()) {
            if (compares(deployment.options().schedule())) {
                runs.models.add(session.start(deployment.withSchedule(CommSchedule.fixed(PlainFormat.F32))));
            }
            runs.models.add(session.start(deployment));
            if (text == null) {
                session.follow();
                return;
            }
            List<RankGroup> groups =
                    runs.models.stream().map(LanguageModel::group).toList();
            PerplexityMeter meter = new PerplexityMeter(groups, model.config().vocabulary());
            Progress progress = new Progress("perplexity", text.count() + " windows", err);
            for (int window = 0; window < text.count(); window++) {
                meter.score(text, window);
                progress.show(window + 1, text.count());
            }
            runs.models.getFirst().dismiss();
            output.print(new PerplexityResult(deployment, file, text, meter.scores()), out);
        }
    }

    /** Two models on the same ranks, which are closed together. */
    private static final class Runs implements AutoCloseable {
        final List<LanguageModel> models = new ArrayList<>();

        @Override
        public void close() {
            models.forEach(LanguageModel::close);
        }
    }

    private boolean compares(CommSchedule schedule) {
        return compare != null
                ? compare
                : schedule.choices().anyMatch(choice -> !choice.format().equals(PlainFormat.F32));
    }

    private TextWindows cut(Model model, int size) throws IOException {
        TextWindows all = TextWindows.of(model.tokenizer(), TextFile.read(file), size);
        return windows == -1 ? all : all.part(0, windows);
    }
}

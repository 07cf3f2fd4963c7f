package dev.waterspout.engine.cli;

import dev.waterspout.engine.cli.file.TextFile;
import dev.waterspout.engine.cli.options.CommOptions;
import dev.waterspout.engine.cli.options.CommPlanner;
import dev.waterspout.engine.cli.options.HostOptions;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.options.PlanOptions;
import dev.waterspout.engine.cli.options.Session;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.PerplexityFormat;
import dev.waterspout.engine.cli.print.PerplexityResult;
import dev.waterspout.engine.cli.print.Progress;
import dev.waterspout.engine.environment.Version;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.PerplexityMeter;
import dev.waterspout.engine.perplexity.RunScore;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.plan.ShardPlan;
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

/** Says how well a model predicts a text, and what compression changes about that. */
@Command(
        name = "perplexity",
        description = "Measures how well a model predicts a text: the second half of every window of --ctx tokens is"
                + " scored. A run that compresses is compared with the same run uncompressed.",
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
            description = "Run the uncompressed exchange too, and compare; by default where partials are compressed.")
    private @Nullable Boolean compare;

    @Mixin
    private PlanOptions planOptions = new PlanOptions();

    @Mixin
    private CommOptions commOptions = new CommOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            defaultValue = "text",
            description = "How to print the result on stdout (default: ${DEFAULT-VALUE}).")
    private PerplexityFormat output = PerplexityFormat.TEXT;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (windows == 0 || windows < -1) {
            throw new IllegalArgumentException("windows to score is " + windows + "; it must be -1 or at least 1");
        }
        try (Session session = Session.open(planOptions, commOptions, err)) {
            try (Model model = modelOptions.load()) {
                run(session, model, out, err);
            } catch (Throwable failure) {
                session.abort(failure);
                throw failure;
            }
        }
        return ExitCode.OK;
    }

    private void run(Session session, Model model, PrintWriter out, PrintWriter err) throws IOException {
        int size = planOptions.contextOr(DEFAULT_WINDOW);
        TextWindows text = session.hasTerminal() ? cut(model, size) : null;
        ShardPlan plan = planOptions.plan(model, session.ranks());
        List<String> devices = session.agree(
                model.file(),
                List.of(
                        planOptions.facts(session.ranks()),
                        hostOptions.facts(),
                        commOptions.facts(),
                        Map.of("--ctx-size", Integer.toString(size), "--compare", String.valueOf(compare))));
        RankOptions options = options(session, model, size, devices, err);
        try (Runs runs = new Runs()) {
            if (compares(options.schedule())) {
                CommSchedule uncompressed = CommSchedule.fixed(PlainFormat.F32);
                runs.start(model, plan, options.withSchedule(uncompressed), session, commOptions, err);
            }
            runs.start(model, plan, options, session, commOptions, err);
            if (text == null) {
                RankGroup.follow(runs.groups);
                return;
            }
            PerplexityMeter meter =
                    new PerplexityMeter(runs.groups, model.config().vocabulary());
            Progress progress = new Progress("perplexity", text.count() + " windows", err);
            for (int window = 0; window < text.count(); window++) {
                meter.score(text, window);
                progress.show(window + 1, text.count());
            }
            runs.groups.getFirst().dismiss();
            List<RunScore> scores = meter.scores();
            output.print(new PerplexityResult(model, file, plan, devices, options, text, scores), out);
        }
    }

    private RankOptions options(Session session, Model model, int size, List<String> devices, PrintWriter err) {
        RankOptions common = hostOptions.rankOptions(
                session, commOptions, size, model.config().width());
        CommPlanner planner = new CommPlanner(session, commOptions, devices, true, err);
        return planOptions
                .precise(planner.plan(common, model.config().width()))
                .withLogitRows(PerplexityMeter.logitRows(model.config().vocabulary(), common.chunk()));
    }

    /** Groups on the same ranks, closed together. */
    private static final class Runs implements AutoCloseable {
        final List<RankGroup> groups = new ArrayList<>();

        void start(
                Model model,
                ShardPlan plan,
                RankOptions options,
                Session session,
                CommOptions commOptions,
                PrintWriter err) {
            List<ShardFactory> shards =
                    session.shards(commOptions, options, model.config().width(), err);
            RankGroup group = new RankGroup(model, plan, options, shards, session.threads(), groups.size());
            groups.add(group);
            group.preload(
                    session.hasTerminal() && groups.size() == 1 ? Progress.loading(model, err) : (loaded, all) -> {});
        }

        @Override
        public void close() {
            groups.forEach(RankGroup::close);
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

package dev.waterspout.engine.cli.lab;

import dev.waterspout.engine.api.FormatMap;
import dev.waterspout.engine.cli.file.FormatMapFile;
import dev.waterspout.engine.cli.file.TextFile;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.Progress;
import dev.waterspout.engine.device.HostDevice;
import dev.waterspout.engine.lab.search.FormatSearch;
import dev.waterspout.engine.lab.search.SearchResult;
import dev.waterspout.engine.lab.search.SearchSettings;
import dev.waterspout.engine.lab.search.Trial;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.Divergence;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.kernels.codec.WireFormat;
import jakarta.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code lab search}: finds the smallest wire formats for a model within a limit on perplexity. */
@Command(
        name = "search",
        description =
                "Finds the wire formats with the fewest bits for a model, within a limit on perplexity, and prints"
                        + " the measurements. Formats are proposed with the first windows of the text, and measured"
                        + " with the last ones.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class CodecSearchCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelOptions modelOptions = new ModelOptions();

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "TRAIN",
            description = "File with the text, UTF-8.")
    private Path file = Path.of("");

    @Option(
            names = "--budget",
            paramLabel = "PERCENT",
            defaultValue = "1%",
            description = "Largest increase of perplexity, standard error included (default: ${DEFAULT-VALUE}).")
    private String budget = "1%";

    @Option(
            names = {"-tp", "--tensor-parallel-size"},
            paramLabel = "N",
            defaultValue = "2",
            description = "Number of ranks (default: ${DEFAULT-VALUE}).")
    private int ranks;

    @Option(
            names = "--collective",
            paramLabel = "allgather|twostep",
            defaultValue = "allgather",
            description = "Collective (default: ${DEFAULT-VALUE}).")
    private Algorithm algorithm = Algorithm.ALLGATHER;

    @Option(
            names = "--ctx",
            paramLabel = "N",
            defaultValue = "256",
            description = "Tokens of a window (default: ${DEFAULT-VALUE}).")
    private int size;

    @Option(
            names = "--chunks",
            paramLabel = "N",
            defaultValue = "48",
            description =
                    "Number of windows for measuring perplexity, at most half of the text (default: ${DEFAULT-VALUE}).")
    private int windows;

    @Option(
            names = "--sample",
            paramLabel = "N",
            defaultValue = "512",
            description = "Number of tokens whose partials are recorded (default: ${DEFAULT-VALUE}).")
    private int sampleRows;

    @Option(
            names = "--candidates",
            paramLabel = "N",
            defaultValue = "12",
            description = "Number of block formats whose perplexity is measured (default: ${DEFAULT-VALUE}).")
    private int candidates;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "MAP",
            description = "File for the best format map, which --comm map:MAP reads.")
    private @Nullable Path output;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        SearchSettings settings =
                new SearchSettings(percent(), ranks, algorithm, HostDevice.cores(), sampleRows, candidates);
        try (Model model = modelOptions.load()) {
            TextWindows text = TextWindows.of(model.tokenizer(), TextFile.read(file), size);
            int heldOut = Math.min(windows, text.count() / 2);
            int sampled = Math.min(text.count() - heldOut, Math.ceilDiv(sampleRows, size));
            Map<String, Progress> bars = new HashMap<>();
            FormatSearch search = new FormatSearch(
                    model,
                    settings,
                    (what, done, all) -> bars.computeIfAbsent(
                                    what, each -> new Progress(each, Integer.toString(all), err))
                            .show(done, all));
            SearchResult result = search.search(text.part(0, sampled), text.part(text.count() - heldOut, heldOut));
            print(result, settings, out);
            if (output != null && result.winner().isPresent()) {
                FormatMapFile.write(
                        map(model, result, result.winner().get()),
                        output,
                        Json.createObjectBuilder()
                                .add("text", String.valueOf(file.getFileName()))
                                .add("ranks", ranks)
                                .add("collective", algorithm.label())
                                .add("windows", heldOut)
                                .add("windowTokens", size)
                                .add("budgetPercent", settings.budgetPercent())
                                .add("bitsPerElement", result.winner().get().bits())
                                .add(
                                        "increasePercent",
                                        result.winner().get().divergence().increasePercent())
                                .add(
                                        "increaseErrorPercent",
                                        result.winner().get().divergence().increaseErrorPercent())
                                .build());
            }
        }
        return ExitCode.OK;
    }

    private double percent() {
        String number = budget.endsWith("%") ? budget.substring(0, budget.length() - 1) : budget;
        try {
            return Double.parseDouble(number);
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("budget '" + budget + "' is not a percentage, such as 1%", notANumber);
        }
    }

    /** The policy chooses only from uniform formats, because it decides by message size and not by layer. */
    private static FormatMap map(Model model, SearchResult result, Trial winner) {
        Map<WireFormat, Double> measured = new LinkedHashMap<>();
        Stream.concat(result.trials().stream(), result.baselines().stream())
                .filter(trial -> trial.uniform() && Double.isFinite(trial.upperPercent()))
                .forEach(trial -> measured.put(trial.common(), Math.max(0, trial.upperPercent())));
        return new FormatMap(
                String.valueOf(Path.of(model.file().name()).getFileName()),
                model.config().width(),
                model.config().layers(),
                winner.common(),
                winner.exceptions(),
                measured);
    }

    private static void print(SearchResult result, SearchSettings settings, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%d block formats compared by their sums, %d measured; * no other is better in both bits and"
                        + " perplexity%n",
                result.tried(),
                result.trials().size());
        out.printf(
                "%n  %-44s %7s %9s %20s %10s %8s%n", "format", "bits", "of 16 bit", "perplexity +%", "KL mean", "top");
        List<Trial> front = result.front();
        result.trials().stream()
                .sorted(Comparator.comparingDouble(Trial::bits))
                .forEach(trial -> print(front.contains(trial) ? "*" : " ", trial, out));
        out.printf("%n  baselines%n");
        result.baselines().forEach(trial -> print(" ", trial, out));
        out.println();
        if (result.winner().isPresent()) {
            Trial winner = result.winner().get();
            out.printf(
                    Locale.ROOT,
                    "within %s %%: %s, %.2f bits, %.2f times less than 16 bit%n",
                    settings.budgetPercent(),
                    winner.label(),
                    winner.bits(),
                    16 / winner.bits());
        } else {
            out.printf(Locale.ROOT, "within %s %%: none of them%n", settings.budgetPercent());
        }
        out.flush();
    }

    private static void print(String mark, Trial trial, PrintWriter out) {
        Divergence divergence = trial.divergence();
        out.printf(
                Locale.ROOT,
                "%s %-44s %7.3f %8.2fx %11.3f ± %.3f %10.5f %7.2f%%%n",
                mark,
                trial.label(),
                trial.bits(),
                16 / trial.bits(),
                divergence.increasePercent(),
                divergence.increaseErrorPercent(),
                divergence.kl().value(),
                100 * divergence.sameTop().value());
    }
}

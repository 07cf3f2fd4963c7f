package dev.waterspout.benchmarks.quality;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.RankThreads;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.Divergence;
import dev.waterspout.engine.perplexity.PerplexityMeter;
import dev.waterspout.engine.perplexity.RunScore;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Measures what formats add to one model's perplexity on one text, with one number of ranks and one collective: all formats
 * against one uncompressed run, window by window. The result is the same on every machine but for the last digits of sums.
 */
public final class QualityRun {
    private static final int SIZE = 256;

    private QualityRun() {}

    /**
     * Runs and adds the result to a file.
     *
     * @param arguments results file, folder of models and texts, model and text below it, most windows, ranks, collective,
     *     formats separated by commas
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 8) {
            System.err.println("QualityRun: RESULTS FOLDER MODEL TEXT WINDOWS RANKS COLLECTIVE FORMAT,FORMAT,...");
            System.exit(2);
        }
        Path data = Path.of(arguments[1]);
        int ranks = Integer.parseInt(arguments[5]);
        Algorithm algorithm = algorithm(arguments[6]);
        List<WireFormat> formats =
                List.of(arguments[7].split(",")).stream().map(WireFormat::parse).toList();
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("model", String.valueOf(Path.of(arguments[2]).getFileName()))
                .add("text", arguments[3])
                .add("ranks", ranks)
                .add("collective", algorithm.label());
        String text = Files.readString(data.resolve(arguments[3]));
        try (Model model = new Model(GgufFile.open(data.resolve(arguments[2])))) {
            TextWindows windows = TextWindows.of(model.tokenizer(), text, SIZE).part(0, Integer.parseInt(arguments[4]));
            measure(model, windows, ranks, algorithm, formats, json);
        }
        QualityResults.add(Path.of(arguments[0]), json.build());
    }

    private static Algorithm algorithm(String label) {
        return List.of(Algorithm.values()).stream()
                .filter(each -> each.label().equals(label))
                .findFirst()
                .orElseThrow();
    }

    private static void measure(
            Model model,
            TextWindows windows,
            int ranks,
            Algorithm algorithm,
            List<WireFormat> formats,
            JsonObjectBuilder json) {
        List<RankGroup> groups = new ArrayList<>();
        try (RankThreads threads = RankThreads.inProcess(ranks, Duration.ofMinutes(5))) {
            try {
                groups.add(group(model, CommSchedule.fixed(PlainFormat.F32), threads, 0));
                for (WireFormat format : formats) {
                    CommSchedule schedule = CommSchedule.fixed(new CommChoice(algorithm, format, CommChoice.UNCUT));
                    groups.add(group(model, schedule, threads, groups.size()));
                }
                PerplexityMeter meter =
                        new PerplexityMeter(groups, model.config().vocabulary());
                for (int window = 0; window < windows.count(); window++) {
                    meter.score(windows, window);
                }
                put(model.config().width(), windows, formats, meter.scores(), json);
            } finally {
                groups.forEach(RankGroup::close);
            }
        }
    }

    private static RankGroup group(Model model, CommSchedule schedule, RankThreads threads, int number) {
        int rows = PerplexityMeter.logitRows(model.config().vocabulary(), SIZE);
        List<ShardFactory> shards = Collections.nCopies(threads.size(), HostShard.factory(HostKernels.vector()));
        ShardPlan plan = ShardPlan.of(model.config(), model.ffnUnit(), threads.size(), List.of());
        return new RankGroup(
                model,
                plan,
                new RankOptions(SIZE, SIZE, 1, schedule, Duration.ofMinutes(5), rows),
                shards,
                threads,
                number);
    }

    private static void put(
            int width, TextWindows windows, List<WireFormat> formats, List<RunScore> scores, JsonObjectBuilder json) {
        RunScore exact = scores.getFirst();
        json.add("width", width)
                .add("windows", windows.count())
                .add("windowTokens", windows.size())
                .add("scoredTokens", exact.nll().count())
                .add("perplexity", exact.nll().exp())
                .add("perplexityError", exact.nll().expError());
        JsonArrayBuilder all = Json.createArrayBuilder();
        for (int i = 0; i < formats.size(); i++) {
            all.add(format(width, formats.get(i), scores.get(i + 1)));
        }
        json.add("formats", all);
    }

    private static JsonObject format(int width, WireFormat format, RunScore score) {
        Divergence divergence = Objects.requireNonNull(score.divergence());
        return Json.createObjectBuilder()
                .add("format", format.label())
                .add("bitsPerElement", format.encodedBytes(SIZE, width) * 8.0 / SIZE / width)
                .add("perplexity", number(score.nll().exp()))
                .add("increasePercent", number(divergence.increasePercent()))
                .add("increaseErrorPercent", number(divergence.increaseErrorPercent()))
                .add("klMean", number(divergence.kl().value()))
                .add("kl99", number(divergence.kl99()))
                .add("sameTop", number(divergence.sameTop().value()))
                .build();
    }

    /** JSON has neither infinity nor NaN. */
    private static JsonValue number(double value) {
        return Double.isFinite(value) ? Json.createValue(value) : JsonValue.NULL;
    }
}

package dev.waterspout.benchmarks.quality;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.Divergence;
import dev.waterspout.engine.perplexity.RunScore;
import dev.waterspout.engine.perplexity.ScheduleComparison;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Measures the increase of perplexity by wire formats, for one model, text, number of ranks and collective. All formats
 * are compared with one uncompressed run, window by window. Results of different machines differ only in the last
 * digits of sums.
 */
public final class QualityRun {
    private static final int SIZE = 256;

    private QualityRun() {}

    /**
     * Measures, and adds the result to a file.
     *
     * @param arguments results file, folder of models and texts, model and text below it, most windows, ranks,
     *     collective, formats separated by commas
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
            List<CommSchedule> schedules = formats.stream()
                    .map(format -> CommSchedule.fixed(new CommChoice(algorithm, format, CommChoice.UNCUT)))
                    .toList();
            List<RunScore> scores = new ScheduleComparison(
                            model, ranks, Runtime.getRuntime().availableProcessors())
                    .compare(windows, schedules, window -> {});
            put(model.config().width(), windows, formats, scores, json);
        }
        QualityResults.add(Path.of(arguments[0]), json.build());
    }

    private static Algorithm algorithm(String label) {
        return List.of(Algorithm.values()).stream()
                .filter(each -> each.label().equals(label))
                .findFirst()
                .orElseThrow();
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

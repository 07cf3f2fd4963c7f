package dev.waterspout.benchmarks.ttft;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Runs {@code waterspout generate} under {@code benchmarks/network} and reads the output of {@code --stats json}. */
final class CellRunner {
    /** Tokens of the warm-up. The JIT compiles a method after ten thousand calls. */
    private static final int WARM_TOKENS = 1024;

    private final Path root;
    private final Models models;
    private final int predict;
    private final int repetitions;
    private final String autoAllow;
    private final int timeoutSeconds;

    /**
     * @param root root of the source tree
     * @param models the models
     * @param predict tokens to generate, at least 2
     * @param repetitions timed runs of a cell
     * @param autoAllow formats that {@code auto} chooses from; empty for those of the policy's table
     * @param timeoutSeconds time limit of a cell
     */
    CellRunner(Path root, Models models, int predict, int repetitions, String autoAllow, int timeoutSeconds) {
        this.root = root;
        this.models = models;
        this.predict = predict;
        this.repetitions = repetitions;
        this.autoAllow = autoAllow;
        this.timeoutSeconds = timeoutSeconds;
    }

    /**
     * Runs a cell.
     *
     * @throws IOException if the exit code is not 0 or the run is skipped; the message contains the output
     */
    JsonObject run(Cell cell) throws IOException, InterruptedException {
        try (NetworkRun network = NetworkRun.create(root, cell)) {
            String text = network.run(command(cell, network.folder()), timeoutSeconds);
            List<JsonObject> runs = runs(text);
            if (runs.isEmpty()) {
                throw new IOException(cell + ": no run\n" + text);
            }
            return json(cell, runs.subList(runs.size() - repetitions, runs.size()));
        }
    }

    private List<String> command(Cell cell, Path work) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                // An empty cache folder, so that measurements of another link are not used.
                "env",
                "XDG_CACHE_HOME=" + work,
                root.resolve("bin/waterspout").toString(),
                "generate",
                "-f",
                models.prompt(cell.model(), cell.prompt()).toString(),
                "--device",
                "host",
                "-n",
                Integer.toString(predict),
                "-c",
                Integer.toString(cell.prompt() + predict),
                "--temp",
                "0",
                "--stats",
                "json",
                "--repeat",
                Integer.toString(warmUps(cell) + repetitions),
                "--comm",
                cell.comm()));
        if (cell.comm().equals("auto")) {
            command.addAll(List.of("--explain-comm", "--comm-measure", "full"));
            if (!autoAllow.isEmpty()) {
                command.addAll(List.of("--comm-allow", autoAllow));
            }
        }
        models.file(cell.model()).ifPresent(file -> command.addAll(List.of("-m", file.toString())));
        return command;
    }

    private static int warmUps(Cell cell) {
        return 1 + WARM_TOKENS / Math.max(cell.prompt(), 1) / (cell.model().startsWith("tiny") ? 4 : 1);
    }

    private static List<JsonObject> runs(String text) {
        return text.lines()
                .filter(line -> line.startsWith("{\"model\""))
                .map(line -> {
                    try (JsonReader reader = Json.createReader(new StringReader(line))) {
                        return reader.readObject();
                    }
                })
                .toList();
    }

    private JsonObject json(Cell cell, List<JsonObject> runs) throws IOException {
        List<JsonObject> sorted = runs.stream()
                .sorted(Comparator.comparingDouble(run -> number(run, "ttftSeconds")))
                .toList();
        JsonObject median = sorted.get((sorted.size() - 1) / 2);
        int tokens = median.getJsonArray("promptTokens").size();
        if (tokens != cell.prompt()) {
            throw new IOException(cell + ": the prompt has " + tokens + " tokens");
        }
        JsonArrayBuilder times = Json.createArrayBuilder();
        runs.forEach(run -> times.add(Json.createObjectBuilder()
                .add("ttftSeconds", number(run, "ttftSeconds"))
                .add("prefillSeconds", number(run.getJsonObject("prefill"), "seconds"))
                .add("decodeTokensPerSecond", number(run.getJsonObject("decode"), "tokensPerSecond"))));
        return cell.toJson()
                .add("predictTokens", predict)
                .add("threadsPerRank", median.getJsonObject("plan").getInt("threadsPerRank"))
                .add("shape", shape(median.getJsonObject("model")))
                .add("choice", median.getJsonObject("comm"))
                .add("ttftSeconds", number(median, "ttftSeconds"))
                .add(
                        "decodeTokensPerSecond",
                        median(runs.stream()
                                .map(run -> number(run.getJsonObject("decode"), "tokensPerSecond"))
                                .toList()))
                .add("runs", times)
                .add("prefill", median.getJsonObject("prefill"))
                .add("decode", median.getJsonObject("decode"))
                .build();
    }

    /** {@return the description of a model without the path of its file} */
    private static JsonObject shape(JsonObject model) {
        return Json.createObjectBuilder(model).remove("file").build();
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get((sorted.size() - 1) / 2);
    }

    static double number(JsonObject json, String name) {
        return json.getJsonNumber(name).doubleValue();
    }
}

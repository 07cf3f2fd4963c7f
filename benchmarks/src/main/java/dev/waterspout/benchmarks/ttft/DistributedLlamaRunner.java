package dev.waterspout.benchmarks.ttft;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Runs distributed-llama on the same links with the same weights, one thread per rank, and reads the times that it
 * prints for every pass: milliseconds of operations and of synchronization. It supports two types of buffers, each
 * with one tensor type of weights. It generates once per process, so every run is a new process. Its passes have at
 * most 32 tokens.
 */
final class DistributedLlamaRunner {
    /** Its buffer types by the tensor type of the weights. */
    private static final Map<String, String> BUFFERS = Map.of("f32", "f32", "q4_0", "q80");

    private static final Pattern PASS =
            Pattern.compile("(Eval|Pred) *(\\d+) ms Sync *(\\d+) ms \\| Sent *(\\d+) kB Recv *\\d+ kB");
    private static final Pattern TOTAL = Pattern.compile("nTokens: (\\d+)\\s+tokens/s: [\\d.]+ \\(([\\d.]+) ms/tok\\)");

    private final Path root;
    private final Path program;
    private final Models models;
    private final int predict;
    private final int repetitions;
    private final int timeoutSeconds;

    /**
     * @param root root of the source tree
     * @param program distributed-llama's {@code dllama}
     * @param models the models
     * @param predict tokens to generate, at least 2
     * @param repetitions runs of a cell
     * @param timeoutSeconds time limit of a run
     */
    DistributedLlamaRunner(Path root, Path program, Models models, int predict, int repetitions, int timeoutSeconds) {
        this.root = root;
        this.program = program;
        this.models = models;
        this.predict = predict;
        this.repetitions = repetitions;
        this.timeoutSeconds = timeoutSeconds;
    }

    /** {@return the cells that distributed-llama can run, with its buffer type in place of the wire format} */
    static List<Cell> cells(List<Cell> all) {
        return all.stream()
                .map(cell -> cell.withComm(BUFFERS.getOrDefault(type(cell.model()), "")))
                .filter(cell -> !cell.comm().isEmpty())
                .distinct()
                .toList();
    }

    private static String type(String model) {
        return model.substring(model.indexOf(':') + 1);
    }

    /**
     * Runs a cell.
     *
     * @throws IOException if the exit code of a run is not 0 or the run is skipped; the message contains the output
     */
    JsonObject run(Cell cell) throws IOException, InterruptedException {
        Path model = models.beside(cell.model(), ".m", DistributedLlamaModel::writeModel);
        Path vocabulary = models.beside(cell.model(), ".t", DistributedLlamaModel::writeVocabulary);
        List<Run> runs = new ArrayList<>();
        for (int i = 0; i < repetitions; i++) {
            runs.add(run(cell, model, vocabulary));
        }
        return json(cell, runs);
    }

    private Run run(Cell cell, Path model, Path vocabulary) throws IOException, InterruptedException {
        try (NetworkRun network = NetworkRun.create(root, cell)) {
            List<String> command = List.of(
                    root.resolve("benchmarks/distributed-llama-rank").toString(),
                    program.toString(),
                    network.folder().toString(),
                    "inference",
                    "--model",
                    model.toString(),
                    "--tokenizer",
                    vocabulary.toString(),
                    "--buffer-float-type",
                    cell.comm(),
                    "--nthreads",
                    "1",
                    "--temperature",
                    "0",
                    "--prompt",
                    "a".repeat(cell.prompt() - 1),
                    // It treats the prompt's last token as the first step of decode.
                    "--steps",
                    Integer.toString(cell.prompt() - 1 + predict));
            return Run.of(cell, network.run(command, timeoutSeconds));
        }
    }

    private JsonObject json(Cell cell, List<Run> runs) {
        Run median = runs.stream()
                .sorted(Comparator.comparingDouble(Run::ttftSeconds))
                .toList()
                .get((runs.size() - 1) / 2);
        JsonArrayBuilder all = Json.createArrayBuilder();
        runs.forEach(run -> all.add(run.json()));
        return cell.toJson()
                .add("program", "distributed-llama")
                .add("predictTokens", predict)
                .add("threadsPerRank", 1)
                .add("ttftSeconds", median.ttftSeconds())
                .add(
                        "decodeTokensPerSecond",
                        CellRunner.median(
                                runs.stream().map(Run::decodeTokensPerSecond).toList()))
                .add("transferSeconds", median.transferSeconds())
                .add("runs", all)
                .build();
    }

    /**
     * The times of one run.
     *
     * @param ttftSeconds time of all passes of the prompt and of the first of decode, which processes the prompt's
     *     last token
     * @param transferSeconds synchronization within that time; whole milliseconds per pass
     * @param decodeTokensPerSecond speed of all passes of decode
     */
    private record Run(double ttftSeconds, double transferSeconds, double decodeTokensPerSecond) {
        static Run of(Cell cell, String text) throws IOException {
            List<MatchResult> passes = PASS.matcher(text).results().toList();
            List<MatchResult> totals = TOTAL.matcher(text).results().toList();
            if (totals.size() != 2 || Integer.parseInt(totals.getFirst().group(1)) != cell.prompt() - 1) {
                throw new IOException(cell + ": the output of distributed-llama lacks the times\n" + text);
            }
            List<MatchResult> prefill =
                    passes.stream().filter(pass -> pass.group(1).equals("Eval")).toList();
            MatchResult first = passes.get(prefill.size());
            double ttft = seconds(totals.getFirst()) + (milliseconds(first, 2) + milliseconds(first, 3)) / 1e3;
            double sync =
                    prefill.stream().mapToDouble(pass -> milliseconds(pass, 3)).sum() + milliseconds(first, 3);
            return new Run(ttft, sync / 1e3, Double.parseDouble(totals.getLast().group(1)) / seconds(totals.getLast()));
        }

        /**
         * {@return the time of all passes of a phase, from their number of tokens and the milliseconds of one token}
         */
        private static double seconds(MatchResult total) {
            return Double.parseDouble(total.group(1)) * Double.parseDouble(total.group(2)) / 1e3;
        }

        private static double milliseconds(MatchResult pass, int group) {
            return Double.parseDouble(pass.group(group));
        }

        JsonObjectBuilder json() {
            return Json.createObjectBuilder()
                    .add("ttftSeconds", ttftSeconds)
                    .add("transferSeconds", transferSeconds)
                    .add("decodeTokensPerSecond", decodeTokensPerSecond);
        }
    }
}

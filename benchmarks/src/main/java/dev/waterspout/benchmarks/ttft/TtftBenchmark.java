package dev.waterspout.benchmarks.ttft;

import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the cells that the results file lacks, and prints all cells. */
@Command(
        name = "benchmarks/ttft",
        description =
                "Time to first token and decode over MPI between network namespaces; cells that are in the file of"
                        + " results are not run again.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
public final class TtftBenchmark implements Callable<Integer> {
    private static final String LISTS = "orator,llama-110m:q8_0,tinyllama-1.1b:q8_0";

    @Option(names = "--root", required = true, hidden = true)
    private Path root = Path.of("");

    @Option(
            names = "--models",
            split = ",",
            defaultValue = LISTS,
            description = "orator, or SHAPE:TYPE as waterspout bench --make-model takes them.")
    private List<String> models = List.of();

    @Option(names = "--ranks", split = ",", defaultValue = "2,4", description = "Numbers of ranks, 2 to 4.")
    private List<Integer> ranks = List.of();

    @Option(
            names = "--rates",
            split = ",",
            defaultValue = "0.1,1,2.5,10,unlimited",
            description = "Gbit/s each way, or unlimited.")
    private List<String> rates = List.of();

    @Option(
            names = "--comm",
            split = ",",
            defaultValue = "f32,bf16,q8_0,e2m1:32:e8m0,auto",
            description = "Wire formats, and auto.")
    private List<String> formats = List.of();

    @Option(names = "--prompts", split = ",", defaultValue = "32,128,512", description = "Tokens of prompts.")
    private List<Integer> prompts = List.of();

    @Option(
            names = {"-n", "--predict"},
            defaultValue = "16",
            description = "Tokens to generate.")
    private int predict;

    @Option(
            names = {"-r", "--repetitions"},
            defaultValue = "3",
            description = "Timed runs of a cell.")
    private int repetitions;

    @Option(
            names = "--auto-allow",
            defaultValue = "bf16,q8_0,e2m1:32:e8m0",
            description = "Formats that auto chooses from, besides f32; empty for the policy's table.")
    private String autoAllow = "";

    @Option(
            names = "--distributed-llama",
            paramLabel = "PROGRAM",
            description =
                    "distributed-llama's program dllama; it also runs the cells of models in f32 (with f32 buffers)"
                            + " and in q4_0 (with q80 buffers).")
    private @Nullable Path distributedLlama;

    @Option(names = "--again", description = "Also run cells that are in the file.")
    private boolean again;

    @Option(
            names = "--budget-seconds",
            defaultValue = "86400",
            description = "Seconds after which no further cell begins; 0 only prints the tables.")
    private int budget;

    @Option(names = "--timeout-seconds", defaultValue = "600", description = "Time limit of a cell.")
    private int timeout;

    @Option(names = "--folder", required = true, hidden = true)
    private Path folder = Path.of("");

    @Option(names = "--results", required = true, description = "File of results, JSON.")
    private Path file = Path.of("");

    private TtftBenchmark() {}

    /**
     * Runs the benchmark.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new TtftBenchmark())
                .setOverwrittenOptionsAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        long end = System.nanoTime() + budget * 1_000_000_000L;
        TtftResults results = TtftResults.open(file);
        Models files = new Models(folder);
        CellRunner ours = new CellRunner(root, files, predict, repetitions, autoAllow, timeout);
        int failures = measure(cells(), ours::run, results.cells(), results, end);
        if (distributedLlama != null) {
            DistributedLlamaRunner peer =
                    new DistributedLlamaRunner(root, distributedLlama, files, predict, repetitions, timeout);
            failures += measure(DistributedLlamaRunner.cells(cells()), peer::run, results.peers(), results, end);
        }
        results.predict(new TtftPredictions(results.cells(), files));
        System.out.print(new TtftTable(results.cells()));
        System.out.print(new PeerTable(results.cells(), results.peers()));
        return failures == 0 ? 0 : 1;
    }

    @FunctionalInterface
    private interface Runner {
        JsonObject run(Cell cell) throws IOException, InterruptedException;
    }

    /** {@return the number of failed cells; the file is written after every successful one} */
    private int measure(List<Cell> asked, Runner runner, Map<Cell, JsonObject> measured, TtftResults results, long end)
            throws IOException, InterruptedException {
        int failures = 0;
        for (Cell cell : asked) {
            if ((measured.containsKey(cell) && !again) || System.nanoTime() >= end) {
                continue;
            }
            try {
                JsonObject result = runner.run(cell);
                measured.put(cell, result);
                results.write();
                System.err.printf(
                        "%s: %.3f s, %.1f tokens/s%n",
                        cell,
                        CellRunner.number(result, "ttftSeconds"),
                        CellRunner.number(result, "decodeTokensPerSecond"));
            } catch (IOException failed) {
                failures++;
                System.err.println(failed.getMessage());
            }
        }
        return failures;
    }

    private List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (String model : models) {
            for (int n : ranks) {
                for (String rate : rates) {
                    for (int prompt : prompts) {
                        formats.forEach(format -> cells.add(new Cell(model, n, rate, format, prompt)));
                    }
                }
            }
        }
        return cells;
    }
}

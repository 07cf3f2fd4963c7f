package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.bench.Workload;
import dev.waterspout.engine.cli.print.BenchFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The tests of {@code bench}, with the option names of llama-bench. All combinations of the lists are run. */
public final class BenchOptions {
    @Option(
            names = {"-p", "--n-prompt"},
            split = ",",
            paramLabel = "N",
            defaultValue = "512",
            description = "Prompt lengths of prefill tests in tokens; 0 for none (default: ${DEFAULT-VALUE}).")
    private List<Integer> prompts = List.of();

    @Option(
            names = {"-n", "--n-gen"},
            split = ",",
            paramLabel = "N",
            defaultValue = "128",
            description = "Generated tokens of decode tests; 0 for none (default: ${DEFAULT-VALUE}).")
    private List<Integer> generated = List.of();

    @Option(
            names = "-pg",
            paramLabel = "PP,TG",
            description = "A test of prefill and decode together; may be given several times.")
    private List<String> pairs = List.of();

    @Option(
            names = {"-d", "--n-depth"},
            split = ",",
            paramLabel = "N",
            defaultValue = "0",
            description = "Tokens in the context before a test begins (default: ${DEFAULT-VALUE}).")
    private List<Integer> depths = List.of();

    @Option(
            names = {"-np", "--parallel"},
            split = ",",
            paramLabel = "N",
            defaultValue = "1",
            description = "Sequences that run a test at the same time, on the host (default: ${DEFAULT-VALUE}).")
    private List<Integer> parallel = List.of();

    @Option(
            names = {"-t", "--threads"},
            split = ",",
            paramLabel = "N",
            description = "Threads of all ranks together (default: the machine's cores).")
    private List<Integer> threads = List.of();

    @Option(
            names = {"-b", "--batch-size"},
            split = ",",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of a prompt in one forward pass (default: ${DEFAULT-VALUE}).")
    private List<Integer> batches = List.of();

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            defaultValue = "5",
            description = "Runs of every test (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(names = "--no-warmup", description = "Do not run every test before it is timed.")
    private boolean cold;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "md|csv|json|jsonl",
            defaultValue = "md",
            description = "Format of the results on stdout (default: ${DEFAULT-VALUE}).")
    private BenchFormat format = BenchFormat.MD;

    /** A combination of settings that a group of ranks is started with. */
    public record Setting(int threads, int batch) {}

    /**
     * Returns all combinations of threads and batch sizes.
     *
     * @param cores default number of threads
     */
    public List<Setting> settings(int cores) {
        List<Integer> counts = threads.isEmpty() ? List.of(cores) : threads;
        requirePositive("number of threads", counts);
        requirePositive("batch size", batches);
        return counts.stream()
                .flatMap(count -> batches.stream().map(batch -> new Setting(count, batch)))
                .toList();
    }

    /** The tests: prefill, decode, then both, at every depth, each with every number of sequences. */
    public List<Workload> workloads() {
        List<Workload> tests = new ArrayList<>();
        for (int depth : depths) {
            Stream<int[]> single = Stream.concat(
                    prompts.stream().map(each -> new int[] {each, 0}),
                    generated.stream().map(each -> new int[] {0, each}));
            Stream.concat(single, pairs.stream().map(BenchOptions::pair))
                    .filter(each -> each[0] != 0 || each[1] != 0)
                    .forEach(each ->
                            parallel.forEach(number -> tests.add(new Workload(each[0], each[1], depth, number))));
        }
        if (tests.isEmpty()) {
            throw new IllegalArgumentException("no test; -p, -n or -pg must be above 0");
        }
        return tests;
    }

    /**
     * Returns a context for all tests. The cache has one block more per sequence than a test needs, so that the
     * positions before a test stay in the cache between runs.
     *
     * @param context context of one sequence, with its number of positions
     */
    public Context context(Context context) {
        int most = parallel.stream().mapToInt(Integer::intValue).max().orElse(1);
        long each = Math.ceilDiv(context.positions(), BatchLimits.BLOCK_SIZE) + 1L;
        return most == 1 ? context : context.withSequences(most, most * each * BatchLimits.BLOCK_SIZE);
    }

    /** Returns how often each test runs. */
    public int repetitions() {
        if (repetitions < 1) {
            throw new IllegalArgumentException("repetitions " + repetitions + "; there must be at least 1");
        }
        return repetitions;
    }

    /** Returns whether each test runs before it is timed. */
    public boolean warmsUp() {
        return !cold;
    }

    /** Returns how results are printed. */
    public BenchFormat format() {
        return format;
    }

    /** Returns the options that must be equal in all processes of a group. */
    public Map<String, String> facts() {
        return Map.ofEntries(
                Map.entry("-p", prompts.toString()),
                Map.entry("-n", generated.toString()),
                Map.entry("-pg", pairs.toString()),
                Map.entry("-d", depths.toString()),
                Map.entry("-np", parallel.toString()),
                Map.entry("--threads", threads.toString()),
                Map.entry("batch sizes", batches.toString()),
                Map.entry("-r", Integer.toString(repetitions)),
                Map.entry("--no-warmup", Boolean.toString(cold)));
    }

    private static void requirePositive(String name, List<Integer> values) {
        for (int value : values) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " " + value + "; it must be at least 1");
            }
        }
    }

    private static int[] pair(String text) {
        String[] parts = text.split(",", -1);
        int prompt = parts.length == 2 ? number(parts[0]) : -1;
        int generate = parts.length == 2 ? number(parts[1]) : -1;
        if (prompt < 1 || generate < 1) {
            throw new IllegalArgumentException(
                    "-pg " + text + "; it must be two numbers above 0 with a comma between, such as 512,128");
        }
        return new int[] {prompt, generate};
    }

    private static int number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
    }
}

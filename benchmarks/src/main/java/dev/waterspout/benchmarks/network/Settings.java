package dev.waterspout.benchmarks.network;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of a run.
 *
 * @param ranks number of ranks as threads, if no launcher started ranks
 * @param rows tokens per message
 * @param columns the model's width
 * @param choices {@code COLLECTIVE:FORMAT} with plain, allgather or twostep, {@code auto}, {@code auto:quick}, {@code
 *     mpi:f32} or {@code mpi:int16}; the first is the baseline
 * @param chunkKb sizes of an encoded chunk in KiB, for each choice; 0 for no chunks, -1 for the default size of
 *     {@code --comm}
 * @param threads threads per rank
 * @param repetitions repetitions of each measurement, within the budget
 * @param budgetSeconds time limit for all choices of one size together
 * @param results file that the results are appended to; empty for none
 */
record Settings(
        int ranks,
        List<Integer> rows,
        int columns,
        List<String> choices,
        List<Integer> chunkKb,
        int threads,
        int repetitions,
        int budgetSeconds,
        String results) {
    static final String USAGE = """
        usage: CollectiveBenchmark [--rows 1,32,128,512] [--columns 2048] [--chunk-kb -1] [--threads 1]
            [--choices plain:bf16,plain:f32,allgather:e2m1:32:e8m0,twostep:e2m1:32:e8m0,auto,mpi:int16]
            [--repetitions 300] [--budget-seconds 4] [--results FILE] [--ranks 2]\
        """;

    /** The value for the default chunk size of {@code --comm}. */
    static final int USUAL = -1;

    private static final Map<String, String> DEFAULTS = Map.of(
            "--ranks", "2",
            "--rows", "1,32,128,512",
            "--columns", "2048",
            "--choices", "plain:bf16,plain:f32,allgather:e2m1:32:e8m0,twostep:e2m1:32:e8m0,auto,mpi:int16",
            "--chunk-kb", "-1",
            "--threads", "1",
            "--repetitions", "300",
            "--budget-seconds", "4",
            "--results", "");

    /**
     * Parses a command line.
     *
     * @throws IllegalArgumentException for an unknown option or value
     */
    static Settings parse(String[] arguments) {
        Map<String, String> values = new TreeMap<>(DEFAULTS);
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length || values.put(arguments[i], arguments[i + 1]) == null) {
                throw new IllegalArgumentException("unknown option '" + arguments[i] + "'\n" + USAGE);
            }
        }
        return new Settings(
                number(values, "--ranks"),
                numbers(values, "--rows"),
                number(values, "--columns"),
                List.of(value(values, "--choices").split(",")),
                numbers(values, "--chunk-kb"),
                number(values, "--threads"),
                number(values, "--repetitions"),
                number(values, "--budget-seconds"),
                value(values, "--results"));
    }

    private static String value(Map<String, String> values, String option) {
        return values.getOrDefault(option, "");
    }

    private static int number(Map<String, String> values, String option) {
        return Integer.parseInt(value(values, option));
    }

    private static List<Integer> numbers(Map<String, String> values, String option) {
        return Arrays.stream(value(values, option).split(","))
                .map(Integer::valueOf)
                .toList();
    }

    int maxRows() {
        return Collections.max(rows);
    }

    Path resultsPath() {
        return Path.of(results);
    }
}

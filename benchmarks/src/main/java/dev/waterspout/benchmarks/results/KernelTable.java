package dev.waterspout.benchmarks.results;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The results of JMH as a table in Markdown: a row per benchmark and its parameters. */
final class KernelTable {

    private KernelTable() {}

    /**
     * Reads a file that JMH has written.
     *
     * @param file its JSON
     */
    static String of(Path file) throws IOException {
        StringBuilder text = new StringBuilder("| benchmark | parameters | operations/s | ± | GFLOP/s | GB/s |\n");
        text.append("|---|---|--:|--:|--:|--:|\n");
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
            for (JsonObject each : reader.readArray().getValuesAs(JsonObject.class)) {
                text.append(row(each));
            }
        }
        return text.toString();
    }

    private static String row(JsonObject result) {
        String name = result.getString("benchmark").replaceFirst(".*\\.(\\w+)Benchmark\\.", "$1 ");
        String parameters = result.containsKey("params")
                ? result.getJsonObject("params").entrySet().stream()
                        .map(each -> each.getKey() + "="
                                + result.getJsonObject("params").getString(each.getKey()))
                        .collect(Collectors.joining(", "))
                : "";
        JsonObject primary = result.getJsonObject("primaryMetric");
        List<String> cells =
                new ArrayList<>(List.of(name, parameters, number(primary, "score"), number(primary, "scoreError")));
        JsonObject secondary = result.getJsonObject("secondaryMetrics");
        cells.add(giga(secondary, List.of("flops")));
        cells.add(giga(secondary, List.of("weightBytes", "bytes", "f32Bytes")));
        return "| " + String.join(" | ", cells) + " |\n";
    }

    private static String number(JsonObject metric, String name) {
        return String.format(Locale.ROOT, "%.1f", metric.getJsonNumber(name).doubleValue());
    }

    /** {@return the first of the named rates that was measured, in 10^9 per second; empty if none was} */
    private static String giga(JsonObject metrics, List<String> names) {
        return names.stream()
                .filter(metrics::containsKey)
                .findFirst()
                .map(name -> String.format(
                        Locale.ROOT,
                        "%.1f",
                        metrics.getJsonObject(name).getJsonNumber("score").doubleValue() / 1e9))
                .orElse("");
    }
}

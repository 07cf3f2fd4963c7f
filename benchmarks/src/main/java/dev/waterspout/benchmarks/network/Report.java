package dev.waterspout.benchmarks.network;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonWriter;
import jakarta.json.JsonWriterFactory;
import jakarta.json.stream.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * The measurements as a table and as JSON. The baseline of a size is the fastest contender of the first choice,
 * whatever its chunk size, so that a badly chosen chunk size does not slow the baseline.
 *
 * @param link rate in Gbit/s, or {@code unlimited}
 * @param ranks number of ranks
 * @param settings settings of the run
 * @param measurements measurements in any order
 */
record Report(String link, int ranks, Settings settings, List<Measurement> measurements) {
    private static final double KIB = 1024;
    /** The fields that identify a run. */
    private static final List<String> LINK = List.of("linkGbps", "ranks", "columns", "threadsPerRank");

    private Measurement baseline(int rows) {
        String first = settings.choices().getFirst();
        return measurements.stream()
                .filter(each -> each.rows() == rows && each.name().equals(first))
                .min((a, b) -> Double.compare(a.median(), b.median()))
                .orElseThrow();
    }

    String table() {
        StringBuilder text = new StringBuilder();
        text.append("%n%s Gbit/s, %d ranks, width %d, %d thread(s) per rank; ratios against %s; bytes per rank%n"
                .formatted(
                        link,
                        ranks,
                        settings.columns(),
                        settings.threads(),
                        settings.choices().getFirst()));
        text.append("%8s  %-24s %6s %9s %9s %9s %7s %7s %6s  %s%n"
                .formatted(
                        "KB bf16",
                        "choice",
                        "chunk",
                        "KB sent",
                        "median ms",
                        "p90 ms",
                        "ratio",
                        "bytes",
                        "of it",
                        "encode + transfer + sum ms, and what auto took"));
        for (Measurement each : measurements) {
            Measurement baseline = baseline(each.rows());
            double ratio = each.ratio(baseline);
            double bytes = each.bytesRatio(baseline);
            text.append(String.format(
                    Locale.ROOT,
                    "%8.0f  %-24s %6s %9.1f %9.3f %9.3f %7.2f %7.2f %5.0f%%  %.2f + %.2f + %.2f  %s%n",
                    each.rows() * (double) settings.columns() * Short.BYTES / KIB,
                    each.name(),
                    each.chunkRows() == 0 ? "" : each.chunkRows() >= each.rows() ? "-" : each.chunkRows(),
                    each.bytesSent() / KIB,
                    each.median(),
                    each.p90(),
                    ratio,
                    bytes,
                    100 * ratio / bytes,
                    each.encodeMillis(),
                    each.transferMillis(),
                    each.sumMillis(),
                    each.detail()));
        }
        return text.toString();
    }

    /** Removes the report of an earlier run over the same link, and appends this one. */
    void append(Path file) {
        JsonObject own = json();
        JsonArrayBuilder runs = Json.createArrayBuilder();
        earlier(file).stream()
                .filter(run -> !LINK.stream()
                        .allMatch(name ->
                                Objects.equals(own.get(name), run.asJsonObject().get(name))))
                .forEach(runs::add);
        runs.add(own);
        JsonWriterFactory factory = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true));
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            try (JsonWriter writer = factory.createWriter(Files.newBufferedWriter(file))) {
                writer.writeArray(runs.build());
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static JsonArray earlier(Path file) {
        if (!Files.exists(file)) {
            return JsonArray.EMPTY_JSON_ARRAY;
        }
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
            return reader.readArray();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private JsonObject json() {
        JsonArrayBuilder results = Json.createArrayBuilder();
        for (Measurement each : measurements) {
            results.add(Json.createObjectBuilder()
                    .add("choice", each.name())
                    .add("detail", each.detail())
                    .add("rows", each.rows())
                    .add("chunkRows", each.chunkRows())
                    .add("bytesSent", each.bytesSent())
                    .add("repetitions", each.millis().size())
                    .add("medianMs", rounded(each.median()))
                    .add("upperQuartileMs", rounded(each.upperQuartile()))
                    .add("p90Ms", rounded(each.p90()))
                    .add("ratio", rounded(each.ratio(baseline(each.rows()))))
                    .add("bytesRatio", rounded(each.bytesRatio(baseline(each.rows()))))
                    .add("encodeMs", rounded(each.encodeMillis()))
                    .add("transferMs", rounded(each.transferMillis()))
                    .add("sumMs", rounded(each.sumMillis())));
        }
        return Json.createObjectBuilder()
                .add("linkGbps", link)
                .add("ranks", ranks)
                .add("columns", settings.columns())
                .add("threadsPerRank", settings.threads())
                .add("cores", Runtime.getRuntime().availableProcessors())
                .add("baseline", settings.choices().getFirst())
                .add("results", results)
                .build();
    }

    private static double rounded(double value) {
        return Math.rint(value * 1e4) / 1e4;
    }
}

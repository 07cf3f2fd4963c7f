package dev.waterspout.benchmarks.quality;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Prints the measurements as tables in Markdown, and writes the table that the policy reads. */
public final class QualityReport {
    /**
     * Parts of the names of rotated models, which show the effect of a basis. The policy's table does not contain them.
     */
    private static final List<String> ROTATED = List.of("-pca.", "-hadamard.");

    private QualityReport() {}

    /**
     * Prints the tables, and writes the policy's table if its file is given.
     *
     * @param arguments results file; the policy's table
     */
    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        System.out.print(tables(file));
        if (arguments.length > 1) {
            Files.writeString(Path.of(arguments[1]), policyTable(QualityResults.read(file)));
        }
    }

    /**
     * Returns tables in Markdown, one per number of ranks and collective.
     *
     * @param file a file that {@code benchmarks/quality} has written
     */
    public static String tables(Path file) throws IOException {
        List<JsonObject> results = QualityResults.read(file);
        StringBuilder text = new StringBuilder();
        for (int ranks : new int[] {2, 4}) {
            for (String collective : List.of("allgather", "twostep")) {
                List<JsonObject> some = results.stream()
                        .filter(each -> each.getInt("ranks") == ranks
                                && each.getString("collective").equals(collective))
                        .sorted(Comparator.comparing((JsonObject each) -> each.getString("text"))
                                .thenComparing(each -> each.getString("model")))
                        .toList();
                if (!some.isEmpty()) {
                    text.append(table(some, ranks, collective));
                }
            }
        }
        return text.toString();
    }

    private static String table(List<JsonObject> results, int ranks, String collective) {
        StringBuilder text = new StringBuilder("%n## %d ranks, %s%n%n".formatted(ranks, collective));
        StringBuilder head = new StringBuilder("| format | bits | of 16 bit |");
        StringBuilder rule = new StringBuilder("|---|---|---|");
        StringBuilder exact = new StringBuilder("| f32: perplexity, tokens scored | | |");
        for (JsonObject each : results) {
            head.append(String.format(
                    " %s on %s |",
                    each.getString("model").replace(".gguf", ""),
                    each.getString("text").replaceAll("/.*|-heldout.*", "")));
            rule.append("---|");
            exact.append(String.format(
                    Locale.ROOT,
                    " %.2f, %d |",
                    each.getJsonNumber("perplexity").doubleValue(),
                    each.getInt("scoredTokens")));
        }
        text.append(head).append('\n').append(rule).append('\n').append(exact).append('\n');
        formats(results).forEach((label, bits) -> {
            long cellsThere = results.stream()
                    .filter(each -> find(each, label).isPresent())
                    .count();
            if (2 * cellsThere < results.size()) {
                return;
            }
            String cells = results.stream().map(each -> cell(each, label)).collect(Collectors.joining(" | "));
            text.append(String.format(Locale.ROOT, "| `%s` | %.2f | %.2f | %s |%n", label, bits, 16 / bits, cells));
        });
        return text.toString();
    }

    /**
     * {@return the bits per element of all formats, in descending order; those of the widest model, whose rows have
     * the least padding}
     */
    private static Map<String, Double> formats(List<JsonObject> results) {
        Map<String, Double> bits = new LinkedHashMap<>();
        results.stream()
                .sorted(Comparator.comparingInt(each -> each.getInt("width")))
                .flatMap(each -> each.getJsonArray("formats").getValuesAs(JsonObject.class).stream())
                .forEach(each -> bits.put(
                        each.getString("format"),
                        each.getJsonNumber("bitsPerElement").doubleValue()));
        return bits.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
    }

    private static Optional<JsonObject> find(JsonObject result, String label) {
        return result.getJsonArray("formats").getValuesAs(JsonObject.class).stream()
                .filter(each -> each.getString("format").equals(label))
                .findFirst();
    }

    private static String cell(JsonObject result, String label) {
        return find(result, label)
                .map(each -> JsonValue.NULL.equals(each.get("increasePercent"))
                        ? "not finite"
                        : String.format(
                                Locale.ROOT,
                                "%+.2f ± %.2f",
                                each.getJsonNumber("increasePercent").doubleValue(),
                                each.getJsonNumber("increaseErrorPercent").doubleValue()))
                .orElse("");
    }

    /** {@return the table of the formats that devices support and that were measured in all results} */
    private static String policyTable(List<JsonObject> results) {
        List<JsonObject> plain = results.stream()
                .filter(each -> ROTATED.stream().noneMatch(each.getString("model")::contains))
                .toList();
        StringBuilder text = new StringBuilder("""
            # The cost of a wire format in accuracy: the increase of perplexity over f32 exchange, in percent.
            #
            # Written by benchmarks/quality from benchmarks/results/quality.json: do not edit. Each format has \
            its largest
            # measured increase, or 0 if none was above 0, rounded up. Measured with:
            """);
        for (JsonObject each : plain) {
            text.append(String.format(
                    Locale.ROOT,
                    "#   %s on %s, %d tokens scored, %d ranks, %s%n",
                    each.getString("model"),
                    each.getString("text"),
                    each.getInt("scoredTokens"),
                    each.getInt("ranks"),
                    each.getString("collective")));
        }
        text.append("""
            # Most of the largest increases are those of stories260K, which has 260 thousand parameters and rows \
            of two blocks.
            # "waterspout lab search" finds the formats for one model; its format map, or --comm-allow, replaces \
            this table. A
            # format without a line is chosen only if the user names it.
            #
            # format                percent
            """);
        text.append(line("f32", 0));
        List<String> labels = new ArrayList<>(formats(plain).keySet());
        for (String label : labels) {
            WireFormat format = WireFormat.parse(label);
            if (format instanceof MxFormat || format == PlainFormat.BF16) {
                largest(plain, label).ifPresent(percent -> text.append(line(label, percent)));
            }
        }
        return text.toString();
    }

    /** {@return the largest increase; empty if the format was not measured in all results, or was not finite in one} */
    private static Optional<Double> largest(List<JsonObject> results, String label) {
        double largest = 0;
        for (JsonObject result : results) {
            Optional<JsonObject> found = find(result, label);
            if (found.isEmpty() || JsonValue.NULL.equals(found.get().get("increasePercent"))) {
                return Optional.empty();
            }
            largest = Math.max(
                    largest, found.get().getJsonNumber("increasePercent").doubleValue());
        }
        return Optional.of(largest);
    }

    private static String line(String label, double percent) {
        return String.format(Locale.ROOT, "%-23s %.2f%n", label, Math.ceil(percent * 100) / 100);
    }
}

package dev.waterspout.benchmarks.ttft;

import static dev.waterspout.benchmarks.ttft.CellRunner.number;

import jakarta.json.JsonObject;
import java.util.Comparator;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Results as a table in Markdown, one row per cell. */
final class TtftTable {
    static final String PREDICTED = "predictedTtftSeconds";
    static final String ERROR = "predictionError";
    private static final String BASELINE = "bf16";

    private final Map<Cell, JsonObject> cells;
    private final Formatter text = new Formatter(Locale.ROOT);

    TtftTable(Map<Cell, JsonObject> cells) {
        this.cells = cells;
        text.format("| model | ranks | Gbit/s | prompt | comm | TTFT ms | runs | decode tokens/s "
                + "| compute + quantize + transfer + sum ms | against bf16 | bytes allow "
                + "| predicted ms | error |%n");
        text.format("|---|---|---|---|---|---|---|---|---|---|---|---|---|%n");
        cells.forEach(this::row);
    }

    private void row(Cell cell, JsonObject result) {
        JsonObject slowest = slowest(result);
        JsonObject baseline = cells.get(cell.withComm(BASELINE));
        String ratio = "";
        String limit = "";
        if (baseline != null) {
            ratio = two(number(baseline, "ttftSeconds") / number(result, "ttftSeconds"));
            limit = two(limit(baseline, result));
        }
        text.format(
                "| %s | %d | %s | %d | %s | %.1f | %s | %.2f | %.1f + %.1f + %.1f + %.1f | %s | %s | %s | %s |%n",
                cell.model(),
                cell.ranks(),
                cell.link(),
                cell.prompt(),
                label(cell, result),
                1e3 * number(result, "ttftSeconds"),
                spread(result),
                number(result, "decodeTokensPerSecond"),
                1e3 * number(slowest, "computeSeconds"),
                1e3 * number(slowest, "quantizeSeconds"),
                1e3 * number(slowest, "transferSeconds"),
                1e3 * number(slowest, "dequantizeSumSeconds"),
                ratio,
                limit,
                result.containsKey(PREDICTED) ? one(1e3 * number(result, PREDICTED)) : "",
                error(result));
    }

    /**
     * {@return the speed-up over the baseline if its transfer time shrank in proportion to the bytes and all other
     * times were unchanged}
     */
    static double limit(JsonObject baseline, JsonObject result) {
        double share = number(slowest(baseline), "transferSeconds") / number(baseline, "ttftSeconds");
        double bytes = number(slowest(result), "bytesSent") / number(slowest(baseline), "bytesSent");
        return 1 / (1 - share + share * bytes);
    }

    /**
     * {@return the rank with the shortest transfer time; it waits least for the others, so it is the one that computes
     * longest}
     */
    static JsonObject slowest(JsonObject result) {
        List<JsonObject> ranks =
                result.getJsonObject("prefill").getJsonArray("ranks").getValuesAs(JsonObject.class);
        return ranks.stream()
                .min(Comparator.comparingDouble(rank -> number(rank, "transferSeconds")))
                .orElseThrow();
    }

    private static String label(Cell cell, JsonObject result) {
        if (!cell.comm().equals("auto")) {
            return cell.comm();
        }
        JsonObject choice = result.getJsonObject("choice");
        return "auto: " + choice(choice.getJsonObject("prefill")) + "; decode "
                + choice(choice.getJsonObject("decode"));
    }

    private static String choice(JsonObject choice) {
        return choice.getString("collective") + " " + choice.getString("format");
    }

    private static String spread(JsonObject result) {
        List<Double> times = result.getJsonArray("runs").getValuesAs(JsonObject.class).stream()
                .map(run -> 1e3 * number(run, "ttftSeconds"))
                .sorted()
                .toList();
        return "%.1f to %.1f".formatted(times.getFirst(), times.getLast());
    }

    /** {@return the error of the prediction; empty for reference cells, from which predictions are derived} */
    private static String error(JsonObject result) {
        if (!result.containsKey(PREDICTED)) {
            return "";
        }
        return result.containsKey(ERROR)
                ? String.format(Locale.ROOT, "%+.0f %%", 1e2 * number(result, ERROR))
                : "reference";
    }

    private static String one(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String two(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}

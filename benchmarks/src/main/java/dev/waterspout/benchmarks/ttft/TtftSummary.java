package dev.waterspout.benchmarks.ttft;

import static dev.waterspout.benchmarks.ttft.CellRunner.number;

import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The tables and the chart of times to first token in the documentation. */
public final class TtftSummary {
    private static final String BASELINE = "bf16";
    private static final String COMPRESSED = "e2m1:32:e8m0";
    private static final int PROMPT = 512;
    /** The models of the selection, with their names in the table. */
    private static final Map<String, String> MODELS = Map.of("llama-110m:q8_0", "110M", "tinyllama-1.1b:q8_0", "1.1B");

    private static final List<String> ORDER = List.of("llama-110m:q8_0", "tinyllama-1.1b:q8_0");
    private static final List<Integer> RANKS = List.of(2, 4);
    private static final List<String> RATES = List.of("0.1", "1", Cell.UNLIMITED);

    private final TtftResults results;

    private TtftSummary(TtftResults results) {
        this.results = results;
    }

    /**
     * Reads a file of results.
     *
     * @param file a file that {@code benchmarks/ttft} has written
     */
    public static TtftSummary of(Path file) throws IOException {
        return new TtftSummary(TtftResults.open(file));
    }

    /** Returns tables in Markdown: a row per cell, and a row per cell of another program. */
    public String tables() {
        return new TtftTable(results.cells()).toString() + new PeerTable(results.cells(), results.peers());
    }

    /** One row of the selection: the same run in bf16 and compressed. */
    private record Pair(String model, int ranks, String rate, JsonObject baseline, JsonObject compressed) {
        double gain() {
            return number(baseline, "ttftSeconds") / number(compressed, "ttftSeconds");
        }

        boolean is(String otherModel, int otherRanks, String otherRate) {
            return model.equals(otherModel) && ranks == otherRanks && rate.equals(otherRate);
        }

        String text() {
            return String.format(
                    Locale.ROOT,
                    "%.2f → %.2f s, %.2f",
                    number(baseline, "ttftSeconds"),
                    number(compressed, "ttftSeconds"),
                    gain());
        }

        String name() {
            return MODELS.get(model) + ", " + ranks + " ranks, "
                    + (rate.equals(Cell.UNLIMITED) ? "no limit" : rate + " Gbit/s");
        }
    }

    /** {@return the pairs with measurements of both runs} */
    private List<Pair> pairs() {
        List<Pair> pairs = new ArrayList<>();
        for (String rate : RATES) {
            for (String model : ORDER) {
                for (int ranks : RANKS) {
                    Cell cell = new Cell(model, ranks, rate, BASELINE, PROMPT);
                    JsonObject baseline = results.cells().get(cell);
                    JsonObject compressed = results.cells().get(cell.withComm(COMPRESSED));
                    if (baseline != null && compressed != null) {
                        pairs.add(new Pair(model, ranks, rate, baseline, compressed));
                    }
                }
            }
        }
        return pairs;
    }

    /** Returns a table in Markdown of a few cells: a prompt of 512 tokens, in bf16 and in 4.25 bits per element. */
    public String selection() {
        StringBuilder text = new StringBuilder("| model | ranks | 0.1 Gbit/s | 1 Gbit/s | no limit |\n");
        text.append("|---|--:|--:|--:|--:|\n");
        List<Pair> pairs = pairs();
        for (String model : ORDER) {
            for (int ranks : RANKS) {
                text.append("| ").append(MODELS.get(model)).append(" | ").append(ranks);
                for (String rate : RATES) {
                    text.append(" | ")
                            .append(pairs.stream()
                                    .filter(each -> each.is(model, ranks, rate))
                                    .map(Pair::text)
                                    .findFirst()
                                    .orElse("not measured"));
                }
                text.append(" |\n");
            }
        }
        return text.toString();
    }

    /** Returns the speed-ups of the selection as an SVG image: one bar per pair, and a line at a speed-up of 1. */
    public String chart() {
        int left = 200;
        int perUnit = 200;
        int row = 24;
        List<Pair> pairs = pairs();
        int height = 64 + row * pairs.size();
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT, """
            <svg xmlns="http://www.w3.org/2000/svg" width="720" height="%d" font-family="sans-serif" font-size="13">
            <rect width="720" height="%d" fill="#ffffff"/>
            <text x="12" y="22" font-size="15" fill="#222222">Time to first token: speed-up of 4.25 bits per element \
            over bf16</text>
            """, height, height));
        int y = 40;
        for (Pair each : pairs) {
            double gain = each.gain();
            svg.append(String.format(
                    Locale.ROOT,
                    """
                    <text x="%d" y="%d" text-anchor="end" fill="#222222">%s</text>
                    <rect x="%d" y="%d" width="%.0f" height="16" fill="#2a78b5"/>
                    <text x="%.0f" y="%d" fill="#222222">%.2f</text>
                    """,
                    left - 8,
                    y + 13,
                    each.name(),
                    left,
                    y,
                    gain * perUnit,
                    left + gain * perUnit + 6,
                    y + 13,
                    gain));
            y += row;
        }
        svg.append(String.format(
                Locale.ROOT,
                "<line x1=\"%d\" y1=\"34\" x2=\"%d\" y2=\"%d\" stroke=\"#222222\" stroke-dasharray=\"4 3\"/>%n</svg>%n",
                left + perUnit,
                left + perUnit,
                y));
        return svg.toString();
    }
}

package dev.waterspout.benchmarks.ttft;

import static dev.waterspout.benchmarks.ttft.CellRunner.number;

import jakarta.json.JsonObject;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Waterspout and another program on the same links with the same weights, as a table in Markdown: one row per cell of
 * the other program.
 */
final class PeerTable {
    /**
     * Waterspout's wire formats, one per column: the counterparts of the other program's f32 and q80, and one with more
     * compression.
     */
    private static final List<String> FORMATS = List.of("f32", "q8_0", "e2m1:32:e8m0");

    private final Formatter text = new Formatter(Locale.ROOT);

    PeerTable(Map<Cell, JsonObject> ours, Map<Cell, JsonObject> peers) {
        if (peers.isEmpty()) {
            return;
        }
        text.format("%n| model | ranks | Gbit/s | prompt | other's buffers | other's TTFT ms, sync within it | other's "
                + "decode tokens/s ");
        FORMATS.forEach(format -> text.format("| Waterspout %s: TTFT ms, decode tokens/s ", format));
        text.format(
                "| other over Waterspout's best: TTFT; Waterspout's best over other: decode |%n|---|---|---|---|"
                        + "---|---|---%s|---|%n",
                "|---".repeat(FORMATS.size()));
        peers.forEach((cell, peer) -> row(cell, peer, ours));
    }

    private void row(Cell cell, JsonObject peer, Map<Cell, JsonObject> ours) {
        double ttft = number(peer, "ttftSeconds");
        double decode = number(peer, "decodeTokensPerSecond");
        text.format(
                "| %s | %d | %s | %d | %s | %.0f, %.0f | %.1f ",
                cell.model(),
                cell.ranks(),
                cell.link(),
                cell.prompt(),
                cell.comm(),
                1e3 * ttft,
                1e3 * number(peer, "transferSeconds"),
                decode);
        double shortest = Double.POSITIVE_INFINITY;
        double fastest = 0;
        for (String format : FORMATS) {
            JsonObject result = ours.get(cell.withComm(format));
            if (result == null) {
                text.format("| ");
                continue;
            }
            shortest = Math.min(shortest, number(result, "ttftSeconds"));
            fastest = Math.max(fastest, number(result, "decodeTokensPerSecond"));
            text.format("| %.0f, %.1f ", 1e3 * number(result, "ttftSeconds"), number(result, "decodeTokensPerSecond"));
        }
        text.format("| %.2f, %.2f |%n", ttft / shortest, fastest / decode);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}

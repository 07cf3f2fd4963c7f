package dev.waterspout.benchmarks.ttft;

import static dev.waterspout.benchmarks.ttft.CellRunner.number;

import jakarta.json.JsonObject;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Another program beside ours, on the same links with the same weights, as a table in Markdown: one row per cell of the other. */
final class PeerTable {
    /** Wire formats of ours, in columns: the other's f32, its q80, and what compresses more. */
    private static final List<String> FORMATS = List.of("f32", "q8_0", "e2m1:32:e8m0");

    private final Formatter text = new Formatter(Locale.ROOT);

    PeerTable(Map<Cell, JsonObject> ours, Map<Cell, JsonObject> peers) {
        if (peers.isEmpty()) {
            return;
        }
        text.format(
                "%n| model | ranks | Gbit/s | prompt | its buffers | its TTFT ms, of that sync | its decode tokens/s ");
        FORMATS.forEach(format -> text.format("| ours with %s: TTFT ms, decode tokens/s ", format));
        text.format(
                "| best of ours: TTFT, decode |%n|---|---|---|---|---|---|---%s|---|%n", "|---".repeat(FORMATS.size()));
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

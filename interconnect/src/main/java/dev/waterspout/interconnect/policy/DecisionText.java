package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.Decision.Option;
import dev.waterspout.interconnect.policy.Decision.Row;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Formats a decision as readable text. */
final class DecisionText {
    /** Number of options shown for each size, in addition to the chosen one and plain. */
    private static final int SHOWN = 4;

    private static final double GIGABIT = 125e6;

    private final Decision decision;
    private final Formatter text = new Formatter(Locale.ROOT);

    DecisionText(Decision decision) {
        this.decision = decision;
        link();
        decision.formats().forEach(this::codec);
        if (!decision.table().isEmpty()) {
            text.format(
                    "\n%7s %10s   %-46s %10s %10s %10s\n",
                    "rows", "f32 bytes", "exchange", "sent", "predicted", "measured");
        }
        decision.table().forEach(this::row);
    }

    private void link() {
        if (decision.ranks() == 1) {
            text.format("link: none, 1 rank\n");
            return;
        }
        LinkCost link = decision.measurements().link();
        text.format(
                "link: %d ranks, latency %.1f us, %.2f Gbit/s\n",
                decision.ranks(), link.latencySeconds() * 1e6, link.bytesPerSecond() / GIGABIT);
    }

    private void codec(WireFormat format) {
        Cost cost = decision.measurements().codec().costs().get(format);
        if (cost == null) {
            text.format("codec %-14s not measured\n", format.label());
        } else {
            text.format(
                    "codec %-14s encode %s, reduce %s, sum %s%s\n",
                    format.label(),
                    speed(cost.encode()),
                    speed(cost.reduce()),
                    speed(cost.decodeSum()),
                    cost.measured() ? "" : "  (a usual speed: not measured, or not steady when it was)");
        }
    }

    private static String speed(Line line) {
        // If many elements took no longer than few, all of the time is fixed.
        String perElement = line.perElementSeconds() > 0
                ? String.format(Locale.ROOT, "%.3f GB/s + ", line.gigabytesPerSecond())
                : "";
        return perElement + String.format(Locale.ROOT, "%.1f us", line.fixedSeconds() * 1e6);
    }

    private void row(Row row) {
        List<Option> shown = row.options().stream()
                .filter(option -> option.equals(row.chosen())
                        || option.equals(row.plain())
                        || row.options().indexOf(option) < SHOWN)
                .toList();
        String size = String.format(Locale.ROOT, "%7d %10d", row.rows(), row.bytes());
        for (Option option : shown) {
            boolean chosen = option.equals(row.chosen());
            text.format(
                    "%18s %s %-46s %10.0f %10s %10s%s\n",
                    option.equals(shown.getFirst()) ? size : "",
                    chosen ? "*" : " ",
                    option.choice(),
                    option.bytesSent(),
                    millis(option.predictedSeconds()),
                    option.measuredSeconds().isPresent()
                            ? millis(option.measuredSeconds().getAsDouble())
                            : "~" + millis(option.expectedSeconds()),
                    notes(option, row, chosen));
        }
        int more = row.options().size() - shown.size();
        if (more > 0) {
            text.format("%18s   and %d more\n", "", more);
        }
    }

    private static String notes(Option option, Row row, boolean chosen) {
        String notes = String.join(
                ", ",
                Stream.of(option.equals(row.plain()) ? "plain" : "", chosen ? row.why() : "")
                        .filter(note -> !note.isEmpty())
                        .toList());
        return notes.isEmpty() ? "" : "  " + notes;
    }

    private static String millis(double seconds) {
        return String.format(Locale.ROOT, "%.3f ms", seconds * 1e3);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}

package dev.waterspout.engine.cli.print;

import dev.waterspout.kernels.device.tune.KernelTimes;
import dev.waterspout.kernels.device.tune.TuneCase;
import dev.waterspout.kernels.device.tune.TuneResult;
import dev.waterspout.kernels.device.tune.TuneResult.Timed;
import dev.waterspout.kernels.probe.DeviceCeiling;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The table of {@code tune}: per kernel and shape the fastest choice, its speed relative to the device's limit, the
 * second fastest choice and the default.
 */
public final class TuneTable {
    private static final List<String> HEADER = List.of(
            "kernel and shape",
            "winner",
            "kernel us",
            "spread",
            "rate",
            "of limit",
            "copy us",
            "dispatch us",
            "runner-up",
            "us",
            "default",
            "us",
            "gain",
            "wrong or failed",
            "untried");

    private final @Nullable DeviceCeiling ceiling;

    /**
     * @param ceiling ceiling of the device, or null if it was not measured
     */
    public TuneTable(@Nullable DeviceCeiling ceiling) {
        this.ceiling = ceiling;
    }

    /** Prints markdown whose columns are aligned. */
    public void print(List<TuneResult> results, PrintWriter out) {
        List<List<String>> rows = new ArrayList<>(List.of(HEADER));
        results.forEach(result -> rows.add(row(result)));
        int[] widths = new int[HEADER.size()];
        for (List<String> row : rows) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        List<String> rule = new ArrayList<>();
        for (int width : widths) {
            rule.add("-".repeat(width));
        }
        rows.add(1, rule);
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("|");
            for (int column = 0; column < widths.length; column++) {
                line.append(' ')
                        .append(row.get(column))
                        .repeat(' ', widths[column] - row.get(column).length())
                        .append(" |");
            }
            out.println(line);
        }
        out.flush();
    }

    private List<String> row(TuneResult result) {
        Timed winner = result.winner();
        KernelTimes times = winner.median();
        Rate rate = Rate.of(result.tuned(), times.kernelNanos(), ceiling);
        return List.of(
                shape(result.tuned()),
                winner.choice().label(),
                micros(times.kernelNanos()),
                percent(winner.spread()),
                rate.text(),
                rate.ofLimit(),
                micros(times.copyNanos()),
                micros(times.dispatchNanos()),
                result.runnerUp().map(each -> each.choice().label()).orElse("-"),
                result.runnerUp()
                        .map(each -> micros(each.median().kernelNanos()))
                        .orElse("-"),
                result.byDefault().choice().label(),
                micros(result.byDefault().median().kernelNanos()),
                String.format(Locale.ROOT, "%.2f x", result.gain()),
                Integer.toString(result.rejected().size()),
                Integer.toString(result.untried()));
    }

    private static String shape(TuneCase tuned) {
        String label = tuned.shape().label();
        return tuned.timedTokens() == tuned.shape().tokens() ? label : label + " (" + tuned.timedTokens() + " timed)";
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.1f", nanos / 1e3);
    }

    private static String percent(double fraction) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * fraction);
    }

    /**
     * The speed of a kernel, in the unit of the limit that it is closer to.
     *
     * @param text number and unit
     * @param ofLimit percent, or a dash where no limit is known
     */
    private record Rate(String text, String ofLimit) {
        /** Operations per byte from which on arithmetic is the limit, if the device's limits are unknown. */
        private static final double BALANCE = 8;

        static Rate of(TuneCase tuned, long nanos, @Nullable DeviceCeiling ceiling) {
            double seconds = Math.max(1, nanos) / 1e9;
            double bytes = tuned.bytes() / seconds;
            double flops = tuned.flops() / seconds;
            if (ceiling == null) {
                return tuned.flops() > BALANCE * tuned.bytes()
                        ? new Rate(giga(flops, "GFLOP/s"), "-")
                        : new Rate(giga(bytes, "GB/s"), "-");
            }
            double ofBytes = bytes / ceiling.readBytesPerSecond();
            double ofFlops = flops / ceiling.flopsPerSecond();
            return ofFlops > ofBytes
                    ? new Rate(giga(flops, "GFLOP/s"), percent(ofFlops))
                    : new Rate(giga(bytes, "GB/s"), percent(ofBytes));
        }

        private static String giga(double perSecond, String unit) {
            return String.format(Locale.ROOT, "%.1f %s", perSecond / 1e9, unit);
        }
    }
}

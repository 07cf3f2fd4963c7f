package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.cli.hub.HubProgress;
import dev.waterspout.engine.environment.Environment;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Progress on stderr, for operations that take longer than a moment. */
public final class Progress {
    private static final long PATIENCE_NANOS = 500_000_000;
    private static final long INTERVAL_NANOS = 200_000_000;
    private static final int BAR = 20;

    private final String what;
    private final String total;
    private final PrintWriter err;
    private final boolean interactive = Environment.interactive();
    private final long start = System.nanoTime();
    private long shown = start + PATIENCE_NANOS - INTERVAL_NANOS;
    private int lastPercent = -1;

    /**
     * @param what name of the operation
     * @param total total amount, as text for the user
     * @param err stream to print to
     */
    public Progress(String what, String total, PrintWriter err) {
        this.what = what;
        this.total = total;
        this.err = err;
    }

    /** Returns a listener that shows the progress of a download. */
    public static HubProgress downloading(PrintWriter err) {
        Map<String, Progress> files = new ConcurrentHashMap<>();
        return (file, done, all) -> files.computeIfAbsent(
                        file,
                        name -> new Progress(
                                "downloading " + name, String.format(Locale.ROOT, "%.0f MB", all / 1e6), err))
                .show(done, all);
    }

    /**
     * Shows the progress from time to time.
     *
     * @param done how many of {@code all}
     * @param all when it is finished
     */
    public synchronized void show(long done, long all) {
        long now = System.nanoTime();
        boolean started = lastPercent >= 0;
        boolean finished = done == all;
        if (now - shown < INTERVAL_NANOS && !(finished && started)) {
            return;
        }
        int percent = (int) (done * 100 / Math.max(1, all));
        if (interactive) {
            int filled = percent * BAR / 100;
            err.printf("\r%s [%s%s] %d %% of %s", what, "#".repeat(filled), "-".repeat(BAR - filled), percent, total);
            if (finished) {
                err.println();
            }
            err.flush();
        } else if (percent / 10 > lastPercent / 10 || !started) {
            // If lines cannot be overwritten, one line is printed per tenth.
            err.printf("%s: %d %% of %s%n", what, percent, total);
            err.flush();
        }
        lastPercent = percent;
        shown = now;
    }
}

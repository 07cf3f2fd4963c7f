package dev.waterspout.engine.cli;

import dev.waterspout.engine.forward.LoadListener;
import java.io.PrintWriter;

/** Progress of a load on stderr, from the moment that it is slow enough to be worth a line. */
final class Progress implements LoadListener {
    private static final long PATIENCE_NANOS = 500_000_000;
    private static final long INTERVAL_NANOS = 200_000_000;

    private final String what;
    private final PrintWriter err;
    private final boolean interactive = Environment.interactive();
    private final long start = System.nanoTime();
    private long shown = start + PATIENCE_NANOS - INTERVAL_NANOS;
    private int lastPercent = -1;

    Progress(String what, PrintWriter err) {
        this.what = what;
        this.err = err;
    }

    @Override
    public synchronized void loaded(long bytes, long total) {
        long now = System.nanoTime();
        boolean started = lastPercent >= 0;
        boolean done = bytes == total;
        if (now - shown < INTERVAL_NANOS && !(done && started)) {
            return;
        }
        int percent = (int) (bytes * 100 / Math.max(1, total));
        // Where lines cannot be overwritten, one for every tenth is enough.
        if (interactive || percent / 10 > lastPercent / 10 || !started) {
            err.printf(interactive ? "\r%s: %d %% of %.0f MB" : "%s: %d %% of %.0f MB%n", what, percent, total / 1e6);
            if (interactive && done) {
                err.println();
            }
            err.flush();
            lastPercent = percent;
        }
        shown = now;
    }
}

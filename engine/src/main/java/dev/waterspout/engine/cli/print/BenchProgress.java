package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.environment.Environment;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * Prints the current test on stderr: one line per test, which is overwritten after each run if the terminal allows it.
 */
public final class BenchProgress {
    private final PrintWriter err;
    private final int tests;
    private final boolean interactive = Environment.interactive();
    private int test;
    private String what = "";

    /**
     * @param tests number of tests
     * @param err stream to print to
     */
    public BenchProgress(int tests, PrintWriter err) {
        this.tests = tests;
        this.err = err;
    }

    /** Begins a test of this name. */
    public void begin(String name) {
        test++;
        what = String.format(Locale.ROOT, "waterspout: test %d of %d, %s", test, tests, name);
        if (!interactive) {
            err.println(what);
            err.flush();
        }
    }

    /** Shows the step of the test. */
    public void step(String step) {
        if (interactive) {
            err.printf("\r%s: %s\u001b[K", what, step);
            err.flush();
        }
    }

    /** Clears the line, so that a row may be printed. */
    public void end() {
        if (interactive) {
            err.print("\r\u001b[K");
            err.flush();
        }
    }
}

package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.api.Events;
import dev.waterspout.interconnect.InterconnectException;
import java.io.PrintWriter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Prints progress and decisions on stderr while a model loads and runs. */
public final class ConsoleEvents implements Events {
    private final PrintWriter err;
    private final boolean explains;
    private @Nullable Progress loading;

    /**
     * @param err stream to print to
     * @param explains whether to print why a schedule was chosen
     */
    public ConsoleEvents(PrintWriter err, boolean explains) {
        this.err = err;
        this.explains = explains;
    }

    @Override
    public synchronized void loading(String model, long bytes, long all) {
        if (loading == null) {
            loading = new Progress("loading " + model, String.format(Locale.ROOT, "%.0f MB", all / 1e6), err);
        }
        loading.show(bytes, all);
        if (bytes == all) {
            loading = null;
        }
    }

    @Override
    public void note(String sentence) {
        err.println("waterspout: " + sentence);
        err.flush();
    }

    @Override
    public void explanation(String lines) {
        if (explains) {
            err.println(lines);
            err.flush();
        }
    }

    @Override
    public void lost(InterconnectException cause) {
        note(String.valueOf(cause.getMessage()));
        Runtime.getRuntime().halt(ExitCode.PEER);
    }
}

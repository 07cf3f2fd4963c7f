package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Context;
import picocli.CommandLine.Option;

/** Options of sequences that are generated at the same time, and of the KV cache that they share. */
public final class ParallelOptions {
    @Option(
            names = {"-np", "--parallel"},
            paramLabel = "N",
            defaultValue = "1",
            description = "Sequences that are generated at the same time; each has -c positions (default:"
                    + " ${DEFAULT-VALUE}).")
    private int sequences;

    @Option(
            names = "--cache-size",
            paramLabel = "N",
            description = "Positions of the KV cache, which all sequences share; if none is free, the youngest"
                    + " sequence waits and is computed again (default: -np times -c).")
    private long cacheSize;

    /** Returns the number of sequences that are generated at the same time. */
    public int sequences() {
        return sequences;
    }

    /**
     * Returns a context for this number of sequences.
     *
     * @param context context of one sequence
     */
    public Context context(Context context) {
        return context.withSequences(sequences, cacheSize);
    }
}

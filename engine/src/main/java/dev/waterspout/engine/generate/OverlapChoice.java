package dev.waterspout.engine.generate;

import dev.waterspout.engine.forward.Overlap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Decides, on rank 0, whether a pass computes some of its rows while the partials of others are exchanged. Passes of
 * about the same number of rows run alternately with and without overlap, twice each, or until one alternative is
 * clearly faster although it ran earlier, when less code was compiled. From then on the alternative whose fastest pass
 * took less time per row is used, and the other one is tried again from time to time.
 */
final class OverlapChoice {
    private static final int TRIALS = 2;
    private static final int RETRY = 32;
    /** A clear ratio of the times of both alternatives. */
    private static final double CLEAR = 1.15;

    private final Overlap mode;
    private Consumer<String> explanations = _ -> {};
    /** By the number of binary digits of the rows. */
    private final Map<Integer, Sizes> sizes = new HashMap<>();

    /** Times of passes with about the same number of rows. */
    private static final class Sizes {
        int passes;
        boolean decided;
        /** Nanoseconds per row of the fastest pass, whole and with overlap. */
        final double[] fastest = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
    }

    /** @param mode the requested mode */
    OverlapChoice(Overlap mode) {
        this.mode = mode;
    }

    /**
     * Sets the receiver of each decision: a line per number of rows, once both alternatives have been tried.
     *
     * @param sink receiver
     */
    void explain(Consumer<String> sink) {
        explanations = sink;
    }

    /**
     * Returns whether the next pass is done with overlap.
     *
     * @param rows rows of the pass, more than it takes for parts
     */
    boolean next(int rows) {
        if (mode != Overlap.AUTO) {
            return mode == Overlap.ON;
        }
        Sizes alike = sizes(rows);
        boolean faster = alike.fastest[1] <= alike.fastest[0];
        if (!alike.decided) {
            return alike.passes % 2 == 0;
        }
        return (alike.passes % RETRY == RETRY - 1) != faster;
    }

    /**
     * Records the time of a pass.
     *
     * @param rows rows of the pass
     * @param overlapped the overlapped exchange
     * @param nanos duration in nanoseconds
     */
    void took(int rows, boolean overlapped, long nanos) {
        Sizes alike = sizes(rows);
        int way = overlapped ? 1 : 0;
        alike.passes++;
        alike.fastest[way] = Math.min(alike.fastest[way], (double) nanos / rows);
        boolean clear = CLEAR * alike.fastest[1 - way] < alike.fastest[way];
        if (mode == Overlap.AUTO && !alike.decided && (clear || alike.passes == 2 * TRIALS)) {
            alike.decided = true;
            int least = Integer.highestOneBit(rows);
            explanations.accept(String.format(
                    Locale.ROOT,
                    "overlap: %s for passes of %d to %d tokens (a token takes %.0f us with overlap, %.0f us without)",
                    alike.fastest[1] <= alike.fastest[0] ? "on" : "off",
                    least,
                    2L * least - 1,
                    alike.fastest[1] / 1e3,
                    alike.fastest[0] / 1e3));
        }
    }

    private Sizes sizes(int rows) {
        return sizes.computeIfAbsent(Integer.SIZE - Integer.numberOfLeadingZeros(rows), _ -> new Sizes());
    }
}

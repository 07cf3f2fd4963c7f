package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A choice for every size of exchange, the same on every rank.
 *
 * @param steps in ascending order of rows; the last one serves all larger exchanges too
 */
public record CommSchedule(List<Step> steps) {
    /**
     * One choice.
     *
     * @param maxRows the largest exchange it is for
     * @param choice how that is done
     */
    public record Step(int maxRows, CommChoice choice) {}

    /** Checks the order. */
    public CommSchedule {
        steps = List.copyOf(steps);
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("a schedule with 0 steps; it needs at least 1");
        }
        if (!steps.equals(
                steps.stream().sorted(Comparator.comparingInt(Step::maxRows)).toList())) {
            throw new IllegalArgumentException("schedule " + steps + " is not in ascending order of rows");
        }
    }

    /**
     * Returns the schedule that always takes the same choice.
     *
     * @param choice for every size
     */
    public static CommSchedule fixed(CommChoice choice) {
        return new CommSchedule(List.of(new Step(Integer.MAX_VALUE, choice)));
    }

    /**
     * Returns the schedule of one all-gather format, uncut.
     *
     * @param format what partials travel as
     */
    public static CommSchedule fixed(WireFormat format) {
        return fixed(new CommChoice(Algorithm.ALLGATHER, format, CommChoice.UNCUT));
    }

    /**
     * Returns the choice for an exchange.
     *
     * @param rows tokens, at least 1
     */
    public CommChoice choice(int rows) {
        for (Step step : steps) {
            if (rows <= step.maxRows()) {
                return step.choice();
            }
        }
        return steps.getLast().choice();
    }

    /** Returns all choices, each once. */
    public Stream<CommChoice> choices() {
        return steps.stream().map(Step::choice).distinct();
    }
}

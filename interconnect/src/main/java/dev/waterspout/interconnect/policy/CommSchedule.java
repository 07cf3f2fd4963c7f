package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.RangeCheck;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A choice for every size of exchange, the same on every rank.
 *
 * @param steps steps in ascending order of rows; the last one applies to all larger exchanges too
 * @param formats formats of the exchanges of a forward pass whose format differs from that of the steps, by number of
 *     the exchange: twice the layer, plus 1 for its feed-forward half
 * @param saturation the consequence of partials beyond the range of their format
 */
public record CommSchedule(List<Step> steps, SortedMap<Integer, WireFormat> formats, Saturation saturation) {
    /**
     * One choice.
     *
     * @param maxRows the largest exchange it is for
     * @param choice collective, wire format and chunk size
     */
    public record Step(int maxRows, CommChoice choice) {}

    /** Checks the order. */
    public CommSchedule {
        steps = List.copyOf(steps);
        formats = Collections.unmodifiableSortedMap(new TreeMap<>(formats));
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("a schedule with 0 steps; it needs at least 1");
        }
        if (!steps.equals(
                steps.stream().sorted(Comparator.comparingInt(Step::maxRows)).toList())) {
            throw new IllegalArgumentException("schedule " + steps + " is not in ascending order of rows");
        }
    }

    /**
     * Creates a schedule with a choice for every size, the same for all exchanges of a forward pass.
     *
     * @param steps steps in ascending order of rows; the last one applies to all larger exchanges too
     */
    public CommSchedule(List<Step> steps) {
        this(steps, new TreeMap<>(), Saturation.COUNT);
    }

    /**
     * Returns this schedule with formats of their own for some exchanges.
     *
     * @param others by the number of the exchange
     */
    public CommSchedule withFormats(Map<Integer, WireFormat> others) {
        return new CommSchedule(steps, new TreeMap<>(others), saturation);
    }

    /**
     * Returns this schedule with another consequence of saturation.
     *
     * @param other the consequence
     */
    public CommSchedule withSaturation(Saturation other) {
        return new CommSchedule(steps, formats, other);
    }

    /**
     * Returns this schedule with one algorithm and one format for exchanges of all sizes, so that the sum of a token's
     * partials does not depend on how many other tokens are exchanged with it. Where all formats are f32 it does not
     * depend on that in any case, and the schedule stays.
     *
     * @param rows number of rows whose exchange has the algorithm and the format
     */
    public CommSchedule uniform(int rows) {
        if (choices().allMatch(choice -> choice.format().equals(PlainFormat.F32))) {
            return this;
        }
        CommChoice common = choice(rows);
        List<Step> alike = steps.stream()
                .map(step -> new Step(
                        step.maxRows(),
                        new CommChoice(
                                common.algorithm(),
                                common.format(),
                                step.choice().chunkRows())))
                .toList();
        return new CommSchedule(alike, formats, saturation);
    }

    /**
     * Returns the choices as readable text, such as {@code allgather bf16 up to 8 rows, reduce-scatter bf16 beyond}.
     */
    public String description() {
        List<String> parts = new ArrayList<>();
        for (Step step : steps.subList(0, steps.size() - 1)) {
            parts.add(step.choice() + " up to " + step.maxRows() + (step.maxRows() == 1 ? " row" : " rows"));
        }
        parts.add(steps.getLast().choice() + (steps.size() == 1 ? "" : " beyond"));
        if (!formats.isEmpty()) {
            parts.add("other formats in " + formats.size() + " exchanges");
        }
        return String.join(", ", parts);
    }

    /** Returns whether a format of this schedule can saturate, which is then to be watched. */
    public boolean canSaturate() {
        return choices().map(CommChoice::format).anyMatch(RangeCheck::isNeeded);
    }

    /** Returns this schedule with bf16 in place of every format that can saturate. */
    public CommSchedule withoutSaturation() {
        List<Step> held = steps.stream()
                .map(step -> new Step(
                        step.maxRows(),
                        step.choice().withFormat(held(step.choice().format()))))
                .toList();
        SortedMap<Integer, WireFormat> others = new TreeMap<>();
        formats.forEach((exchange, format) -> others.put(exchange, held(format)));
        return new CommSchedule(held, others, saturation);
    }

    private static WireFormat held(WireFormat format) {
        return RangeCheck.isNeeded(format) ? PlainFormat.BF16 : format;
    }

    /**
     * Returns the schedule that always takes the same choice.
     *
     * @param choice choice for every size
     */
    public static CommSchedule fixed(CommChoice choice) {
        return new CommSchedule(List.of(new Step(Integer.MAX_VALUE, choice)));
    }

    /**
     * Returns the schedule of one all-gather format, uncut.
     *
     * @param format the wire format of partials
     */
    public static CommSchedule fixed(WireFormat format) {
        return fixed(new CommChoice(Algorithm.ALLGATHER, format, CommChoice.UNCUT));
    }

    /**
     * Returns the choice for an exchange that has no format of its own.
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

    /**
     * Returns the choice for an exchange.
     *
     * @param rows tokens, at least 1
     * @param exchange its number in the forward pass
     */
    public CommChoice choice(int rows, int exchange) {
        CommChoice common = choice(rows);
        return common.withFormat(formats.getOrDefault(exchange, common.format()));
    }

    /**
     * Returns all choices for exchanges of one size, each once.
     *
     * @param rows tokens, at least 1
     */
    public Stream<CommChoice> choices(int rows) {
        return variants(choice(rows)).distinct();
    }

    /** Returns all choices, each once. */
    public Stream<CommChoice> choices() {
        return steps.stream().map(Step::choice).flatMap(this::variants).distinct();
    }

    private Stream<CommChoice> variants(CommChoice choice) {
        return Stream.concat(Stream.of(choice), formats.values().stream().map(choice::withFormat));
    }
}

package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.CommSchedule.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleBiFunction;

/**
 * Selects one choice per size by expected time, from the smallest size to the largest. The choice of a size is also
 * that of the next size, unless another one is faster by more than a margin for noise. A choice must beat the best
 * baseline by the same margin.
 */
final class Chooser {
    /** The fraction of the time that a choice in another format must save. */
    static final double GAIN = 0.03;

    /** The margin for another algorithm or chunk size in the same format, whose sums have the same errors. */
    static final double GAIN_IN_FORMAT = 0.01;

    /**
     * The margin for a choice that replaces a baseline while codec speeds are assumed: the true speed may be half of
     * the assumed one.
     */
    static final double GAIN_IF_ASSUMED = 0.2;

    private final List<Integer> sizes;
    private final List<CommChoice> baselines;
    private final ToDoubleBiFunction<CommChoice, Integer> seconds;
    private final double gain;

    /**
     * @param sizes rows, ascending
     * @param baselines the uncompressed choices that the others must beat; the first is the preferred one
     * @param seconds the expected time of a choice for some rows
     * @param gain the fraction of the best baseline's time that a compressed choice must save
     */
    Chooser(
            List<Integer> sizes,
            List<CommChoice> baselines,
            ToDoubleBiFunction<CommChoice, Integer> seconds,
            double gain) {
        this.sizes = sizes;
        this.baselines = baselines;
        this.seconds = seconds;
        this.gain = gain;
    }

    /** The choices for a size. */
    @FunctionalInterface
    interface Options {
        List<CommChoice> of(int rows);
    }

    /** {@return one choice per size} */
    List<CommChoice> choose(Options options) {
        List<CommChoice> chosen = new ArrayList<>();
        CommChoice incumbent = baselines.getFirst();
        for (int rows : sizes) {
            List<CommChoice> all = options.of(rows);
            List<CommChoice> plain = plain(all);
            double limit = seconds(fastest(rows, plain), rows);
            List<CommChoice> eligible = all.stream()
                    .filter(choice -> plain.contains(choice) || seconds(choice, rows) <= (1 - gain) * limit)
                    .toList();
            if (!eligible.contains(incumbent)) {
                incumbent = plain.getFirst();
            }
            // Exact formats come first: others must beat the best of them by the margin.
            incumbent = settled(incumbent, rows, exact(plain));
            incumbent = settled(incumbent, rows, plain);
            incumbent = settled(incumbent, rows, eligible);
            chosen.add(incumbent);
        }
        return chosen;
    }

    /**
     * {@return one choice per size, all of more than one row with one format} The format is the one with the least time
     * for all sizes together, if it is clearly faster than the baselines.
     */
    List<CommChoice> chooseLocked(Options options) {
        List<Integer> more = sizes.stream().filter(rows -> rows > 1).toList();
        List<CommChoice> chosen = new ArrayList<>(choose(options).subList(0, sizes.size() - more.size()));
        if (more.isEmpty()) {
            return chosen;
        }
        List<CommChoice> best = List.of();
        double least = Double.POSITIVE_INFINITY;
        for (CommChoice uncut : uncutOfEachFormat(options.of(more.getLast()))) {
            Predicate<CommChoice> same = choice -> choice.format().equals(uncut.format());
            List<CommChoice> own = new Chooser(more, List.of(uncut), seconds, GAIN)
                    .choose(rows -> options.of(rows).stream().filter(same).toList());
            double total = 0;
            for (int i = 0; i < more.size(); i++) {
                total += seconds(own.get(i), more.get(i));
            }
            double needed = best.stream().limit(1).anyMatch(this::isBaseline) && !isBaseline(uncut) ? gain : GAIN;
            if (best.isEmpty() || total < (1 - needed) * least) {
                best = own;
                least = total;
            }
        }
        chosen.addAll(best);
        return chosen;
    }

    private boolean isBaseline(CommChoice choice) {
        return baselines.stream().anyMatch(each -> each.format().equals(choice.format()));
    }

    /** {@return per format a choice to start from: first the baselines, then the best formats} */
    private List<CommChoice> uncutOfEachFormat(List<CommChoice> options) {
        int rows = sizes.getLast();
        List<CommChoice> starts = new ArrayList<>(baselines);
        options.stream()
                .filter(choice -> choice.chunkRows() == CommChoice.UNCUT)
                .sorted(Comparator.comparingDouble(choice -> seconds(choice, rows)))
                .forEach(choice -> {
                    if (starts.stream().noneMatch(start -> start.format().equals(choice.format()))) {
                        starts.add(choice);
                    }
                });
        return starts;
    }

    /** {@return the schedule of one choice per size; where neighbours agree, they are one step} */
    CommSchedule schedule(List<CommChoice> chosen) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            boolean last = i + 1 == chosen.size();
            if (last || !chosen.get(i + 1).equals(chosen.get(i))) {
                steps.add(new Step(last ? Integer.MAX_VALUE : sizes.get(i + 1) - 1, chosen.get(i)));
            }
        }
        return new CommSchedule(steps);
    }

    /** {@return the fastest baseline among the options} */
    CommChoice bestBaseline(int rows, Options options) {
        return fastest(rows, plain(options.of(rows)));
    }

    /** {@return the baselines among the options, or the first of all if there are none} */
    private List<CommChoice> plain(List<CommChoice> options) {
        List<CommChoice> plain = baselines.stream().filter(options::contains).toList();
        return plain.isEmpty() ? baselines.subList(0, 1) : plain;
    }

    private static List<CommChoice> exact(List<CommChoice> plain) {
        return plain.stream()
                .filter(choice -> choice.format().equals(plain.getFirst().format()))
                .toList();
    }

    private CommChoice settled(CommChoice incumbent, int rows, List<CommChoice> options) {
        CommChoice best = fastest(rows, options);
        double needed = best.format().equals(incumbent.format()) ? GAIN_IN_FORMAT : GAIN;
        return seconds(best, rows) <= (1 - needed) * seconds(incumbent, rows) ? best : incumbent;
    }

    private CommChoice fastest(int rows, List<CommChoice> options) {
        return options.stream()
                .min(Comparator.comparingDouble(choice -> seconds(choice, rows)))
                .orElseThrow();
    }

    private double seconds(CommChoice choice, int rows) {
        return seconds.applyAsDouble(choice, rows);
    }
}

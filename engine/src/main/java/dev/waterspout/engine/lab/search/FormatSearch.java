package dev.waterspout.engine.lab.search;

import dev.waterspout.engine.lab.capture.Capture;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Finds the wire formats with which a model exchanges the fewest bits within a budget of perplexity.
 *
 * <ol>
 *   <li>Partials of all exchanges are captured on a text. Of all block formats those on the Pareto front of bits and
 *       mean error of the sums stay.
 *   <li>The perplexity of these formats and of the baselines is measured on another text. The one with the fewest
 *       bits within the budget wins.
 *   <li>Exchanges differ in their sensitivity to errors. Each is compressed alone, to the next coarser format. The
 *       added divergence over the error of its sum is its sensitivity. Divergences are assumed to add up, and to be
 *       proportional to the error's energy. Then choosing a format per exchange is a knapsack problem, solved
 *       greedily by bits saved per divergence added. The resulting mixture is measured like any other candidate. It
 *       wins only if it keeps the budget with fewer bits.
 * </ol>
 */
public final class FormatSearch {
    /**
     * Error energy of a sum at 40 dB. More accurate sums hardly change the perplexity, so finer formats are not
     * tried.
     */
    private static final double NEGLIGIBLE_NOISE = 1e-4;
    /** A mixture that exceeds the budget is tried again with this fraction of its divergence. */
    private static final double RETREAT = 0.85;

    private static final int MIXTURES = 4;

    private final Model model;
    private final SearchSettings settings;
    private final Listener listener;

    /** Receives the progress of the search. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Receives progress.
         *
         * @param what name of the current step
         * @param done finished parts of {@code all}
         * @param all number of parts
         */
        void progress(String what, int done, int all);
    }

    /**
     * @param model stays open
     * @param settings budget and extent of the search
     * @param listener receives the progress
     */
    public FormatSearch(Model model, SearchSettings settings, Listener listener) {
        this.model = model;
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Searches.
     *
     * @param sample the text whose partials are captured
     * @param heldOut the text that perplexity is measured on
     */
    public SearchResult search(TextWindows sample, TextWindows heldOut) {
        int exchanges = 2 * model.config().layers();
        TrialBench bench = new TrialBench(model, heldOut, settings, listener);
        try (Arena arena = Arena.ofShared()) {
            int rows = Math.min(settings.sampleRows(), sample.count() * sample.size());
            PartialSample partials = new PartialSample(
                    exchanges, settings.ranks(), rows, model.config().width(), arena);
            Capture.run(model, sample, settings.ranks(), settings.threads(), partials);
            SumError errors = new SumError(partials, settings.algorithm());
            List<WireFormat> space = FormatSpace.blocks();
            List<WireFormat> front = front(space, errors, heldOut.size());
            List<WireFormat> coarse = spread(front, Math.ceilDiv(2 * settings.candidates(), 3));
            List<Trial> trials = new ArrayList<>(bench.measure("candidates", everywhere(coarse, exchanges)));
            List<WireFormat> fine = spread(between(front, trials), settings.candidates() - coarse.size());
            trials.addAll(bench.measure("candidates near the budget", everywhere(fine, exchanges)));
            Optional<Trial> uniform = best(trials);
            uniform.ifPresent(found -> trials.addAll(mixtures(bench, errors, trials, found)));
            Optional<Trial> winner = best(trials);
            double bits = winner.orElse(trials.getFirst()).bits();
            List<WireFormat> baselines =
                    FormatSpace.baselines(bits, model.config().width());
            return new SearchResult(
                    space.size(), trials, bench.measure("baselines", everywhere(baselines, exchanges)), winner);
        }
    }

    private static List<List<WireFormat>> everywhere(List<WireFormat> formats, int exchanges) {
        return formats.stream()
                .map(format -> Trial.everywhere(format, exchanges))
                .toList();
    }

    private Optional<Trial> best(List<Trial> trials) {
        return trials.stream()
                .filter(trial -> trial.upperPercent() <= settings.budgetPercent())
                .min(Comparator.comparingDouble(Trial::bits));
    }

    /** A format, its bits, and the mean error of its sums. */
    private record Scored(WireFormat format, double bits, double noise) {}

    /** {@return the Pareto front of bits and error of sums, by ascending bits} */
    private List<WireFormat> front(List<WireFormat> space, SumError errors, int rows) {
        List<Scored> scored = new ArrayList<>();
        for (WireFormat format : space) {
            double[] noise = errors.noiseToSignal(format);
            // The geometric mean gives exchanges with large sums no more weight than others.
            double mean = Math.exp(Arrays.stream(noise).map(Math::log).average().orElse(0));
            scored.add(new Scored(
                    format, Trial.bits(List.of(format), rows, model.config().width()), mean));
            listener.progress("errors of sums", scored.size(), space.size());
        }
        scored.sort(Comparator.comparingDouble(Scored::bits).thenComparingDouble(Scored::noise));
        List<WireFormat> front = new ArrayList<>();
        double best = 1; // an error larger than the sum itself is useless
        for (Scored each : scored) {
            if (each.noise < best && best > NEGLIGIBLE_NOISE) {
                best = each.noise;
                front.add(each.format);
            }
        }
        return front;
    }

    /** {@return a number of these at equal distances, both ends included} */
    private static List<WireFormat> spread(List<WireFormat> formats, int most) {
        int count = Math.min(most, formats.size());
        List<WireFormat> some = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            some.add(formats.get((int) Math.round((double) i * (formats.size() - 1) / Math.max(1, count - 1))));
        }
        return some;
    }

    /**
     * {@return the formats that were left out between the coarsest format within the budget and the next coarser one}
     */
    private List<WireFormat> between(List<WireFormat> front, List<Trial> trials) {
        Optional<Trial> within = best(trials);
        int to = within.map(trial -> front.indexOf(trial.common())).orElse(front.size());
        int from = trials.stream()
                .mapToInt(trial -> front.indexOf(trial.common()))
                .filter(index -> index < to)
                .max()
                .orElse(-1);
        return front.subList(from + 1, to);
    }

    private List<Trial> mixtures(TrialBench bench, SumError errors, List<Trial> trials, Trial uniform) {
        List<Trial> levels = Trial.front(trials);
        int own = levels.indexOf(uniform);
        if (own < 1) {
            return List.of(); // no coarser format was measured, or a finer one is better in both
        }
        int exchanges = uniform.formats().size();
        WireFormat coarser = levels.get(own - 1).common();
        double[] noise = errors.noiseToSignal(coarser);
        double[] sensitivity = new double[exchanges];
        List<Trial> alone = bench.measure("exchanges", alone(coarser, exchanges));
        for (int exchange = 0; exchange < exchanges; exchange++) {
            sensitivity[exchange] = alone.get(exchange).divergence().kl().value() / noise[exchange];
        }
        Knapsack knapsack = new Knapsack(
                levels.stream().map(Trial::common).toList(),
                levels.stream().mapToDouble(Trial::bits).toArray(),
                levels.stream()
                        .map(level -> divergences(errors, level.common(), sensitivity))
                        .toArray(double[][]::new));
        // The predicted divergence of the uniform winner, and the rest of the budget.
        double allowed = knapsack.divergence(uniform.common())
                * Math.max(
                        1, settings.budgetPercent() / Math.max(0.1 * settings.budgetPercent(), uniform.upperPercent()));
        List<Trial> found = new ArrayList<>();
        for (int i = 0; i < MIXTURES; i++) {
            List<WireFormat> mixture = knapsack.fill(allowed);
            Trial trial = bench.measure("mixtures", List.of(mixture)).getFirst();
            found.add(trial);
            if (trial.upperPercent() <= settings.budgetPercent() || trial.bits() >= uniform.bits()) {
                break;
            }
            allowed *= RETREAT;
        }
        return found;
    }

    /** {@return for each exchange the formats of a run that compresses only this exchange} */
    private static List<List<WireFormat>> alone(WireFormat format, int exchanges) {
        List<List<WireFormat>> all = new ArrayList<>();
        for (int exchange = 0; exchange < exchanges; exchange++) {
            List<WireFormat> formats = new ArrayList<>(Trial.everywhere(PlainFormat.F32, exchanges));
            formats.set(exchange, format);
            all.add(formats);
        }
        return all;
    }

    private static double[] divergences(SumError errors, WireFormat format, double[] sensitivity) {
        double[] noise = errors.noiseToSignal(format);
        double[] divergences = new double[noise.length];
        Arrays.setAll(divergences, exchange -> sensitivity[exchange] * noise[exchange]);
        return divergences;
    }
}

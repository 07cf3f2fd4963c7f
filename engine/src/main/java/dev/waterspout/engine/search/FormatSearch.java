package dev.waterspout.engine.search;

import dev.waterspout.engine.capture.Capture;
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
 * Finds the formats with which a model's exchange takes fewest bits within a budget of perplexity.
 *
 * <ol>
 *   <li>Partials of all exchanges are taken from the model on a text. Of all block formats those stay that no other beats in
 *       bits and in the mean error of the sums both.
 *   <li>The perplexity of these, and of the baselines, is measured on another text. The fewest bits within the budget win.
 *   <li>Exchanges differ in how much an error in them costs. Each is compressed alone, to the next coarser format; the
 *       divergence that adds, divided by the error of its sum, is its sensitivity. Divergences are taken to add up, and to
 *       grow with the error's energy: then formats per exchange are a knapsack, filled greedily by bits saved per divergence
 *       added. What comes out is measured like any other, and wins only if it holds the budget with fewer bits.
 * </ol>
 */
public final class FormatSearch {
    /** Sums this accurate, 40 dB, change hardly anything that can be measured: what is finer need not be tried. */
    private static final double NEGLIGIBLE_NOISE = 1e-4;
    /** A mixture that breaks the budget is tried again with this part of the divergence allowed. */
    private static final double RETREAT = 0.85;

    private static final int MIXTURES = 4;

    private final Model model;
    private final SearchSettings settings;
    private final Listener listener;

    /** Is told how far the search has come. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Shows progress.
         *
         * @param what is being done
         * @param done of {@code all}
         * @param all when it is finished
         */
        void progress(String what, int done, int all);
    }

    /**
     * @param model stays open
     * @param settings what to look for
     * @param listener is told how far it has come
     */
    public FormatSearch(Model model, SearchSettings settings, Listener listener) {
        this.model = model;
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Searches.
     *
     * @param sample the text that partials are taken from
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

    /** {@return those that no other beats in bits and in the error of sums both, the fewest bits first} */
    private List<WireFormat> front(List<WireFormat> space, SumError errors, int rows) {
        List<Scored> scored = new ArrayList<>();
        for (WireFormat format : space) {
            double[] noise = errors.noiseToSignal(format);
            // The geometric mean: no exchange with a loud sum drowns the others.
            double mean = Math.exp(Arrays.stream(noise).map(Math::log).average().orElse(0));
            scored.add(new Scored(
                    format, Trial.bits(List.of(format), rows, model.config().width()), mean));
            listener.progress("errors of sums", scored.size(), space.size());
        }
        scored.sort(Comparator.comparingDouble(Scored::bits).thenComparingDouble(Scored::noise));
        List<WireFormat> front = new ArrayList<>();
        double best = 1; // what loses more than all is of no use
        for (Scored each : scored) {
            if (each.noise < best && best > NEGLIGIBLE_NOISE) {
                best = each.noise;
                front.add(each.format);
            }
        }
        return front;
    }

    /** {@return so many of these, at equal distances, both ends included} */
    private static List<WireFormat> spread(List<WireFormat> formats, int most) {
        int count = Math.min(most, formats.size());
        List<WireFormat> some = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            some.add(formats.get((int) Math.round((double) i * (formats.size() - 1) / Math.max(1, count - 1))));
        }
        return some;
    }

    /** {@return what was left out between the coarsest format within the budget and the next coarser one} */
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
            return List.of(); // nothing coarser was measured, or something finer is better in both
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
        // What the uniform winner is predicted to add, and the rest of the budget.
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

    /** {@return per exchange the formats with which it alone is compressed} */
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

package dev.waterspout.engine.lab.search;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.RunScore;
import dev.waterspout.engine.perplexity.ScheduleComparison;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntConsumer;

/** Measures the increase of perplexity of several formats at a time against one uncompressed run, on the host. */
final class TrialBench {
    /** Number of runs at a time. Each has its own KV cache and activations. */
    private static final int MOST_RUNS = 12;

    private final Model model;
    private final TextWindows windows;
    private final SearchSettings settings;
    private final FormatSearch.Listener listener;

    TrialBench(Model model, TextWindows windows, SearchSettings settings, FormatSearch.Listener listener) {
        this.model = model;
        this.windows = windows;
        this.settings = settings;
        this.listener = listener;
    }

    /** {@return a trial for each list of formats, one format per exchange} */
    List<Trial> measure(String what, List<List<WireFormat>> assignments) {
        List<Trial> trials = new ArrayList<>();
        int total = Math.ceilDiv(assignments.size(), MOST_RUNS) * windows.count();
        for (int from = 0; from < assignments.size(); from += MOST_RUNS) {
            List<List<WireFormat>> some = assignments.subList(from, Math.min(assignments.size(), from + MOST_RUNS));
            int done = from / MOST_RUNS * windows.count();
            trials.addAll(measure(some, window -> listener.progress(what, done + window, total)));
        }
        return trials;
    }

    private List<Trial> measure(List<List<WireFormat>> assignments, IntConsumer scored) {
        List<CommSchedule> schedules = assignments.stream().map(this::schedule).toList();
        ScheduleComparison comparison = new ScheduleComparison(model, settings.ranks(), settings.threads());
        return trials(assignments, comparison.compare(windows, schedules, scored));
    }

    private CommSchedule schedule(List<WireFormat> formats) {
        Map<Integer, WireFormat> byExchange = new TreeMap<>();
        for (int exchange = 0; exchange < formats.size(); exchange++) {
            byExchange.put(exchange, formats.get(exchange));
        }
        return CommSchedule.fixed(new CommChoice(settings.algorithm(), PlainFormat.F32, CommChoice.UNCUT))
                .withFormats(byExchange);
    }

    private List<Trial> trials(List<List<WireFormat>> assignments, List<RunScore> scores) {
        List<Trial> trials = new ArrayList<>();
        for (int i = 0; i < assignments.size(); i++) {
            trials.add(new Trial(
                    assignments.get(i),
                    Trial.bits(
                            assignments.get(i), windows.size(), model.config().width()),
                    Objects.requireNonNull(scores.get(i + 1).divergence())));
        }
        return trials;
    }
}

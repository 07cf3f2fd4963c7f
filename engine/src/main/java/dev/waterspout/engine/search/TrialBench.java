package dev.waterspout.engine.search;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.RankThreads;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.PerplexityMeter;
import dev.waterspout.engine.perplexity.RunScore;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Measures what formats add to a model's perplexity: several at a time against one uncompressed run, on the host. */
final class TrialBench {
    /** Runs at a time: each has a KV cache and activations of its own. */
    private static final int MOST_RUNS = 12;

    private static final Duration TIMEOUT = Duration.ofMinutes(10);

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

    /** Is told how many windows are done. */
    @FunctionalInterface
    private interface Counter {
        void done(int windows);
    }

    private List<Trial> measure(List<List<WireFormat>> assignments, Counter counter) {
        List<RankGroup> groups = new ArrayList<>();
        try (RankThreads threads = RankThreads.inProcess(settings.ranks(), TIMEOUT)) {
            try {
                groups.add(group(CommSchedule.fixed(PlainFormat.F32), threads, 0));
                for (List<WireFormat> formats : assignments) {
                    groups.add(group(schedule(formats), threads, groups.size()));
                }
                PerplexityMeter meter =
                        new PerplexityMeter(groups, model.config().vocabulary());
                for (int window = 0; window < windows.count(); window++) {
                    meter.score(windows, window);
                    counter.done(window + 1);
                }
                return trials(assignments, meter.scores());
            } finally {
                groups.forEach(RankGroup::close);
            }
        }
    }

    private CommSchedule schedule(List<WireFormat> formats) {
        Map<Integer, WireFormat> byExchange = new TreeMap<>();
        for (int exchange = 0; exchange < formats.size(); exchange++) {
            byExchange.put(exchange, formats.get(exchange));
        }
        return CommSchedule.fixed(new CommChoice(settings.algorithm(), PlainFormat.F32, CommChoice.UNCUT))
                .withFormats(byExchange);
    }

    private RankGroup group(CommSchedule schedule, RankThreads threads, int number) {
        int ranks = settings.ranks();
        int size = windows.size();
        ShardPlan plan = ShardPlan.of(model.config(), model.ffnUnit(), ranks, List.of());
        int logitRows = PerplexityMeter.logitRows(model.config().vocabulary(), size);
        RankOptions options =
                new RankOptions(size, size, Math.max(1, settings.threads() / ranks), schedule, TIMEOUT, logitRows);
        List<ShardFactory> shards = Collections.nCopies(ranks, HostShard.factory(HostKernels.vector()));
        return new RankGroup(model, plan, options, shards, threads, number);
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

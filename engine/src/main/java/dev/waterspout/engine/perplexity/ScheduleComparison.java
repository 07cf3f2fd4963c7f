package dev.waterspout.engine.perplexity;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.RankThreads;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.host.HostKernels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Several ways to exchange partials, on the host, against one uncompressed run of the same plan. Each has activations and a
 * KV cache of its own; the weights are shared.
 *
 * @param model stays open
 * @param ranks that it is divided over, equally
 * @param threads of all ranks together, at least one for each
 */
public record ScheduleComparison(Model model, int ranks, int threads) {
    /** A rank waits while the others compute: no link is involved, and no rank gets lost. */
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    /**
     * Scores a text.
     *
     * @param windows the text
     * @param schedules what to compare
     * @param scored is told how many windows are done
     * @return the uncompressed run's score, then one per schedule
     */
    public List<RunScore> compare(TextWindows windows, List<CommSchedule> schedules, IntConsumer scored) {
        List<RankGroup> groups = new ArrayList<>();
        try (RankThreads rankThreads = RankThreads.inProcess(ranks, TIMEOUT)) {
            try {
                groups.add(group(windows.size(), CommSchedule.fixed(PlainFormat.F32), rankThreads, 0));
                for (CommSchedule schedule : schedules) {
                    groups.add(group(windows.size(), schedule, rankThreads, groups.size()));
                }
                PerplexityMeter meter =
                        new PerplexityMeter(groups, model.config().vocabulary());
                for (int window = 0; window < windows.count(); window++) {
                    meter.score(windows, window);
                    scored.accept(window + 1);
                }
                return meter.scores();
            } finally {
                groups.forEach(RankGroup::close);
            }
        }
    }

    private RankGroup group(int size, CommSchedule schedule, RankThreads rankThreads, int number) {
        ShardPlan plan = ShardPlan.of(model, ranks, List.of());
        int logitRows = PerplexityMeter.logitRows(model.config().vocabulary(), size);
        RankOptions options = new RankOptions(size, size, Math.max(1, threads / ranks), schedule, TIMEOUT, logitRows);
        List<ShardFactory> shards = Collections.nCopies(ranks, HostShard.factory(HostKernels.vector()));
        return new RankGroup(model, plan, options, shards, rankThreads, number);
    }
}

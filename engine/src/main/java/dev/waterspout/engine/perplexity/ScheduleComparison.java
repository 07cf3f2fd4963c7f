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
 * Compares several communication schedules with one uncompressed run of the same plan, on the host. Each schedule has
 * its own activations and KV cache; the weights are shared.
 *
 * @param model stays open
 * @param ranks number of equal shards
 * @param threads threads of all ranks together, at least one for each
 */
public record ScheduleComparison(Model model, int ranks, int threads) {
    /**
     * Deadline of a wait. It is long, since a rank waits while others compute, and threads of a process cannot get
     * lost.
     */
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    /**
     * Scores a text.
     *
     * @param windows the text
     * @param schedules the schedules to compare
     * @param scored receives the number of finished windows
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

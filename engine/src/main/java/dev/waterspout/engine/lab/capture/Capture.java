package dev.waterspout.engine.lab.capture;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.host.HostKernels;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/** Runs a text through a model on the host and passes its partials to a listener. */
public final class Capture {
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private Capture() {}

    /**
     * Runs every window from an empty context.
     *
     * @param model stays open
     * @param windows the text
     * @param ranks number of equal shards of the model
     * @param threads threads of all ranks together
     * @param listener receives every partial of every rank
     */
    public static void run(Model model, TextWindows windows, int ranks, int threads, PartialListener listener) {
        ShardPlan plan = ShardPlan.of(model, ranks, List.of());
        RankOptions options = new RankOptions(
                windows.size(),
                windows.size(),
                Math.max(1, threads / ranks),
                CommSchedule.fixed(PlainFormat.F32),
                TIMEOUT);
        ShardFactory shards = CapturingShard.factory(HostShard.factory(HostKernels.vector()), listener);
        try (RankGroup group = RankGroup.inProcess(model, plan, options, Collections.nCopies(ranks, shards))) {
            for (int window = 0; window < windows.count(); window++) {
                group.forward(windows.tokens(window), 0, false);
            }
        }
    }
}

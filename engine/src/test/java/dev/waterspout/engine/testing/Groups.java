package dev.waterspout.engine.testing;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Groups of ranks, started with one line. */
public final class Groups {
    private Groups() {}

    public static RankGroup start(Model model, int ranks, String comm, HostKernels kernels) {
        int context = Math.min(512, Math.max(64, model.config().contextLength()));
        return start(model, ranks, List.of(), comm, context, context, kernels);
    }

    public static RankGroup start(
            Model model, int ranks, List<Double> split, String comm, int context, int chunk, HostKernels kernels) {
        return start(model, ranks, new Split(split, false), comm, context, chunk, kernels);
    }

    public static RankGroup start(
            Model model, int ranks, Split split, String comm, int context, int chunk, HostKernels kernels) {
        ShardPlan plan = ShardPlan.of(model, ranks, split);
        RankOptions options =
                new RankOptions(context, chunk, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofSeconds(30));
        return RankGroup.inProcess(model, plan, options, Collections.nCopies(ranks, HostShard.factory(kernels)));
    }

    /** Runs all tokens from an empty context in chunks and returns the last one's logits. */
    public static float[] logits(RankGroup group, int... tokens) {
        for (int from = 0; from < tokens.length; from += group.chunk()) {
            int to = Math.min(tokens.length, from + group.chunk());
            group.forward(Arrays.copyOfRange(tokens, from, to), from, to == tokens.length);
        }
        return group.logits().toArray(ValueLayout.JAVA_FLOAT);
    }
}

package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.cli.options.Session;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import java.util.List;

/** All that {@code --stats} tells of a run. */
public record RunSummary(
        Model model,
        ShardPlan plan,
        List<String> devices,
        Session session,
        RankOptions options,
        SamplingParameters sampling,
        double loadSeconds,
        GenerationReport report) {}

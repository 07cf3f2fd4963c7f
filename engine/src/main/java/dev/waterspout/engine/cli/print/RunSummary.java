package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import java.util.List;

/**
 * The content of {@code --stats} for a run.
 *
 * @param running the model
 * @param devices devices of all ranks, as readable text
 * @param sampling sampling parameters
 * @param loadSeconds time from the start of the command until the model was loaded
 * @param report statistics of the generation
 */
public record RunSummary(
        LanguageModel running,
        List<String> devices,
        SamplingParameters sampling,
        double loadSeconds,
        GenerationReport report) {
    Model model() {
        return running.deployment().model();
    }

    ShardPlan plan() {
        return running.deployment().plan();
    }

    RankOptions options() {
        return running.deployment().options();
    }
}

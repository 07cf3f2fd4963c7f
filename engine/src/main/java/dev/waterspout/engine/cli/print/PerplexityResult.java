package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.api.Deployment;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.perplexity.RunScore;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.plan.ShardPlan;
import java.nio.file.Path;
import java.util.List;

/**
 * The result of {@code perplexity}.
 *
 * @param deployment the model that predicted, and how it ran
 * @param file the text file
 * @param text the windows that were scored
 * @param scores scores of the run that was asked for, and before it of the one it was compared with, if any
 */
public record PerplexityResult(Deployment deployment, Path file, TextWindows text, List<RunScore> scores) {
    /** {@return the model's file, without its folder} */
    String modelName() {
        return String.valueOf(Path.of(deployment.model().file().name()).getFileName());
    }

    ShardPlan plan() {
        return deployment.plan();
    }

    List<String> devices() {
        return deployment.devices();
    }

    RankOptions options() {
        return deployment.options();
    }

    RunScore score() {
        return scores.getLast();
    }
}

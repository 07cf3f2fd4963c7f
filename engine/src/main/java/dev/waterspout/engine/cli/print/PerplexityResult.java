package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.RunScore;
import dev.waterspout.engine.perplexity.TextWindows;
import dev.waterspout.engine.plan.ShardPlan;
import java.nio.file.Path;
import java.util.List;

/**
 * All that {@code perplexity} tells.
 *
 * @param model that predicted
 * @param file with the text
 * @param plan of the ranks
 * @param devices of all ranks
 * @param options of the run that was asked for
 * @param text the windows that were scored
 * @param scores of the run that was asked for, and before it of the one it was compared with, if any
 */
public record PerplexityResult(
        Model model,
        Path file,
        ShardPlan plan,
        List<String> devices,
        RankOptions options,
        TextWindows text,
        List<RunScore> scores) {
    /** {@return the model's file, without its folder} */
    String modelName() {
        return String.valueOf(Path.of(model.file().name()).getFileName());
    }

    RunScore score() {
        return scores.getLast();
    }
}

package dev.waterspout.engine.perplexity;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.HostKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/** Scores of models on texts. */
final class Scores {
    /** Default number of tokens in a window. */
    private static final int SIZE = 256;

    private Scores() {}

    static RunScore of(Path file, Path text, int first, int windows, int ranks, HostKernels kernels)
            throws IOException {
        return of(file, text, first, windows, ranks, kernels, options(SIZE, ranks));
    }

    /** Scores one window on one rank. */
    static RunScore window(Path file, Path text, int size, HostKernels kernels) throws IOException {
        return of(file, text, 0, 1, 1, kernels, options(size, 1));
    }

    private static RankOptions options(int size, int ranks) {
        return new RankOptions(
                size,
                size,
                Math.max(1, 2 / ranks),
                CommSchedule.fixed(PlainFormat.F32),
                Duration.ofMinutes(2),
                size / 2);
    }

    /** Scores token by token, as in decode. */
    static RunScore decoded(Path model, Path text, int first, int windows, Activations activations) throws IOException {
        RankOptions options = new RankOptions(SIZE, 1, 2, CommSchedule.fixed(PlainFormat.F32), Duration.ofMinutes(2))
                .withActivations(activations);
        return of(model, text, first, windows, 1, HostKernels.vector(), options);
    }

    private static RunScore of(
            Path file, Path text, int first, int windows, int ranks, HostKernels kernels, RankOptions options)
            throws IOException {
        String content = Files.readString(text);
        try (Model model = new Model(GgufFile.open(file));
                RankGroup group = group(model, ranks, kernels, options)) {
            TextWindows part = TextWindows.of(model.tokenizer(), content, options.context())
                    .part(first, windows);
            PerplexityMeter meter =
                    new PerplexityMeter(List.of(group), model.config().vocabulary());
            for (int window = 0; window < part.count(); window++) {
                meter.score(part, window);
            }
            return meter.scores().getFirst();
        }
    }

    private static RankGroup group(Model model, int ranks, HostKernels kernels, RankOptions options) {
        return RankGroup.inProcess(
                model,
                ShardPlan.of(model, ranks, List.of()),
                options,
                Collections.nCopies(ranks, HostShard.factory(kernels)));
    }
}

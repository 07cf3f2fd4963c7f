package dev.waterspout.engine.bench;

import dev.waterspout.engine.generate.GenerationExtent;
import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.Sampler;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Runs workloads through the generation loop of all commands: prefill of random tokens, and decode that takes the
 * likeliest token and continues past the end of a text.
 */
public final class WorkloadRunner {
    private static final long SEED = 20260101;

    private final Generator generator;
    private final Workload workload;
    private final int[] tokens;
    private final boolean generates;

    /**
     * @param model the model; tokens are drawn from its vocabulary
     * @param group ranks that run it, with enough positions
     * @param workload the workload
     */
    public WorkloadRunner(Model model, RankGroup group, Workload workload) {
        this.generator = new Generator(model.tokenizer(), group);
        this.workload = workload;
        this.generates = workload.generate() > 0;
        Vocabulary vocabulary = model.tokenizer().vocabulary();
        this.tokens = new SplittableRandom(SEED)
                .ints(workload.depth() + Math.max(1, workload.prompt()), 0, vocabulary.size())
                .toArray();
        if (vocabulary.bos().isPresent()) {
            tokens[0] = vocabulary.bos().getAsInt();
        }
    }

    /** Fills the context up to the workload's depth. The context keeps these tokens from run to run. */
    public void fill() {
        if (workload.depth() > 0) {
            var _ = generate(Arrays.copyOf(tokens, workload.depth()), 0, 0);
        }
    }

    /** Runs the workload once and returns its duration in nanoseconds. */
    public long run() {
        GenerationReport report = generate(tokens, workload.depth(), generates ? workload.generate() + 1 : 0);
        double seconds = (workload.prompt() > 0 ? report.prefill().seconds() : 0)
                + (generates ? report.decode().seconds() : 0);
        return Math.round(seconds * 1e9);
    }

    /** The last requested token is sampled but goes through no forward pass. */
    private GenerationReport generate(int[] prompt, int reuse, int predict) {
        GenerationExtent extent = new GenerationExtent(reuse, predict, true);
        return generator.generate(prompt, extent, new Sampler(SamplingParameters.greedy()), piece -> {});
    }
}

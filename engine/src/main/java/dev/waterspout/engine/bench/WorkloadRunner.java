package dev.waterspout.engine.bench;

import dev.waterspout.engine.generate.Generation;
import dev.waterspout.engine.generate.GenerationExtent;
import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.Sampler;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Runs workloads through the generation loop of all commands: prefill of random tokens, and decode that takes the
 * likeliest token and continues past the end of a text.
 */
public final class WorkloadRunner {
    private static final long SEED = 20260101;

    private final Generator generator;
    private final Workload workload;
    /** Of every sequence. */
    private final List<int[]> tokens;

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
        this.tokens = IntStream.range(0, workload.sequences())
                .mapToObj(sequence -> tokens(vocabulary, sequence))
                .toList();
    }

    private int[] tokens(Vocabulary vocabulary, int sequence) {
        int[] drawn = new SplittableRandom(SEED + sequence)
                .ints(workload.depth() + Math.max(1, workload.prompt()), 0, vocabulary.size())
                .toArray();
        vocabulary.bos().ifPresent(bos -> drawn[0] = bos);
        return drawn;
    }

    /** Fills the cache up to the workload's depth. It keeps these tokens from run to run. */
    public void fill() {
        if (workload.depth() > 0) {
            for (int[] each : tokens) {
                var _ = generate(Arrays.copyOf(each, workload.depth()), new GenerationExtent(0, 0, true));
            }
        }
    }

    /** Runs the workload once and returns its duration in nanoseconds. */
    public long run() {
        // The last requested token is sampled but goes through no forward pass.
        int predict = generates ? workload.generate() + 1 : 0;
        GenerationExtent extent = new GenerationExtent(workload.depth(), predict, true);
        return workload.sequences() == 1 ? runOne(extent) : runAll(extent);
    }

    private long runOne(GenerationExtent extent) {
        GenerationReport report = generate(tokens.getFirst(), extent);
        double seconds = (workload.prompt() > 0 ? report.prefill().seconds() : 0)
                + (generates ? report.decode().seconds() : 0);
        return Math.round(seconds * 1e9);
    }

    /**
     * Without prefill, the time from the first tokens, which one pass gives all sequences, to the last; else the time
     * from the beginning to the end.
     */
    private long runAll(GenerationExtent extent) {
        List<Generation> generations = tokens.stream()
                .map(each -> generator.begin(each, extent, new Sampler(SamplingParameters.greedy())))
                .toList();
        long start = System.nanoTime();
        generator.beginTogether(generations);
        double decode = 0;
        for (Generation generation : generations) {
            while (!generation.ended()) {
                generation.advance();
            }
            GenerationReport report = generation.report();
            decode = Math.max(decode, report.decode().seconds());
            int computed = Math.max(1, workload.prompt());
            if (report.prefill().tokens() != computed) {
                throw new IllegalStateException("prefill of " + report.prefill().tokens() + " tokens in place of "
                        + computed + ": the cache has lost those before them");
            }
        }
        return workload.prompt() == 0 ? Math.round(decode * 1e9) : System.nanoTime() - start;
    }

    private GenerationReport generate(int[] prompt, GenerationExtent extent) {
        return generator.generate(prompt, extent, new Sampler(SamplingParameters.greedy()), piece -> {});
    }
}

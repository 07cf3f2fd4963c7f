package dev.waterspout.benchmarks.overlap;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Events;
import dev.waterspout.engine.api.Exchange;
import dev.waterspout.engine.api.Formats;
import dev.waterspout.engine.api.Host;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Ranks;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.bench.Workload;
import dev.waterspout.engine.bench.WorkloadRunner;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.CacheType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * One rank of a comparison of prefill with {@code --overlap on} and {@code off}, which alternate in the same processes.
 * Rank 0 prints a row per prompt length: medians of both, and the median of the ratios of neighbouring runs.
 */
public final class OverlapBenchmark {
    private static final int WARM_UP = 2;

    private final int rounds;

    private OverlapBenchmark(int rounds) {
        this.rounds = rounds;
    }

    /**
     * Runs under a launcher such as mpirun.
     *
     * @param arguments model file, wire format, prompt lengths separated by commas, rounds, threads of a rank, and
     *     names of devices separated by commas, {@code host} if none are given
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 5 && arguments.length != 6) {
            throw new IllegalArgumentException(
                    arguments.length + " arguments; they are MODEL FORMAT PROMPTS ROUNDS THREADS [DEVICES]");
        }
        String devices = arguments.length == 6 ? arguments[5] : "host";
        int[] prompts = Arrays.stream(arguments[2].split(","))
                .mapToInt(Integer::parseInt)
                .toArray();
        int longest = Arrays.stream(prompts).max().orElseThrow();
        Exchange exchange = Exchange.DEFAULT.withFormats(new Formats.Fixed(WireFormat.parse(arguments[1])));
        Options options = new Options(
                new Ranks(
                        0,
                        List.of(devices.split(",")),
                        List.of(),
                        false,
                        Ranks.Attention.SHARDED,
                        UnaryOperator.identity()),
                exchange,
                new Host(Integer.parseInt(arguments[4]), 512, Host.DEFAULT.activations(), true),
                new Context(longest + 1, CacheType.F32, 1, 1, 0));
        try (Session session = Session.join(options, Events.NONE);
                Model model = Waterspout.open(Optional.of(Path.of(arguments[0])))) {
            try (LanguageModel whole = load(session, model, options, Overlap.OFF);
                    LanguageModel parts = load(session, model, options, Overlap.ON)) {
                if (!session.leads()) {
                    whole.follow();
                    return;
                }
                OverlapBenchmark benchmark = new OverlapBenchmark(Integer.parseInt(arguments[3]));
                for (int prompt : prompts) {
                    benchmark.measure(model, prompt, whole.group(), parts.group());
                }
                whole.dismiss();
            } catch (Throwable failure) {
                session.abort(failure);
                throw failure;
            }
        }
    }

    private static LanguageModel load(Session session, Model model, Options options, Overlap overlap) {
        Exchange exchange = options.exchange().withOverlap(overlap);
        return session.start(session.prepare(model, options.withExchange(exchange), Map.of()));
    }

    private void measure(Model model, int prompt, RankGroup... groups) {
        List<WorkloadRunner> runners = new ArrayList<>();
        for (RankGroup group : groups) {
            runners.add(new WorkloadRunner(model, group, new Workload(prompt, 0, 0)));
        }
        double[][] seconds = new double[2][rounds];
        double[] ratios = new double[rounds];
        List<RankWork> before = List.of();
        for (int round = -WARM_UP; round < rounds; round++) {
            if (round == 0) {
                before = groups[0].work();
            }
            for (int way = 0; way < 2; way++) {
                double spent = runners.get(way).run() / 1e9;
                if (round >= 0) {
                    seconds[way][round] = spent;
                }
            }
            if (round >= 0) {
                ratios[round] = seconds[1][round] / seconds[0][round];
            }
        }
        RankWork whole = groups[0].work().getFirst();
        double compute = (whole.computeNanos() - before.getFirst().computeNanos()) / 1e9 / rounds;
        double transfer = whole.exchange().minus(before.getFirst().exchange()).transferNanos() / 1e9 / rounds;
        System.out.printf(
                Locale.ROOT,
                "prompt %d: off %.1f ms (compute %.1f, transfer %.1f), on %.1f ms, ratio %.3f (%.3f to %.3f)%n",
                prompt,
                1e3 * median(seconds[0]),
                1e3 * compute,
                1e3 * transfer,
                1e3 * median(seconds[1]),
                median(ratios),
                Arrays.stream(ratios).min().orElseThrow(),
                Arrays.stream(ratios).max().orElseThrow());
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}

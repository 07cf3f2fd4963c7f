package dev.waterspout.engine.cli;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Deployment;
import dev.waterspout.engine.api.Host;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.bench.Samples;
import dev.waterspout.engine.bench.SyntheticModel;
import dev.waterspout.engine.bench.Workload;
import dev.waterspout.engine.bench.WorkloadCost;
import dev.waterspout.engine.bench.WorkloadRunner;
import dev.waterspout.engine.cli.options.BenchOptions;
import dev.waterspout.engine.cli.options.CommOptions;
import dev.waterspout.engine.cli.options.PlanOptions;
import dev.waterspout.engine.cli.options.ProfileOptions;
import dev.waterspout.engine.cli.print.BenchFormat;
import dev.waterspout.engine.cli.print.BenchProgress;
import dev.waterspout.engine.cli.print.BenchRow;
import dev.waterspout.engine.cli.print.ConsoleEvents;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.HostDevice;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.kernels.parallel.WorkerPool;
import dev.waterspout.kernels.probe.HostCeiling;
import dev.waterspout.kernels.probe.HostProbe;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Measures the speed of prefill and decode and compares it with the machine's limits. Options and output follow
 * llama-bench. Also writes models of random weights.
 */
@Command(
        name = "bench",
        description = "Measures the speed of prefill and decode and compares it with the machine's limits, like"
                + " llama-bench.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchCommand implements Callable<Integer> {
    private static final String HOST = "host";
    /**
     * Shortest warm-up, because the JVM compiles a test's code while it runs: after one short run, compilation would
     * fall into the timed runs.
     */
    private static final long LEAST_WARM_UP_NANOS = 3_000_000_000L;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-m", "--model"},
            split = ",",
            paramLabel = "FILE",
            description = "GGUF model files; without it, the embedded model (3.7M parameters).")
    private List<Path> models = List.of();

    @Mixin
    private BenchOptions bench = new BenchOptions();

    @Mixin
    private PlanOptions planOptions = new PlanOptions();

    @Mixin
    private CommOptions commOptions = new CommOptions();

    @Mixin
    private ProfileOptions profile = new ProfileOptions();

    @Option(
            names = "--make-model",
            paramLabel = "SHAPE[@LAYERS]:TYPE",
            description = "Write a model of random weights to FILE instead: the shape of a published model, such as"
                    + " llama-110m, tinyllama-1.1b, qwen3-30b-a3b or gpt-oss-20b, optionally another number of"
                    + " layers, and a tensor type, such as q8_0 or q4_k. The message for an unknown shape"
                    + " lists all.")
    private @Nullable String made;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "GGUF file that --make-model writes.")
    private @Nullable Path file;

    /**
     * The conditions of a measurement of the host's ceilings: the number of threads, and the models, of which the
     * largest gives the weights.
     */
    private record Probed(int threads, List<Path> models) {}

    private static final Map<Probed, HostCeiling> CEILINGS = new ConcurrentHashMap<>();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (made != null) {
            makeModel(made, err);
            return ExitCode.OK;
        }
        if (file != null) {
            throw new IllegalArgumentException("file '" + file + "' without --make-model; models are given with -m");
        }
        List<Optional<Path>> paths = models.isEmpty()
                ? List.of(Optional.empty())
                : models.stream().map(Optional::of).toList();
        int tests = paths.size()
                * bench.settings(HostDevice.cores()).size()
                * bench.workloads().size();
        bench.repetitions();
        profile.prepare();
        Options options = planOptions.options(commOptions.exchange(true), Host.DEFAULT, err);
        try (Session session = Session.join(options, new ConsoleEvents(err, commOptions.explains()))) {
            profile.start(session);
            BenchFormat.Printer printer = bench.format().printer(out);
            BenchProgress progress = new BenchProgress(tests, err);
            for (Optional<Path> path : paths) {
                try (Model model = Waterspout.open(path)) {
                    measure(session, model, options, printer, progress);
                } catch (Throwable failure) {
                    session.abort(failure);
                    throw failure;
                }
            }
            if (session.leads()) {
                printer.finish();
            }
            profile.write("bench", session.devices().stream().map(Device::name).toList(), err);
        }
        return ExitCode.OK;
    }

    private void makeModel(String name, PrintWriter err) throws IOException {
        if (file == null) {
            throw new IllegalArgumentException("--make-model " + name + " without a file to write");
        }
        long start = System.nanoTime();
        SyntheticModel.parse(name).write(file);
        err.printf(
                Locale.ROOT,
                "%s: %.2f GB in %.1f s%n",
                file,
                Files.size(file) / 1e9,
                (System.nanoTime() - start) / 1e9);
    }

    /** Runs all tests of a model: it is loaded once for every combination of threads and batch. */
    private void measure(
            Session session, Model model, Options options, BenchFormat.Printer printer, BenchProgress progress)
            throws IOException {
        int needed =
                bench.workloads().stream().mapToInt(Workload::positions).max().orElseThrow();
        Context context = planOptions.contextOr(needed);
        if (context.positions() < needed) {
            throw new IllegalArgumentException(
                    "context size " + context.positions() + "; the tests need " + needed + " positions");
        }
        for (BenchOptions.Setting setting : bench.settings(HostDevice.cores())) {
            Options own = options.withContext(bench.context(context))
                    .withHost(new Host(
                            setting.threads(), setting.batch(), planOptions.activations(), planOptions.machineCode()));
            Deployment deployment = session.prepare(model, own, bench.facts());
            try (LanguageModel running = session.start(deployment)) {
                if (!running.leads()) {
                    running.follow();
                    continue;
                }
                RankOptions common = deployment.options();
                BenchRow.Setup setup = new BenchRow.Setup(
                        deployment.devices(), session.transport(), common.threads() * session.localRanks(), common);
                HostCeiling ceiling = ceiling(session, setup);
                for (Workload workload : bench.workloads()) {
                    WorkloadRunner runner = new WorkloadRunner(model, running.group(), workload);
                    Samples samples = time(runner, workload, setup, progress);
                    WorkloadCost cost = WorkloadCost.of(
                            model, deployment.plan(), running.group().chunk(), workload);
                    printer.print(new BenchRow(
                            BenchRow.ModelFacts.of(model), setup, workload, samples, cost, ceiling, Instant.now()));
                }
                running.dismiss();
            }
        }
    }

    private Samples time(WorkloadRunner runner, Workload workload, BenchRow.Setup setup, BenchProgress progress) {
        progress.begin(workload.label() + ", " + setup.label() + ", " + setup.threads() + " threads");
        profile.keep(false);
        progress.step("filling the context");
        runner.fill();
        for (long warm = 0; bench.warmsUp() && warm < LEAST_WARM_UP_NANOS; ) {
            progress.step("warm-up");
            warm += runner.run();
        }
        profile.keep(true);
        List<Long> nanos = new ArrayList<>();
        for (int run = 1; run <= bench.repetitions(); run++) {
            progress.step("run " + run + " of " + bench.repetitions());
            nanos.add(runner.run());
        }
        progress.end();
        return new Samples(workload.tokens(), nanos);
    }

    /**
     * The machine's limits, measured once in a process for every number of threads, with the weights of the largest
     * model, so that they are the same in all rows. Measured only if all ranks compute on this host.
     */
    private @Nullable HostCeiling ceiling(Session session, BenchRow.Setup setup) throws IOException {
        if (session.threads().distributed() || !setup.devices().stream().allMatch(HOST::equals)) {
            return null;
        }
        Probed probed = new Probed(setup.threads(), List.copyOf(models));
        HostCeiling known = CEILINGS.get(probed);
        if (known != null) {
            return known;
        }
        try (Arena arena = Arena.ofShared();
                WorkerPool pool = new WorkerPool(setup.threads(), "probe")) {
            HostCeiling measured = HostProbe.measure(pool, largest(arena));
            CEILINGS.put(probed, measured);
            return measured;
        }
    }

    private MemorySegment largest(Arena arena) throws IOException {
        MemorySegment largest = MemorySegment.NULL;
        for (Path path : models) {
            try (FileChannel channel = FileChannel.open(path)) {
                if (channel.size() > largest.byteSize()) {
                    largest = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
                }
            }
        }
        return largest;
    }
}

package dev.waterspout.engine.cli;

import dev.waterspout.engine.api.Exchange;
import dev.waterspout.engine.api.Formats;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.cli.file.KernelChoiceFile;
import dev.waterspout.engine.cli.options.DurationConverter;
import dev.waterspout.engine.cli.options.HostOptions;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.options.PlanOptions;
import dev.waterspout.engine.cli.options.WireFormatConverter;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.Progress;
import dev.waterspout.engine.cli.print.TuneTable;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.tornado.KernelGroup;
import dev.waterspout.engine.tornado.TunableDevice;
import dev.waterspout.engine.tornado.TuneCases;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.tune.TuneCase;
import dev.waterspout.kernels.device.tune.TuneResult;
import dev.waterspout.kernels.probe.DeviceCeiling;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code tune}: times the implementations of a model's kernels on a device, and stores the fastest. */
@Command(
        name = "tune",
        description = "Times the implementations of a model's kernels on a TornadoVM device, and stores the fastest"
                + " for later runs.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TuneCommand implements Callable<Integer> {
    private static final String EMULATOR = "emulator:";

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelOptions modelOptions = new ModelOptions();

    @Mixin
    private PlanOptions planOptions = new PlanOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    @Option(
            names = "--kernels",
            split = ",",
            paramLabel = "mx|linear|attention",
            description = "Kernels to tune (default: all; mx only with several ranks).")
    private List<KernelGroup> kernels = List.of();

    @Option(
            names = "--comm",
            paramLabel = "FORMAT",
            defaultValue = "e2m1:32:e8m0",
            converter = WireFormatConverter.class,
            description = "Wire format of partials, for the mx kernels: bf16 or <element>[:block[:scale]] (default:"
                    + " ${DEFAULT-VALUE}).")
    private WireFormat format = PlainFormat.BF16;

    @Option(
            names = "--budget",
            paramLabel = "TIME",
            defaultValue = "60s",
            converter = DurationConverter.class,
            description = "Time for all trials on a device, such as 60s or 5m (default: ${DEFAULT-VALUE}).")
    private Duration budget = Duration.ofSeconds(60);

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Optional<Path> file = planOptions.kernelChoices().file();
        Options asked = new Options(
                planOptions.untuned(),
                Exchange.DEFAULT.withFormats(new Formats.Fixed(format)),
                hostOptions.host(planOptions.activations(), planOptions.machineCode()),
                planOptions.context());
        int ranks = asked.ranks().inProcess();
        List<Device> devices = new DeviceCatalog().assign(asked.ranks().devices(), ranks);
        try (Model model = modelOptions.load()) {
            ShardPlan plan = asked.plan(model, ranks);
            RankOptions options = Session.rankOptions(model, asked, ranks, ranks, LinkCost.NONE);
            Map<String, List<Shard>> shards = new LinkedHashMap<>();
            plan.shards()
                    .forEach(shard -> shards.computeIfAbsent(
                                    devices.get(shard.rank()).name(), _ -> new ArrayList<>())
                            .add(shard));
            KernelChoiceFile kept = planOptions.kernelChoices().readForUpdate(err);
            for (Map.Entry<String, List<Shard>> each : shards.entrySet()) {
                Device device = devices.get(each.getValue().getFirst().rank());
                TunableDevice tunable = TunableDevice.of(device.shards())
                        .orElseThrow(() -> new IllegalArgumentException("device " + device.name()
                                + " has no kernels to tune; --device takes those of TornadoVM, as"
                                + " 'devices' lists them"));
                List<TuneCase> cases = TuneCases.of(
                        model, each.getValue(), Math.max(2, ranks), options, format, groups(ranks), tunable);
                List<TuneResult> results = tune(device, tunable, cases, out, err);
                kept = kept.with(KernelChoiceFile.tuned(tunable.identity(), results, Instant.now()));
                if (file.isPresent()) {
                    kept.write(file.get());
                    out.println("kept in " + file.get() + " for "
                            + tunable.identity().label());
                }
            }
        }
        return ExitCode.OK;
    }

    private Set<KernelGroup> groups(int ranks) {
        if (!kernels.isEmpty()) {
            return EnumSet.copyOf(kernels);
        }
        return ranks > 1 ? EnumSet.allOf(KernelGroup.class) : EnumSet.complementOf(EnumSet.of(KernelGroup.MX));
    }

    private List<TuneResult> tune(
            Device device, TunableDevice tunable, List<TuneCase> cases, PrintWriter out, PrintWriter err) {
        out.println(device.name() + ": " + device.details());
        // The emulator is for tests; its speed is meaningless.
        DeviceCeiling ceiling = device.name().startsWith(EMULATOR) ? null : tunable.ceiling();
        if (ceiling != null) {
            out.printf(
                    Locale.ROOT,
                    "limits by its own kernels: %.1f GB/s read, %.1f GFLOP/s%n",
                    ceiling.readBytesPerSecond() / 1e9,
                    ceiling.flopsPerSecond() / 1e9);
        }
        out.flush();
        Progress progress = new Progress("tuning " + device.name(), cases.size() + " kernels", err);
        List<TuneResult> results =
                tunable.tune(cases, planOptions.activations(), budget, (done, all, next) -> progress.show(done, all));
        out.println();
        new TuneTable(ceiling).print(results, out);
        out.println();
        for (TuneResult result : results) {
            result.rejected()
                    .forEach(each ->
                            out.println("not used: " + result.tuned().shape().label() + " by '"
                                    + each.choice().label() + "': " + each.why()));
        }
        return results;
    }
}

package dev.waterspout.engine.cli.lab;

import dev.waterspout.engine.bench.ModelShape;
import dev.waterspout.engine.bench.SyntheticModel;
import dev.waterspout.engine.cli.options.MachineOptions;
import dev.waterspout.engine.cli.options.WireFormatConverter;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.cli.print.PlanReport;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.lab.predict.Predictor;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.engine.plan.WeightBlocks;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.DefaultSchedule;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code lab plan}: predicts time to first token and decode speed on given devices and links. */
@Command(
        name = "plan",
        description = "Predicts the times of computation, codec and transfer for a model on given devices, and the"
                + " bandwidth below which compression is faster.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class PlanCommand implements Callable<Integer> {
    private static final String AUTO = "auto";

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-m", "--model"},
            required = true,
            paramLabel = "SHAPE|FILE",
            description = "A shape of bench --make-model, such as llama-3-8b, or a GGUF file.")
    private String model = "";

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            defaultValue = "bf16",
            description = "Tensor type of a shape's weights; ignored for a file (default: ${DEFAULT-VALUE}).")
    private String type = "";

    @Option(
            names = {"--ranks", "-tp", "--tensor-parallel-size"},
            paramLabel = "N",
            defaultValue = "2",
            description = "Number of devices (default: ${DEFAULT-VALUE}).")
    private int ranks;

    @Option(
            names = {"-ts", "--tensor-split"},
            split = ",",
            paramLabel = "SHARE",
            description = "Relative share of every rank (default: equal).")
    private List<Double> shares = List.of();

    @Option(
            names = "--attention",
            paramLabel = "sharded|replicated",
            defaultValue = "sharded",
            description = "Heads divided among ranks, or all heads on every rank, with one exchange per layer"
                    + " instead of two (default: ${DEFAULT-VALUE}).")
    private AttentionPlan attention = AttentionPlan.SHARDED;

    @Option(
            names = "--overlap",
            paramLabel = "off|on|auto",
            defaultValue = "off",
            description = "Whether parts of a pass are computed while the partials of others travel; auto takes the"
                    + " faster way (default: ${DEFAULT-VALUE}).")
    private Overlap overlap = Overlap.OFF;

    @Mixin
    private MachineOptions machineOptions = new MachineOptions();

    @Option(
            names = "--comm",
            split = ",",
            paramLabel = "FORMAT",
            defaultValue = "f32,bf16,q8_0,e2m1:32:e8m0",
            converter = WireFormatConverter.class,
            description = "Wire formats to compare (default: ${DEFAULT-VALUE}).")
    private List<WireFormat> formats = List.of();

    @Option(
            names = "--collective",
            paramLabel = "auto|allgather|twostep",
            defaultValue = AUTO,
            description = "Collective; auto compares both (default: ${DEFAULT-VALUE}).")
    private String collective = AUTO;

    @Option(
            names = "--prompt",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
    private int prompt;

    @Option(
            names = {"-n", "--predict"},
            paramLabel = "N",
            defaultValue = "128",
            description = "Number of generated tokens; decode is predicted for the middle one (default:"
                    + " ${DEFAULT-VALUE}).")
    private int predict;

    @Option(
            names = {"-b", "--batch-size"},
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of the prompt in one forward pass (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            defaultValue = "text",
            description = "Output format (default: ${DEFAULT-VALUE}).")
    private PlanReport.Format output = PlanReport.Format.TEXT;

    /** The ranks that compute attention. */
    private enum AttentionPlan {
        SHARDED,
        REPLICATED
    }

    /** The model to predict: a shape and its tensor type. */
    private record Subject(ModelConfig config, double bytesPerWeight, WeightBlocks blocks) {}

    @Override
    public Integer call() throws IOException {
        if (prompt < 1 || predict < 0 || batch < 1) {
            throw new IllegalArgumentException("a prompt of " + prompt + " tokens, " + predict + " after it, passes of "
                    + batch + "; they must be at least 1, 0 and 1");
        }
        Subject subject = subject();
        ModelConfig config = subject.config();
        Split split = new Split(shares, false, attention == AttentionPlan.REPLICATED);
        ShardPlan plan = ShardPlan.of(config, subject.blocks(), ranks, split);
        Predictor predictor =
                new Predictor(config, subject.bytesPerWeight(), plan, machineOptions.machine(ranks, formats));
        List<CommChoice> choices = choices(config.width());
        PlanReport report = new PlanReport(config, ranks, prompt, predict, batch, overlap);
        report.compare(predictor, choices);
        report.print(output, Objects.requireNonNull(spec).commandLine().getOut());
        return ExitCode.OK;
    }

    private List<CommChoice> choices(int width) {
        List<Algorithm> algorithms = Arrays.stream(Algorithm.values())
                .filter(each ->
                        collective.equalsIgnoreCase(AUTO) || each.label().equalsIgnoreCase(collective))
                .toList();
        if (algorithms.isEmpty()) {
            throw new IllegalArgumentException("collective '" + collective + "' is not auto, allgather or twostep");
        }
        List<CommChoice> choices = new ArrayList<>();
        for (WireFormat format : formats) {
            for (Algorithm algorithm : algorithms) {
                choices.add(new CommChoice(algorithm, format, CommChoice.UNCUT));
                if (format.rowsIndependent()) {
                    choices.add(new CommChoice(
                            algorithm, format, DefaultSchedule.chunkRows(format, width, LinkCost.USUAL)));
                }
            }
        }
        return choices;
    }

    private Subject subject() throws IOException {
        Path file = Path.of(model);
        if (Files.exists(file)) {
            try (Model opened = new Model(GgufFile.open(file))) {
                return new Subject(opened.config(), Predictor.bytesPerWeight(opened), WeightBlocks.of(opened));
            }
        }
        ModelShape shape = ModelShape.of(model);
        GgmlType weights = SyntheticModel.type(type.toLowerCase(Locale.ROOT));
        return new Subject(
                shape.config(),
                (double) weights.blockBytes() / weights.blockElements(),
                new WeightBlocks(weights.blockElements(), weights.blockElements()));
    }
}

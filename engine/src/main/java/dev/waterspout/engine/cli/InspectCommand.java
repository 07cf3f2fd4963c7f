package dev.waterspout.engine.cli;

import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.cli.options.CommOptions;
import dev.waterspout.engine.cli.options.HostOptions;
import dev.waterspout.engine.cli.options.ModelOptions;
import dev.waterspout.engine.cli.options.PlanOptions;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.forward.RankMemory;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.gguf.Printable;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code inspect}: prints the content of a model file, and the memory that a plan needs. */
@Command(
        name = "inspect",
        description = "Prints a GGUF file's metadata and tensors, the numbers of ranks that the model runs on or every"
                + " reason why it does not run, and the memory that each rank of a plan needs.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class InspectCommand implements Callable<Integer> {
    private static final Pattern LAYER = Pattern.compile("blk\\.\\d+\\.");

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelOptions modelOptions = new ModelOptions();

    @Mixin
    private CommOptions commOptions = new CommOptions();

    @Mixin
    private PlanOptions planOptions = new PlanOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        try (GgufFile file = modelOptions.open()) {
            printFile(file, out);
            List<String> problems = Model.problems(file);
            if (!problems.isEmpty()) {
                printProblems(problems, out);
                return ExitCode.MODEL_OR_FILE;
            }
            Model model = new Model(file);
            printRuns(model, out);
            printPlan(model, out);
        }
        return ExitCode.OK;
    }

    private static void printFile(GgufFile file, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s: GGUF v%d, %d bytes%s%n%nmetadata (%d)%n",
                Printable.line(file.name()),
                file.version(),
                file.fileBytes(),
                file.parts() == 1 ? "" : " in " + file.parts() + " files",
                file.metadata().keys().size());
        for (String key : file.metadata().keys()) {
            out.printf(
                    "  %s = %s%n",
                    Printable.line(key),
                    file.metadata().value(key).orElseThrow().render());
        }
        out.printf("%ntensors (%d)%n", file.tensors().size());
        for (GgufTensor tensor : file.tensors()) {
            out.printf(
                    Locale.ROOT,
                    "  %-32s %-6s %-16s %12d bytes at %d%n",
                    Printable.line(tensor.name()),
                    tensor.type(),
                    tensor.shape(),
                    tensor.bytes(),
                    tensor.offset());
        }
        out.flush();
    }

    /** Prints every kind of reason once, because a reason often applies to all layers. */
    private static void printProblems(List<String> problems, PrintWriter out) {
        Map<String, List<String>> kinds = problems.stream()
                .collect(Collectors.groupingBy(
                        problem -> LAYER.matcher(problem).replaceAll("blk.*."),
                        LinkedHashMap::new,
                        Collectors.toList()));
        out.printf("%ndoes not run here, for %d reason%s%n", kinds.size(), kinds.size() == 1 ? "" : "s");
        kinds.values().forEach(alike -> {
            String others = alike.size() == 1 ? "" : " (and " + (alike.size() - 1) + " more of other layers)";
            out.println("  " + alike.getFirst() + others);
        });
        out.flush();
    }

    /** Prints the numbers of ranks that the model runs on, and the memory of the largest rank. */
    private void printRuns(Model model, PrintWriter out) {
        Split split = asked().ranks().split();
        int most = ShardPlan.mostRanks(model, split);
        int context = options(model, 1).context();
        out.printf(
                "%nruns on 1%s rank%s; memory of the largest, with %d positions%n",
                most == 1 ? "" : " to " + most, most == 1 ? "" : "s", context);
        for (int ranks = 1; ranks <= most; ranks = ranks == most ? most + 1 : Math.min(2 * ranks, most)) {
            Split equal = new Split(List.of(), split.wholeExperts(), split.wholeAttention());
            ShardPlan plan = ShardPlan.of(model, ranks, equal);
            RankOptions options = options(model, ranks);
            long bytes = plan.shards().stream()
                    .mapToLong(shard ->
                            RankMemory.of(model, shard, plan.ranks(), options).total())
                    .max()
                    .orElseThrow();
            out.printf("  %4d  %12s MB%n", ranks, megabytes(bytes));
        }
    }

    private Options asked() {
        return new Options(
                planOptions.untuned(),
                commOptions.exchange(false),
                hostOptions.host(planOptions.activations(), planOptions.machineCode()),
                planOptions.context());
    }

    private RankOptions options(Model model, int ranks) {
        return Session.rankOptions(model, asked(), ranks, ranks, LinkCost.NONE);
    }

    private void printPlan(Model model, PrintWriter out) {
        int ranks = planOptions.untuned().inProcess();
        ShardPlan plan = asked().plan(model, ranks);
        RankOptions options = options(model, ranks);
        int context = options.context();
        out.printf(
                "%nplan: %d ranks, %d positions, chunks of %d tokens, %s%n",
                plan.ranks(), context, options.chunk(), options.schedule().choice(options.chunk()));
        out.printf(
                "  %4s  %12s  %10s  %14s  %16s  %11s  %11s  %11s  %11s  %11s%n",
                "rank",
                "heads",
                "KV heads",
                "FFN columns",
                "vocabulary",
                "weights MB",
                "KV cache MB",
                "buffers MB",
                "frames MB",
                "total MB");
        for (Shard shard : plan.shards()) {
            RankMemory memory = RankMemory.of(model, shard, plan.ranks(), options);
            out.printf(
                    "  %4d  %12s  %10s  %14s  %16s  %11s  %11s  %11s  %11s  %11s%n",
                    shard.rank(),
                    text(shard.heads()),
                    text(shard.kvHeads()),
                    text(shard.ffn()),
                    text(shard.vocabulary()),
                    megabytes(memory.weights()),
                    megabytes(memory.cache()),
                    megabytes(memory.activations()),
                    megabytes(memory.frames()),
                    megabytes(memory.total()));
        }
        printDecoded(model, plan, out);
    }

    /** Prints the weights that need more memory than in the file, because the plan divides their blocks. */
    private static void printDecoded(Model model, ShardPlan plan, PrintWriter out) {
        String names = ShardWeights.decoded(model, plan).stream()
                .map(role -> role.name(0).replace("blk.0.", "blk.*."))
                .collect(Collectors.joining(", "));
        if (!names.isEmpty()) {
            out.printf("  decoded to F32, because the plan divides blocks of weights: %s%n", names);
        }
        if (model.isTransposed(TensorRole.ATTN_K_B, 0)) {
            out.println("  decoded to F32, because the file has it transposed: the part of blk.*.attn_kv_b.weight that"
                    + " makes keys");
        }
    }

    private static String text(Span span) {
        return span.size() == 0 ? "none" : span.from() + "-" + (span.to() - 1);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f", bytes / 1e6);
    }
}

package dev.waterspout.engine.cli;

import dev.waterspout.engine.forward.RankMemory;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.gguf.Printable;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints what is in a model file, and what a plan for it needs. */
@Command(
        name = "inspect",
        description = "Prints a model's metadata and tensors, and the memory that each rank of a plan needs.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class InspectCommand implements Callable<Integer> {
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
            // A file of another kind of model is still worth looking at: its plan is what fails, after the listing.
            Model model = new Model(file);
            printPlan(model, out);
        }
        return ExitCode.OK;
    }

    private static void printFile(GgufFile file, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s: GGUF v%d, %d bytes%n%nmetadata (%d)%n",
                Printable.line(file.name()),
                file.version(),
                file.fileBytes(),
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

    private void printPlan(Model model, PrintWriter out) {
        ShardPlan plan = planOptions.plan(model, planOptions.ranks());
        int context = planOptions.context(model);
        RankOptions options = planOptions.precise(hostOptions.rankOptions(
                plan.ranks(),
                context,
                commOptions.schedule(plan.ranks(), model.config().width(), LinkCost.NONE),
                Duration.ofSeconds(1)));
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
    }

    private static String text(Span span) {
        return span.from() + "-" + (span.to() - 1);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f", bytes / 1e6);
    }
}

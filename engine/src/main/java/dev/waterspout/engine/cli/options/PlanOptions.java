package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Exchange;
import dev.waterspout.engine.api.Host;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Ranks;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.CacheType;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of ranks: their devices, and the division of the model among them. */
public final class PlanOptions {
    @Option(
            names = "--device",
            split = ",",
            paramLabel = "DEVICE",
            description =
                    "Devices of the ranks: one for all, or one per rank (default: the GPUs that TornadoVM lists, else"
                            + " host).")
    private List<String> devices = List.of();

    @Option(
            names = {"-tp", "--tensor-parallel-size"},
            paramLabel = "N",
            description = "Number of ranks (default: as many as devices).")
    private int ranks;

    @Option(
            names = {"-ts", "--tensor-split"},
            split = ",",
            paramLabel = "SHARE",
            description = "Relative share of every rank, such as 3,1 (default: equal).")
    private List<Double> shares = List.of();

    @Option(
            names = "--expert-parallel",
            description = "Give each rank whole experts, instead of some columns of every expert.")
    private boolean expertParallel;

    @Option(
            names = "--attention",
            paramLabel = "sharded|replicated|auto",
            defaultValue = "sharded",
            description =
                    "Divide the heads among ranks, or compute all heads on every rank, with one exchange per layer"
                            + " instead of two, on the host only; auto tries both (default: ${DEFAULT-VALUE}).")
    private Ranks.Attention attention = Ranks.Attention.SHARDED;

    @Option(
            names = {"-c", "--ctx", "--ctx-size"},
            paramLabel = "N",
            description = "Positions of a sequence (default: the model's context length, at most "
                    + Context.DEFAULT_POSITIONS + ").")
    private int contextSize;

    @Option(
            names = "--cache-type",
            paramLabel = "f32|f16|q8_0",
            defaultValue = "f32",
            description = "Element type of the KV cache (default: ${DEFAULT-VALUE}).")
    private CacheType cacheType = CacheType.F32;

    @Option(
            names = "--activations",
            paramLabel = "f32|int8",
            defaultValue = "int8",
            description = "Inputs of matrix products: f32, or rounded to int8 where weights are quantized, too "
                    + "(default: ${DEFAULT-VALUE}).")
    private Activations activations = Activations.INT8;

    @Option(
            names = "--no-machine-code",
            description = "Compute with the JVM's Vector API, without micro-kernels in machine code.")
    private boolean noMachineCode;

    @Mixin
    private KernelChoiceOptions kernelChoices = new KernelChoiceOptions();

    /**
     * Returns the division of the model, over tuned devices.
     *
     * @param err receives lines about tuned kernels
     */
    public Ranks ranks(PrintWriter err) {
        return new Ranks(ranks, devices, shares, expertParallel, attention, found -> kernelChoices.apply(found, err));
    }

    /** Returns the division of the model, over devices with default kernels. */
    public Ranks untuned() {
        return new Ranks(ranks, devices, shares, expertParallel, attention, UnaryOperator.identity());
    }

    /** Returns the options that name the file of kernel choices. */
    public KernelChoiceOptions kernelChoices() {
        return kernelChoices;
    }

    /** Returns the context of these options. */
    public Context context() {
        return new Context(contextSize, cacheType, 1, 1, 0);
    }

    /**
     * Returns the context of these options, for a command with its own default.
     *
     * @param positions default number of positions in the KV cache
     */
    public Context contextOr(int positions) {
        Context asked = context();
        return asked.positions() > 0 ? asked : asked.withPositions(positions);
    }

    /** Returns the precision of the inputs of matrix products on the host. */
    public Activations activations() {
        return activations;
    }

    /** Returns whether matrix products on the host use machine code where they can. */
    public boolean machineCode() {
        return !noMachineCode;
    }

    /**
     * Returns the options of the run.
     *
     * @param exchange wire formats, collective and time limit of the exchange
     * @param host threads and precision of the ranks on this machine
     * @param err receives lines about tuned kernels
     */
    public Options options(Exchange exchange, Host host, PrintWriter err) {
        return new Options(ranks(err), exchange, host, context());
    }
}

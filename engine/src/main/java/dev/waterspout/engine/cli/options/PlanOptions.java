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

/** How the model is divided, and over what. */
public final class PlanOptions {
    @Option(
            names = "--device",
            split = ",",
            paramLabel = "DEVICE",
            description = "Devices of the ranks: one for all, or one per rank (default: host).")
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
            description = "Deals experts out whole, instead of some columns of every expert to each rank.")
    private boolean expertParallel;

    @Option(
            names = "--attention",
            paramLabel = "sharded|replicated|auto",
            defaultValue = "sharded",
            description =
                    "Divides the heads among ranks, or lets every rank compute all of them, which takes one exchange a"
                            + " layer in place of two, on the host only; auto tries both (default: ${DEFAULT-VALUE}).")
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
            description = "How keys and values are kept; f16 and q8_0 on the host only (default: ${DEFAULT-VALUE}).")
    private CacheType cacheType = CacheType.F32;

    @Option(
            names = "--activations",
            paramLabel = "f32|int8",
            defaultValue = "int8",
            description =
                    "Inputs of matrix products on the host: f32, or rounded to int8 where weights are quantized, too "
                            + "(default: ${DEFAULT-VALUE}).")
    private Activations activations = Activations.INT8;

    @Option(
            names = "--no-machine-code",
            description = "Compute with the JVM's Vector API alone, without the micro-kernels in machine code.")
    private boolean noMachineCode;

    @Mixin
    private KernelChoiceOptions kernelChoices = new KernelChoiceOptions();

    /**
     * Returns how the model is divided, over tuned devices.
     *
     * @param err receives lines about kernels that run as tuned
     */
    public Ranks ranks(PrintWriter err) {
        return new Ranks(ranks, devices, shares, expertParallel, attention, found -> kernelChoices.apply(found, err));
    }

    /** Returns how the model is divided, over devices whose kernels run as the kind of device suggests. */
    public Ranks untuned() {
        return new Ranks(ranks, devices, shares, expertParallel, attention, UnaryOperator.identity());
    }

    /** Returns the options that name the file of kernel choices. */
    public KernelChoiceOptions kernelChoices() {
        return kernelChoices;
    }

    /** Returns what the model is to remember. */
    public Context context() {
        return new Context(contextSize, cacheType, 1, 1, 0);
    }

    /**
     * Returns what the model is to remember, for a command with a default of its own.
     *
     * @param positions default number of positions in the KV cache
     */
    public Context contextOr(int positions) {
        Context asked = context();
        return asked.positions() > 0 ? asked : asked.withPositions(positions);
    }

    /** Returns how precise the inputs of matrix products on the host are. */
    public Activations activations() {
        return activations;
    }

    /** Returns whether matrix products on the host use machine code where they can. */
    public boolean machineCode() {
        return !noMachineCode;
    }

    /**
     * Returns how a model is to run.
     *
     * @param exchange wire formats, collective and time limit of the exchange
     * @param host threads and precision of the ranks on this machine
     * @param err receives lines about kernels that run as tuned
     */
    public Options options(Exchange exchange, Host host, PrintWriter err) {
        return new Options(ranks(err), exchange, host, context());
    }
}

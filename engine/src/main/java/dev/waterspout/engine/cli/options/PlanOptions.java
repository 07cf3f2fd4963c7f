package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.CacheType;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How the model is divided, and over what. */
public final class PlanOptions {
    private static final int DEFAULT_CONTEXT = 4096;

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
            names = {"-c", "--ctx", "--ctx-size"},
            paramLabel = "N",
            description =
                    "Positions in the KV cache (default: the model's context length, at most " + DEFAULT_CONTEXT + ").")
    private int contextSize;

    @Option(
            names = "--cache-type",
            paramLabel = "f32|f16",
            defaultValue = "f32",
            description = "How keys and values are kept; f16 on the host only (default: ${DEFAULT-VALUE}).")
    private CacheType cacheType = CacheType.F32;

    @Option(
            names = "--activations",
            paramLabel = "f32|int8",
            defaultValue = "int8",
            description = "Inputs of matrix products on the host: f32, or rounded to int8 where that is faster "
                    + "(decode with Q8_0 and Q4_0 weights on 512-bit vectors; default: ${DEFAULT-VALUE}).")
    private Activations activations = Activations.INT8;

    @Mixin
    private KernelProfileOptions kernelProfile = new KernelProfileOptions();

    /** Returns the number of ranks where one process has them all. */
    public int ranks() {
        return ranks > 0 ? ranks : Math.max(1, Math.max(devices.size(), shares.size()));
    }

    /** Returns the number of ranks, given how many processes were started together; 0 for one by itself. */
    int ranks(int processes) {
        if (processes == 0) {
            return ranks();
        }
        if (ranks > 0 && ranks != processes) {
            throw new IllegalArgumentException(
                    "tensor-parallel size " + ranks + " for " + processes + " processes; they must be as many");
        }
        return processes;
    }

    /** The devices of all ranks, without what is known of their kernels. */
    public List<Device> untunedDevices(int ranks) {
        return new DeviceCatalog().assign(devices, ranks);
    }

    /**
     * The devices of all ranks; their kernels run as was found best.
     *
     * @param err receives lines about that
     */
    List<Device> devices(int ranks, PrintWriter err) {
        return kernelProfile.apply(untunedDevices(ranks), err);
    }

    /** Where winners are kept. */
    public KernelProfileOptions kernelProfile() {
        return kernelProfile;
    }

    /** The device of this process's one rank: the list is dealt out to the ranks of each host. */
    List<Device> localDevice(int localRank, int localRanks, PrintWriter err) {
        if (devices.size() > 1 && devices.size() < localRanks) {
            throw new IllegalArgumentException(devices.size() + " devices for " + localRanks
                    + " ranks on one host; give one, or one per rank of a host");
        }
        int needed = Math.max(devices.size(), localRanks);
        return kernelProfile.apply(List.of(untunedDevices(needed).get(localRank)), err);
    }

    /** Returns options whose numbers are as precise as asked for. */
    public RankOptions precise(RankOptions options) {
        return options.withCacheType(cacheType).withActivations(activations);
    }

    /** What all processes of a group must agree on. */
    public String describe() {
        return "tensor-parallel size " + ranks + ", tensor split " + shares + ", context size " + contextSize
                + ", cache type " + cacheType + ", activations " + activations;
    }

    /**
     * Divides a model.
     *
     * @param model what is divided
     * @param ranks into how many shards
     */
    public ShardPlan plan(Model model, int ranks) {
        if (this.ranks < 0) {
            throw new IllegalArgumentException("tensor-parallel size " + this.ranks + "; it must be at least 1");
        }
        return ShardPlan.of(model, ranks, shares);
    }

    /** Positions in the KV cache. */
    public int context(Model model) {
        int trained = model.config().contextLength();
        return contextOr(trained > 0 ? Math.min(trained, DEFAULT_CONTEXT) : DEFAULT_CONTEXT);
    }

    /** Positions in the KV cache, for a command with a default of its own. */
    public int contextOr(int other) {
        if (contextSize < 0) {
            throw new IllegalArgumentException("context size " + contextSize + "; it must be at least 1");
        }
        return contextSize > 0 ? contextSize : other;
    }
}

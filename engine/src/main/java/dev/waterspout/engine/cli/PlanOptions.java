package dev.waterspout.engine.cli;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import picocli.CommandLine.Option;

/** How the model is divided, over what, and what the parts send each other. */
final class PlanOptions {
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
            names = {"-c", "--ctx-size"},
            paramLabel = "N",
            description =
                    "Positions in the KV cache (default: the model's context length, at most " + DEFAULT_CONTEXT + ").")
    private int contextSize;

    @Option(
            names = "--comm",
            paramLabel = "FORMAT",
            defaultValue = "f32",
            converter = WireFormatConverter.class,
            description = "What ranks send each other: f32, bf16 or <element>[:block[:scale]], such as e2m1:32:e8m0"
                    + " (default: ${DEFAULT-VALUE}).")
    private WireFormat format = PlainFormat.F32;

    /** What partials travel as. */
    WireFormat format() {
        return format;
    }

    int ranks() {
        return ranks > 0 ? ranks : Math.max(1, Math.max(devices.size(), shares.size()));
    }

    List<Device> devices() {
        return new DeviceCatalog().assign(devices, ranks());
    }

    ShardPlan plan(Model model) {
        if (ranks < 0) {
            throw new IllegalArgumentException("tensor-parallel size " + ranks + "; it must be at least 1");
        }
        return ShardPlan.of(model.config(), model.ffnUnit(), ranks(), shares);
    }

    /** Positions in the KV cache. */
    int context(Model model) {
        if (contextSize < 0) {
            throw new IllegalArgumentException("context size " + contextSize + "; it must be at least 1");
        }
        int trained = model.config().contextLength();
        return contextSize > 0 ? contextSize : trained > 0 ? Math.min(trained, DEFAULT_CONTEXT) : DEFAULT_CONTEXT;
    }
}

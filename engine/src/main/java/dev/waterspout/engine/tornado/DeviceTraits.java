package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.model.Architecture;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.engine.model.Temperature;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.host.GateFunction;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** The features of a model's layers that TornadoVM devices have kernels for. */
final class DeviceTraits {
    private DeviceTraits() {}

    /**
     * Checks a model.
     *
     * @param device name of the device on the command line
     * @param model the model to run
     * @throws DeviceException if the model has a feature without a kernel; the message names it
     */
    static void require(String device, Model model) {
        missing(model).entrySet().stream()
                .filter(Map.Entry::getValue)
                .findFirst()
                .ifPresent(trait -> {
                    throw new DeviceException("device " + device + " has no kernel for " + trait.getKey()
                            + ", which architecture '"
                            + model.config().architecture().ggufName() + "' needs; the host has all");
                });
    }

    /**
     * Checks a shard.
     *
     * @param device name of the device on the command line
     * @param shard the shard to run on the device
     * @throws DeviceException if the device would have to compute attention of all heads beside other ranks
     */
    static void requireDividedAttention(String device, Shard shard) {
        if (shard.wholeAttention()) {
            throw new DeviceException("device " + device
                    + " does not compute replicated attention; --attention sharded, or the host, does without");
        }
    }

    /** The features without a kernel, and whether the model needs each. */
    private static Map<String, Boolean> missing(Model model) {
        ModelConfig config = model.config();
        Architecture architecture = config.architecture();
        Map<String, Boolean> missing = new LinkedHashMap<>();
        missing.put("clamped SwiGLU", architecture.gate() == GateFunction.SWIGLU_CLAMPED);
        missing.put("norms of all heads together", architecture.hasWideNorms());
        missing.put("latent attention", config.latent() != null);
        missing.put("mixtures of experts", config.experts() != null);
        missing.put("queries that grow with the position", !config.temperature().equals(Temperature.NONE));
        missing.put(
                "layers without any rotary embedding in the model",
                config.ropes().isEmpty());
        missing.put(
                "rotary embeddings of different numbers of dimensions",
                config.ropes().stream()
                                .mapToInt(RopeConfig::dimensions)
                                .distinct()
                                .count()
                        > 1);
        missing.put("attention sinks", has(model, TensorRole.ATTN_SINKS));
        return missing;
    }

    private static boolean has(Model model, TensorRole role) {
        return IntStream.range(0, model.config().layers()).anyMatch(layer -> model.has(role, layer));
    }
}

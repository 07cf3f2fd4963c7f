package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.LayerTraits;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.engine.model.Temperature;
import dev.waterspout.engine.plan.Shard;
import java.util.LinkedHashMap;
import java.util.Map;

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
        Map<String, Boolean> missing = new LinkedHashMap<>();
        Experts experts = config.experts();
        missing.put("latent attention", config.latent() != null);
        missing.put(
                "experts in some layers only",
                experts != null && !config.traits().stream().allMatch(LayerTraits::experts));
        missing.put("groups of experts", experts != null && experts.usedGroups() < experts.groups());
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
        return missing;
    }
}

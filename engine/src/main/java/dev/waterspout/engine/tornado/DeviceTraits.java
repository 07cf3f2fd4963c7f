package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.plan.Shard;

/** Refuses models and shards that TornadoVM devices do not support. */
final class DeviceTraits {
    private DeviceTraits() {}

    /**
     * Checks a shard.
     *
     * @param device name of the device on the command line
     * @param shard the shard to run on the device
     * @throws DeviceException if the shard has replicated attention: every rank computes all heads
     */
    static void requireDividedAttention(String device, Shard shard) {
        if (shard.wholeAttention()) {
            throw new DeviceException(
                    "device " + device + " does not support replicated attention; use --attention sharded or the host");
        }
    }
}

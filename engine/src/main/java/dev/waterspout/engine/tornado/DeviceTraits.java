package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.plan.Shard;

/** What TornadoVM devices do not compute. */
final class DeviceTraits {
    private DeviceTraits() {}

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
}

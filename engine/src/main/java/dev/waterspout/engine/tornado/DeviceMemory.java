package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankMemory;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import java.util.Locale;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** Whether a shard fits a device, found out before anything is allocated. */
final class DeviceMemory {
    private DeviceMemory() {}

    /**
     * Checks a shard.
     *
     * @throws DeviceException if the device has less memory than the shard needs; names both
     */
    static void require(String name, TornadoDevice device, Model model, Shard shard, RankOptions options) {
        long needed = RankMemory.of(model, shard, 1, options).total()
                + model.embedding().data().byteSize();
        long available = device.getMaxGlobalMemory();
        if (needed > available) {
            throw new DeviceException(String.format(
                    Locale.ROOT,
                    "rank %d needs %.2f MB on device %s, which has %.2f MB",
                    shard.rank(),
                    needed / 1e6,
                    name,
                    available / 1e6));
        }
    }
}

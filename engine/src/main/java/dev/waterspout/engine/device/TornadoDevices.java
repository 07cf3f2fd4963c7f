package dev.waterspout.engine.device;

import dev.waterspout.engine.tornado.TornadoShard;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The devices that TornadoVM lists. Without an SDK its API is that of this project's emulator, whose devices are for
 * tests and are never a default.
 */
final class TornadoDevices {
    private TornadoDevices() {}

    static List<Device> list() {
        // The SDK's API is a named module; the emulator lies on the class path.
        boolean emulated = !FloatArray.class.getModule().isNamed();
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        List<Device> devices = new ArrayList<>();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            String prefix = emulated
                    ? "emulator:"
                    : "tornado:" + backend.getBackendType().name().toLowerCase(Locale.ROOT) + ":";
            for (int d = 0; d < backend.getNumDevices(); d++) {
                devices.add(device(prefix + d, backend.getDevice(d), emulated));
            }
        }
        return devices;
    }

    private static Device device(String name, TornadoDevice device, boolean emulated) {
        String details = String.format(
                Locale.ROOT,
                "%s, %s, %.1f GB, groups of up to %d items, %d KB of local memory",
                device.getDeviceType(),
                device.getPhysicalDevice().getDeviceName(),
                device.getMaxGlobalMemory() / 1e9,
                device.getPhysicalDevice().getDeviceMaxWorkGroupSize()[0],
                device.getDeviceLocalMemorySize() >> 10);
        boolean accelerator = !emulated && device.getDeviceType() == TornadoDeviceType.GPU;
        return new Device(
                name, details, accelerator, TornadoShard.factory(name, device), new CodecDevice(name, device));
    }
}

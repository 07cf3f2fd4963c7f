package dev.waterspout.engine.device;

import dev.waterspout.engine.environment.NativeOutput;
import dev.waterspout.engine.tornado.TornadoShard;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
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
    private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");
    private static final Pattern LEVEL = Pattern.compile("^\\s*\\[[A-Z]+]\\s*");

    private static final String NO_DEVICES = "TornadoVM has no devices here: its platforms have none";

    private TornadoDevices() {}

    /**
     * TornadoVM's list of devices.
     *
     * @param devices the devices; none if TornadoVM cannot start
     * @param problem one sentence with the reason why there are none; an SDK without a driver cannot start
     */
    record Listing(List<Device> devices, Optional<String> problem) {
        /** Copies the list. */
        Listing {
            devices = List.copyOf(devices);
        }
    }

    /** Lists the devices of this machine. What native code prints about missing drivers is dropped. */
    static Listing list() {
        return NativeOutput.dropped(() -> list(TornadoRuntimeProvider::getTornadoRuntime));
    }

    /**
     * Lists the devices of a runtime.
     *
     * @param start returns the runtime, or fails as TornadoVM does: with errors as often as with exceptions
     */
    static Listing list(Supplier<TornadoRuntime> start) {
        try {
            List<Device> found = devices(start.get());
            return new Listing(found, found.isEmpty() ? Optional.of(NO_DEVICES) : Optional.empty());
        } catch (VirtualMachineError fatal) {
            throw fatal;
        } catch (RuntimeException | LinkageError failure) {
            return new Listing(List.of(), Optional.of("TornadoVM has no devices here: " + sentence(failure)));
        }
    }

    /** {@return the first sentence of the first cause, without colours and level} */
    private static String sentence(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        if (message == null) {
            return cause.getClass().getSimpleName();
        }
        String plain = LEVEL.matcher(COLOUR.matcher(message).replaceAll("")).replaceAll("");
        return plain.lines().findFirst().orElse("").replaceFirst("\\.(\\s.*)?$", "");
    }

    private static List<Device> devices(TornadoRuntime runtime) {
        // The SDK's API is a named module; the emulator lies on the class path.
        boolean emulated = !FloatArray.class.getModule().isNamed();
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

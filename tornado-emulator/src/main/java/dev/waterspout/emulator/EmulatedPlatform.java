package dev.waterspout.emulator;

import java.util.List;
import uk.ac.manchester.tornado.api.TornadoRuntime;

/**
 * The emulated devices of this JVM. The default is a CPU and a GPU. The TornadoVM API lists the devices under the
 * backend {@code emulator}, of type {@code JAVA}, because the JVM runs their kernels.
 */
public final class EmulatedPlatform {
    private static final List<DeviceSpec> DEFAULT = List.of(DeviceSpec.cpu(), DeviceSpec.gpu());

    private static volatile EmulatedRuntime runtime = new EmulatedRuntime(DEFAULT);

    private EmulatedPlatform() {}

    /** Replaces all devices. Existing plans keep their devices. */
    public static void configure(DeviceSpec... devices) {
        if (devices.length == 0) {
            throw new IllegalArgumentException("number of devices is 0, must be at least 1");
        }
        runtime = new EmulatedRuntime(List.of(devices));
    }

    /** Replaces all devices by the default ones, a CPU and a GPU. */
    public static void reset() {
        runtime = new EmulatedRuntime(DEFAULT);
    }

    /** The device at an index. */
    public static EmulatedDevice device(int index) {
        return runtime.device(index);
    }

    /** Returns a runtime with the current list of devices. */
    public static TornadoRuntime runtime() {
        return runtime;
    }
}

package dev.waterspout.kernels.peer;

import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The devices that the runtime lists. */
final class RuntimeDevices {
    private RuntimeDevices() {}

    /** {@return whether an SDK is running, rather than the emulator} */
    static boolean areReal() {
        return FloatArray.class.getModule().isNamed();
    }

    static List<TornadoDevice> all() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        List<TornadoDevice> devices = new ArrayList<>();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            for (int d = 0; d < backend.getNumDevices(); d++) {
                devices.add(backend.getDevice(d));
            }
        }
        return devices;
    }
}

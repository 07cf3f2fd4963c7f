package uk.ac.manchester.tornado.api;

import java.util.List;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A backend and its devices. */
public interface TornadoBackend {
    /** The first device. */
    TornadoDevice getDefaultDevice();

    /** The number of devices. */
    int getNumDevices();

    /** The device at an index. */
    TornadoDevice getDevice(int index);

    /** All devices, by index. */
    List<TornadoDevice> getAllDevices();

    /** The kind of the first device. */
    TornadoDeviceType getTypeDefaultDevice();

    /** The backend's name. */
    String getName();

    /** The number of platforms. */
    int getNumPlatforms();

    /** The backend's type. */
    TornadoVMBackendType getBackendType();
}

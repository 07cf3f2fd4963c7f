package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** All backends. */
public interface TornadoRuntime {
    /** The backend at an index. */
    TornadoBackend getBackend(int index);

    /** The type of the backend at an index. */
    TornadoVMBackendType getBackendType(int index);

    /** The number of backends. */
    int getNumBackends();

    /** The default device of the default backend. */
    TornadoDevice getDefaultDevice();
}
